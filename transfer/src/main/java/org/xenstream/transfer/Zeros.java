// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.lang.foreign.MemorySegment;

/// Memory that holds nothing.
public final class Zeros {
  private static final MemorySegment ZEROS = MemorySegment.ofArray(new byte[4096]).asReadOnly();

  private Zeros() {}

  /// Tells whether octets are all zero.
  ///
  /// It compares whole pieces: the first compiler, which is all that the save helper has, makes of
  /// that what it does not make of a loop over a segment.
  ///
  /// @param from where they begin in the segment
  /// @param length how many they are
  public static boolean isZero(MemorySegment memory, long from, long length) {
    long end = from + length;
    for (long at = from; at < end; at += ZEROS.byteSize()) {
      long piece = Math.min(end - at, ZEROS.byteSize());
      if (MemorySegment.mismatch(memory, at, at + piece, ZEROS, 0, piece) != -1) {
        return false;
      }
    }
    return true;
  }
}
