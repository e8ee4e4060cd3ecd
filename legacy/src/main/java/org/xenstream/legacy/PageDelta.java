// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.nio.ByteBuffer;

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

  static final byte UNCHANGED = 0x00;
  static final byte WHOLE = (byte) 0x80;

  /// The page goes on behind the octets that are here.
  static final int CUT = -1;

  /// A run without words where only others can stand.
  static final int EMPTY_RUN = -2;

  /// Runs that make up more than a page.
  static final int TOO_LONG = -3;

  private static final int WORDS = 0x7F;

  private PageDelta() {}

  /// The length of the page at a place, or why it has none: [#CUT], [#EMPTY_RUN], [#TOO_LONG].
  ///
  /// @param from where it begins
  /// @param end where the octets end that are here
  static int length(byte[] octets, int from, int end) {
    if (from >= end) {
      return CUT;
    }
    byte first = octets[from];
    if (first == UNCHANGED) {
      return 1;
    }
    if (first == WHOLE) {
      return end - from > Layout.PAGE ? 1 + Layout.PAGE : CUT;
    }
    int at = from;
    int made = 0;
    while (made < Layout.PAGE) {
      if (at >= end) {
        return CUT;
      }
      byte marker = octets[at++];
      int run = (marker & WORDS) * 4;
      if (run == 0) {
        return EMPTY_RUN;
      }
      made += run;
      if (made > Layout.PAGE) {
        return TOO_LONG;
      }
      at += marker >= 0 ? run : 0;
    }
    return at <= end ? at - from : CUT;
  }

  /// Makes a page of what is at a place, which [#length] found to be good.
  ///
  /// @param pages where the page is to be, and now is as it was
  /// @param into its first octet there
  static void apply(byte[] octets, int from, ByteBuffer pages, int into) {
    if (octets[from] == WHOLE) {
      pages.put(into, octets, from + 1, Layout.PAGE);
    } else if (octets[from] != UNCHANGED) {
      int at = from;
      int made = 0;
      while (made < Layout.PAGE) {
        byte marker = octets[at++];
        int run = (marker & WORDS) * 4;
        if (marker >= 0) {
          pages.put(into + made, octets, at, run);
          at += run;
        }
        made += run;
      }
    }
  }
}
