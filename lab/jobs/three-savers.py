#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Stands where libxl runs its save helper, and has a guest that libxl suspended saved by Xen's helper, by ours, and by Xen's
again, into the files c, java and c-again beside this one. libxl's own file gets nothing.

While they save, this answers them as libxl would: the guest is suspended already.
"""

import os
import struct
import subprocess
import sys

LOG, SUSPEND, LOGDIRTY, COMPLETE = 1, 3, 7, 10
LEVEL_INFO = 5
HELPERS = {
    "c": "/usr/lib/xen-4.17/bin/libxl-save-helper",
    "java": "/lab/helper/bin/xenstream-save-helper",
    "c-again": "/usr/lib/xen-4.17/bin/libxl-save-helper",
}


def ask(message, arguments=b""):
    """Asks libxl, and gives what it answers."""
    sys.stdout.buffer.write(struct.pack("<HH", 2 + len(arguments), message) + arguments)
    sys.stdout.buffer.flush()
    return struct.unpack("<i", sys.stdin.buffer.read(4))[0]


def string(body, at):
    length = struct.unpack_from("<I", body, at)[0]
    return body[at + 4 : at + 4 + length].rstrip(b"\0").decode(errors="replace"), at + 4 + length


def save(helper, domid, callbacks, path):
    """Has a helper save, and says what it complains of."""
    stream = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    words = [helper, "--save-domain", str(stream), "-1", domid, "0", callbacks, "0"]
    run = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[stream])
    returned = None
    while head := run.stdout.read(2):
        body = run.stdout.read(struct.unpack("<H", head)[0])
        message = struct.unpack_from("<H", body)[0]
        if message == LOG and struct.unpack_from("<I", body, 2)[0] > LEVEL_INFO:
            context, at = string(body, 10)
            print(f"{context}: {string(body, at)[0]}", file=sys.stderr)
        elif message in (SUSPEND, LOGDIRTY, COMPLETE):
            if message == COMPLETE:
                returned = struct.unpack_from("<i", body, 2)[0]
            run.stdin.write(struct.pack("<i", 1 if message == SUSPEND else 0))
            run.stdin.flush()
    os.close(stream)
    if run.wait() != 0 or returned != 0:
        print(f"{helper} returned {returned}, and ended with {run.returncode}", file=sys.stderr)
        os.remove(path)


_, _, _, _, domid, _, callbacks, _ = sys.argv
if ask(SUSPEND) == 1:
    for name, helper in HELPERS.items():
        save(helper, domid, callbacks, f"{os.path.dirname(sys.argv[0])}/{name}")
ask(COMPLETE, struct.pack("<ii", 0, 0))
