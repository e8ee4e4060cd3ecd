// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Bitmaps in words: `0-3,7`.
final class Ranges {

  private Ranges() {}

  /// The numbers of the bits that are set, as ranges in ascending order; `none` if there are none.
  ///
  /// @param bitmap the bitmap, bit 0 in the lowest bit of the first octet
  static String of(MemorySegment bitmap) {
    StringBuilder text = new StringBuilder();
    long bits = 8 * bitmap.byteSize();
    long bit = 0;
    while (bit < bits) {
      if (!isSet(bitmap, bit)) {
        bit++;
        continue;
      }
      long first = bit;
      while (bit < bits && isSet(bitmap, bit)) {
        bit++;
      }
      text.append(text.isEmpty() ? "" : ",").append(first);
      if (bit - first > 1) {
        text.append('-').append(bit - 1);
      }
    }
    return text.isEmpty() ? "none" : text.toString();
  }

  private static boolean isSet(MemorySegment bitmap, long bit) {
    return (bitmap.get(ValueLayout.JAVA_BYTE, bit >>> 3) >>> (int) (bit & 7) & 1) != 0;
  }
}
