# SPDX-License-Identifier: Apache-2.0
"""Reads what the kernel traced of a save helper, and tells its times and calls.

    speed.py take TRACE WHAT HELPER KIND DIRECTION IO_FD >>FIGURES     one run, as a line of JSON
    speed.py table FIGURES                                            all runs, medians and spread

TRACE is the text of ftrace with system calls entered and left, stamped with CLOCK_MONOTONIC. The first execve in it is that of
the helper. All times are in milliseconds.
"""

import json
import re
import statistics
import sys

READS, WRITES, IOCTL, EXECVE = (0, 19), (1, 20), 16, 59  # readv and writev besides
IOCTL_HYPERCALL, IOCTL_MMAPBATCH = (0x305000, 0x305001), (0x205003, 0x205004)
BATCH = 1 << 20  # more than any record but one of pages; a batch of pages has 4 MiB

# What ours may take of the time of Xen's helper. In a save libxl has the guest suspended almost from the beginning, so that "downtime"
# is all of it there.
GOALS = {"rest": 1.2, ("live", "downtime"): 1.1}
ROUNDS = 5

LINE = re.compile(
    r"^\s*.*-(\d+)\s+\[\d+\].*?\s(\d+)\.(\d+): (?:sys_(enter): NR (-?\d+) \(([^)]*)\)|sys_exit: NR (-?\d+) = (-?\d+))"
)


def calls(trace):
    """(number, arguments, result, when it began, when it ended) of each system call, as they ended, from the execve on; times
    in microseconds. Calls that had not ended have no result."""
    open_calls, started, lost = {}, False, False
    for line in open(trace, errors="replace"):
        lost = lost or "LOST" in line
        match = LINE.match(line)
        if not match:
            continue
        thread, at = match[1], int(match[2]) * 1000000 + int(match[3])
        if match[4]:
            number = int(match[5])
            started = started or number == EXECVE
            if started:
                open_calls[thread] = (number, [int(word, 16) for word in match[6].split(", ")], at)
        elif thread in open_calls and open_calls[thread][0] == int(match[7]):
            number, arguments, begun = open_calls.pop(thread)
            yield number, arguments, int(match[8]), begun, at
    for number, arguments, begun in open_calls.values():
        yield number, arguments, None, begun, begun
    if lost:
        sys.exit(f"{trace}: the kernel's buffer was too small, there are holes in it")


def take(trace, what, helper, kind, direction, io):
    io = int(io)
    done = list(calls(trace))
    begun = min(call[3] for call in done)
    ended = max(call[4] for call in done)
    moved, first, last, sent = 0, None, None, 0
    replies = []
    for number, arguments, result, _, at in done:
        if result is None or result <= 0:
            continue
        moves = WRITES if direction == "save" else READS
        if number in moves and arguments[0] == io:
            moved += result
            last = at
            sent += 1
            if first is None and moved > BATCH:
                first = at
        if number in READS and arguments[0] == 0:
            replies.append(at)
    figures = {
        "what": what,
        "helper": helper,
        "kind": kind,
        "octets": moved,
        "all": (ended - begun) / 1000,
        "start": (first - begun) / 1000,
        "rest": (ended - first) / 1000,
        "calls": len(done),
        "callsOfRest": sum(1 for call in done if call[3] > first),
        "hypercalls": sum(1 for call in done if call[0] == IOCTL and call[1][1] in IOCTL_HYPERCALL),
        "mappings": sum(1 for call in done if call[0] == IOCTL and call[1][1] in IOCTL_MMAPBATCH),
        "transfers": sent,
    }
    if direction == "save":
        # Of a PV guest libxl answers to suspend and complete; of others to both switches of the device model's log besides,
        # the one before, the other behind.
        if len(replies) not in (2, 4):
            sys.exit(f"{trace}: libxl answered {len(replies)} times")
        figures["downtime"] = (last - replies[len(replies) // 2 - 1]) / 1000
    print(json.dumps(figures))


def table(path):
    """Ends with 1 where a ratio is above its goal, or was measured less often than wanted."""
    reached = True
    runs = [json.loads(line) for line in open(path)]
    names = ["all", "start", "rest", "downtime", "calls", "callsOfRest", "hypercalls", "mappings", "transfers", "octets"]
    for what, kind in dict.fromkeys((run["what"], run["kind"]) for run in runs):
        of = {h: [run for run in runs if (run["what"], run["kind"], run["helper"]) == (what, kind, h)] for h in ("c", "java")}
        print(f"{what} {kind}: {len(of['c'])} runs by c, {len(of['java'])} by java; median (least to most)")
        for name in names:
            cells = []
            middles = []
            for h in ("c", "java"):
                values = [run[name] for run in of[h] if name in run]
                if values:
                    middles.append(statistics.median(values))
                    cells.append(f"{h} {middles[-1]:,.0f} ({min(values):,.0f} to {max(values):,.0f})")
            if len(middles) == 2:
                ratio = f"  java/c {middles[1] / middles[0]:.2f}" if middles[0] else ""
                goal = GOALS.get((what, name), GOALS.get(name))
                if goal and middles[1] > goal * middles[0]:
                    ratio += f", wanted {goal}"
                    reached = False
                print(f"  {name:12} {'; '.join(cells)}{ratio}")
        reached = reached and min(len(of[h]) for h in of) >= ROUNDS
    print("all that is wanted was reached" if reached else "not all that is wanted was reached, or not five times each")
    sys.exit(not reached)


{"take": take, "table": table}[sys.argv[1]](*sys.argv[2:])
