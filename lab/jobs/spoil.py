# SPDX-License-Identifier: Apache-2.0
"""Changes pages that a verify pass sends once more: spoil.py WIRE CHANGED

WIRE is what `xl migrate --debug` sent. In CHANGED one octet is another in each page of data behind VERIFY.
"""

import struct
import sys

END, PAGE_DATA, VERIFY, PAGE = 0, 1, 13, 4096

image = bytearray(open(sys.argv[1], "rb").read())
at = image.index(b"\xff" * 8 + b"XENF") + 40
verifying, changed = False, 0
while True:
    kind, length = struct.unpack_from("<II", image, at)
    verifying = verifying or kind == VERIFY
    if verifying and kind == PAGE_DATA:
        count = struct.unpack_from("<I", image, at + 8)[0]
        for page in range(at + 16 + 8 * count, at + 8 + length, PAGE):
            image[page + 1000] ^= 1
            changed += 1
    if kind == END:
        break
    at += 8 + (length + 7 & ~7)
open(sys.argv[2], "wb").write(image)
sys.exit(f"no page of data behind VERIFY in {sys.argv[1]}" if changed == 0 else 0)
