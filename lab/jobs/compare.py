# SPDX-License-Identifier: Apache-2.0
"""Compares streams of the same domain, which stood still: compare.py REFERENCE REFERENCE-AGAIN OURS

The first two were written by one helper. Each record of the third has to be the first one's, in its place, octet by octet, but
for the fields of MAY_DIFFER, and for HVM_PARAMS, which ours writes before HVM_CONTEXT, as the specification wants it, and Xen
behind. Tells of each field that differed whether it did so between the first two.
"""

import struct
import sys

NAMES = {0: "END", 1: "PAGE_DATA", 2: "X86_PV_INFO", 3: "X86_PV_P2M_FRAMES", 4: "X86_PV_VCPU_BASIC", 5: "X86_PV_VCPU_EXTENDED",
         6: "X86_PV_VCPU_XSAVE", 7: "SHARED_INFO", 8: "X86_TSC_INFO", 9: "HVM_CONTEXT", 10: "HVM_PARAMS", 11: "TOOLSTACK",
         12: "X86_PV_VCPU_MSRS", 13: "VERIFY", 14: "CHECKPOINT", 15: "CHECKPOINT_DIRTY_PFN_LIST", 16: "STATIC_DATA_END",
         17: "X86_CPUID_POLICY", 18: "X86_MSR_POLICY"}
CONTEXTS = {1: "HEADER", 2: "CPU", 3: "PIC", 4: "IOAPIC", 5: "LAPIC", 6: "LAPIC_REGS", 7: "PCI_IRQ", 8: "ISA_IRQ", 9: "PCI_LINK",
            10: "PIT", 11: "RTC", 12: "HPET", 13: "PMTIMER", 14: "MTRR", 15: "VIRIDIAN_DOMAIN", 16: "XSAVE", 17: "VIRIDIAN_VCPU",
            18: "VMCE_VCPU", 19: "TSC_ADJUST", 20: "CPU_MSR"}

# (record, part of it): octets of it, a part's descriptor of 8 octets among them, that Xen counts on while a domain stands
# still: they differ as well between two saves by the reference.
MAY_DIFFER = {
    ("X86_TSC_INFO", ""): range(8, 16),  # nsec, the guest's time
    ("HVM_CONTEXT", "CPU"): range(1016, 1024),  # hvm_hw_cpu.tsc
    ("HVM_CONTEXT", "HPET"): (*range(248, 256), *range(272, 280)),  # mc64, and timers[0].cmp, which follows it
    ("HVM_CONTEXT", "PMTIMER"): range(8, 12),  # tmr_val
}


def records(path):
    """(record, part of it, octets) of all of them."""
    data = open(path, "rb").read()
    found = [("HEADER", "", data[:40])]
    at = 40
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        end = at + 8 + (length + 7 & ~7)
        name, body = NAMES.get(kind, hex(kind)), data[at + 8 : at + 8 + length]
        if name == "HVM_CONTEXT":
            found += contexts(body)
        elif name == "HVM_PARAMS":
            params = [("HVM_PARAMS", "", data[at + 8 : end])]
            before = next((i for i, record in enumerate(found) if record[0] == "HVM_CONTEXT"), len(found))
            found = found[:before] + params + found[before:]
        else:
            found.append((name, "", data[at + 8 : end]))
        at = end
    return found


def contexts(body):
    at = 0
    while at < len(body):
        code, _, size = struct.unpack_from("<HHI", body, at)
        yield "HVM_CONTEXT", CONTEXTS.get(code, hex(code)), body[at : at + 8 + size]
        at += 8 + size


def different(one, two):
    return {i for i in range(max(len(one), len(two))) if one[i : i + 1] != two[i : i + 1]}


def spans(places):
    spans, places = [], sorted(places)
    for place in places:
        if spans and spans[-1][1] == place:
            spans[-1][1] = place + 1
        else:
            spans.append([place, place + 1])
    return ", ".join(f"{a} to {b - 1}" for a, b in spans[:8]) + (" ..." if len(spans) > 8 else "")


reference, again, ours = (records(path) for path in sys.argv[1:4])
shape = [(name, part, len(body)) for name, part, body in reference]
wrong = 0
for what, other in (("the reference again", again), ("ours", ours)):
    other_shape = [(name, part, len(body)) for name, part, body in other]
    if other_shape != shape:
        at = next((i for i, (a, b) in enumerate(zip(shape, other_shape)) if a != b), min(len(shape), len(other_shape)))
        print(f"    record {at}: {shape[at : at + 1]}, of {what} {other_shape[at : at + 1]}; {len(shape)} and {len(other_shape)} records")
        sys.exit(1)
for (name, part, one), (_, _, two), (_, _, three) in zip(reference, again, ours):
    if one == three:
        continue
    places = different(one, three)
    allowed = places <= set(MAY_DIFFER.get((name, part), ()))
    wrong += not allowed
    moved = different(one, two)
    print(f"    {name} {part}: octets {spans(places)} of {len(one)} differ{'' if allowed else ', which they must not'}; "
          f"the reference's own, again: {spans(moved) or 'none'}")
print(f"    {len(shape)} records and parts of contexts, {sum(len(body) for _, _, body in reference)} octets")
sys.exit(1 if wrong else 0)
