// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Characters in octets, up to the first NUL; a `?` for each that is not printable ASCII.
final class Ascii {

  private Ascii() {}

  /// The characters of a row of octets.
  static String of(MemorySegment octets) {
    StringBuilder text = new StringBuilder();
    for (long at = 0; at < octets.byteSize(); at++) {
      int c = Byte.toUnsignedInt(octets.get(ValueLayout.JAVA_BYTE, at));
      if (c == 0) {
        break;
      }
      text.append(Decoded.printable(c));
    }
    return text.toString();
  }

  /// The characters of registers, the lowest octet of each first, without blanks around them.
  static String of(int... registers) {
    StringBuilder text = new StringBuilder(4 * registers.length);
    for (int register : registers) {
      for (int shift = 0; shift < Integer.SIZE; shift += 8) {
        int c = register >>> shift & 0xff;
        if (c == 0) {
          return text.toString().strip();
        }
        text.append(Decoded.printable(c));
      }
    }
    return text.toString().strip();
  }
}
