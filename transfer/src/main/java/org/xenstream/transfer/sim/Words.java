// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Invented words for a simulated guest's states, drawn one after the other from a seed.
final class Words {
  static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final long GOLDEN = 0x9E37_79B9_7F4A_7C15L;

  private long state;

  /// @param seed the guest's
  /// @param what tells states of one guest apart
  Words(long seed, long what) {
    this.state = PagePattern.mix(seed ^ GOLDEN * what);
  }

  /// The next 64 bits.
  long next() {
    state += GOLDEN;
    return PagePattern.mix(state);
  }

  /// The next 32 bits.
  long next32() {
    return next() >>> 32;
  }

  /// Fills octets; what is left over of a multiple of eight stays as it is.
  void fill(MemorySegment octets) {
    for (long at = 0; at + 8 <= octets.byteSize(); at += 8) {
      octets.set(PagePattern.WORD, at, next());
    }
  }

  /// Writes entry `i` of a list of MSRs of 16 octets each.
  static void msr(MemorySegment list, int i, int index, long value) {
    list.set(U32, 16L * i, index);
    list.set(U32, 16L * i + 4, 0);
    list.set(PagePattern.WORD, 16L * i + 8, value);
  }
}
