// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// One page of Remus' compression (`xc_compression_uncompress_page` in `xc_compression.c`):
///
/// ```
///  page := 0x00                          the page as it was
///        | 0x80, 4096 octets             the page as it is now
///        | ( marker, octets )*           runs that make up 4096 octets together
///          marker: bit 7 set, skip; clear, copy what follows; bits 6–0: words of 4 octets, not 0
/// ```
final class PageDelta {
  /// The longest that a page can be: runs of one word each, all copied.
  static final int LONGEST = Layout.PAGE / 4 * 5;

  static final int UNCHANGED = 0x00;
  static final int WHOLE = 0x80;

  /// The page goes on behind the octets that are here.
  static final int CUT = -1;

  /// A run without words where only others can stand.
  static final int EMPTY_RUN = -2;

  /// Runs that make up more than a page.
  static final int TOO_LONG = -3;

  private static final int SKIP = 0x80;
  private static final int WORDS = 0x7F;

  private PageDelta() {}

  /// The length of the page at a place, or why it has none: [#CUT], [#EMPTY_RUN], [#TOO_LONG].
  ///
  /// @param from where it begins; an octet is there
  static int length(MemorySegment octets, long from) {
    long end = octets.byteSize();
    int first = u8(octets, from);
    if (first == UNCHANGED) {
      return 1;
    }
    if (first == WHOLE) {
      return from + 1 + Layout.PAGE <= end ? 1 + Layout.PAGE : CUT;
    }
    long at = from;
    int made = 0;
    while (made < Layout.PAGE) {
      if (at >= end) {
        return CUT;
      }
      int marker = u8(octets, at++);
      int run = (marker & WORDS) * 4;
      if (run == 0) {
        return EMPTY_RUN;
      }
      made += run;
      if (made > Layout.PAGE) {
        return TOO_LONG;
      }
      at += (marker & SKIP) == 0 ? run : 0;
    }
    return at <= end ? (int) (at - from) : CUT;
  }

  /// Applies the runs at a place, which [#length] found to be good, to a page.
  static void apply(MemorySegment octets, long from, MemorySegment page, long into) {
    long at = from;
    int made = 0;
    while (made < Layout.PAGE) {
      int marker = u8(octets, at++);
      int run = (marker & WORDS) * 4;
      if ((marker & SKIP) == 0) {
        MemorySegment.copy(octets, at, page, into + made, run);
        at += run;
      }
      made += run;
    }
  }

  static int u8(MemorySegment octets, long at) {
    return Byte.toUnsignedInt(octets.get(ValueLayout.JAVA_BYTE, at));
  }
}
