# SPDX-License-Identifier: Apache-2.0
"""Makes damaged images of a sound one: mutate.py IMAGE DIR

IMAGE is what `xl save` wrote. Each file in DIR has one thing wrong in its libxc stream, and is called by it. What comes
before and behind that stream (xl's header, libxl's records) is kept as it is. DIR.reasons has a line for each: its name, and
words that whoever refuses it for the right reason has to say.
"""

import struct
import sys

PAGE_DATA, PV_INFO, P2M_FRAMES, VCPU_BASIC, TSC_INFO, HVM_CONTEXT, HVM_PARAMS = 1, 2, 3, 4, 8, 9, 10
STATIC_DATA_END, CPUID_POLICY, END = 16, 17, 0

image = open(sys.argv[1], "rb").read()
start = image.index(b"\xff" * 8 + b"XENF")


def records(at):
    """The records of the stream whose first one is at `at`, as (type, body); and where they end."""
    found = []
    while True:
        kind, length = struct.unpack_from("<II", image, at)
        found.append((kind, image[at + 8 : at + 8 + length]))
        at += 8 + (length + 7 & ~7)
        if kind == END:
            return found, at


head = bytearray(image[start : start + 40])
stream, end = records(start + 40)
is_pv = struct.unpack_from("<I", head, 24)[0] == 1


def first(kind):
    return next(i for i, (k, _) in enumerate(stream) if k == kind)


def octets(items):
    return b"".join(struct.pack("<II", k, len(b)) + b + bytes(-len(b) % 8) for k, b in items)


reasons = open(sys.argv[2] + ".reasons", "w")


def write(name, reason, items=None, header=None, cut=None):
    reasons.write(f"{name} {reason}\n")
    body = bytes(header or head) + octets(items if items is not None else stream)
    if cut:
        body = body[:cut]
        whole = image[:start] + body
    else:
        whole = image[:start] + body + image[end:]
    open(f"{sys.argv[2]}/{name}", "wb").write(whole)


def changed(kind, offset, form, value):
    """The stream with one field of its first record of a kind changed."""
    items = list(stream)
    at = first(kind)
    body = bytearray(items[at][1])
    struct.pack_into(form, body, offset, value)
    items[at] = (kind, bytes(body))
    return items


def with_header(offset, form, value):
    header = bytearray(head)
    struct.pack_into(form, header, offset, value)
    return header


def without(kind):
    return [(k, b) for k, b in stream if k != kind]


write("marker", "image header.marker", header=with_header(0, "<Q", 0))
write("id", "image header.id", header=with_header(8, ">I", 0x58454E47))
write("version-9", "image header.version", header=with_header(12, ">I", 9))
write("big-endian", "big-endian", header=with_header(16, ">H", 1))
write("guest-kind-9", "domain header.type", header=with_header(24, "<I", 9))
write("page-shift-13", "domain header.page_shift", header=with_header(28, "<H", 13))
write("other-guest-kind", "domain header.type", header=with_header(24, "<I", 2 if is_pv else 1))
write("page-data-empty", "PAGE_DATA.page_data", changed(PAGE_DATA, 0, "<I", 0))
write("page-data-count-high", "PAGE_DATA.count", changed(PAGE_DATA, 0, "<I", 0x7FFFFFFF))
write("page-type-unknown", "PAGE_DATA.pfn[0]", changed(PAGE_DATA, 8, "<Q", 0xB << 60 | 1))
write("pfn-high", "PAGE_DATA.pfn[0]", changed(PAGE_DATA, 8, "<Q", 0x000FFFFFFFFFF000 >> 1))
write("page-data-short", "PAGE_DATA.page_data", [(k, b[:-4096] if i == first(PAGE_DATA) else b) for i, (k, b) in enumerate(stream)])
write("unknown-mandatory", "MANDATORY_0x00007fff", stream[:1] + [(0x7FFF, b"12345678")] + stream[1:])
write("cut-amid-pages", "before the end", cut=40 + len(octets(stream)) // 2)
write("cut-before-end", "found the end", cut=40 + len(octets(stream[:-1])))
write("end-with-body", "END", stream[:-1] + [(END, b"12345678")])
if is_pv:
    write("pv-width-3", "X86_PV_INFO.guest_width", changed(PV_INFO, 0, "<B", 3))
    write("pv-levels-9", "X86_PV_INFO.guest_width", changed(PV_INFO, 1, "<B", 9))
    write("no-pv-info", "X86_PV_INFO before it", without(PV_INFO))
    write("p2m-frames-short", "X86_PV_P2M_FRAMES.body_length", [(k, b[:12] if k == P2M_FRAMES else b) for k, b in stream])
    write("p2m-frame-foreign", "p2m.p2m_pfn[0]", changed(P2M_FRAMES, 8, "<Q", 0xFFFFFFF))
    write("vcpu-99", "X86_PV_VCPU_BASIC.vcpu_id", changed(VCPU_BASIC, 0, "<I", 99))
    write("vcpu-short", "X86_PV_VCPU_BASIC.context", [(k, b[:64] if k == VCPU_BASIC else b) for k, b in stream])
else:
    write("params-count-high", "HVM_PARAMS.count", changed(HVM_PARAMS, 0, "<I", 4000))
    write("params-short", "HVM_PARAMS.count", [(k, b[:12] if k == HVM_PARAMS else b) for k, b in stream])
    write("context-short", "setHvmContext", [(k, b[:100] if k == HVM_CONTEXT else b) for k, b in stream])
    write("context-empty", "HVM_CONTEXT", [(k, b"" if k == HVM_CONTEXT else b) for k, b in stream])
    write("tsc-short", "X86_TSC_INFO.body_length", [(k, b[:8] if k == TSC_INFO else b) for k, b in stream])
