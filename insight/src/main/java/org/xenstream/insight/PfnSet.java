// SPDX-License-Identifier: Apache-2.0
package org.xenstream.insight;

import org.jspecify.annotations.Nullable;

/// A set of pfns as a two-level bitmap, made for the dense and mostly ascending pfns of a guest.
///
/// Its memory is bounded: a stream that scatters its pfns over more chunks than are allowed
/// overflows the set, which then says so instead of growing.
final class PfnSet {
  /// 2^18 pfns, one GiB of guest, 32 KiB of bitmap.
  private static final int CHUNK_SHIFT = 18;

  private static final int CHUNK_WORDS = 1 << (CHUNK_SHIFT - 6);

  /// 64 MiB of bitmaps: a guest of two TiB without a hole.
  private static final int MOST_CHUNKS = 2048;

  /// 2^40 pfns are all that 52 bits of physical address can name.
  private static final long MOST_PFNS = 1L << 40;

  private long[] @Nullable [] chunks = new long[16][];
  private int held;
  private boolean overflowed;

  /// Adds a pfn.
  ///
  /// @return whether it was not yet in the set; true also once the set has overflowed
  boolean add(long pfn) {
    long[] chunk = chunk(pfn);
    if (chunk == null) {
      return true;
    }
    int word = (int) (pfn >>> 6) & (CHUNK_WORDS - 1);
    long bit = 1L << pfn;
    boolean fresh = (chunk[word] & bit) == 0;
    chunk[word] |= bit;
    return fresh;
  }

  /// Adds consecutive pfns.
  ///
  /// @return how many were not yet in the set; all of them once the set has overflowed
  long addRange(long first, long count) {
    long fresh = 0;
    long pfn = first;
    long end = first + count;
    while (pfn < end) {
      long inWord = Math.min(end - pfn, Long.SIZE - (pfn & (Long.SIZE - 1)));
      long[] chunk = chunk(pfn);
      if (chunk == null) {
        fresh += inWord;
      } else {
        int word = (int) (pfn >>> 6) & (CHUNK_WORDS - 1);
        long bits = (-1L >>> (Long.SIZE - inWord)) << pfn;
        fresh += Long.bitCount(bits & ~chunk[word]);
        chunk[word] |= bits;
      }
      pfn += inWord;
    }
    return fresh;
  }

  /// Tells whether more chunks were asked for than are allowed, so that the set is not complete.
  boolean overflowed() {
    return overflowed;
  }

  private long @Nullable [] chunk(long pfn) {
    long index = pfn >>> CHUNK_SHIFT;
    if (index < chunks.length) {
      long[] chunk = chunks[(int) index];
      if (chunk != null) {
        return chunk;
      }
    }
    if (pfn >= MOST_PFNS || held == MOST_CHUNKS) {
      overflowed = true;
      return null;
    }
    if (index >= chunks.length) {
      long[] @Nullable [] larger = new long[Integer.highestOneBit((int) index) << 1][];
      System.arraycopy(chunks, 0, larger, 0, chunks.length);
      chunks = larger;
    }
    held++;
    long[] fresh = new long[CHUNK_WORDS];
    chunks[(int) index] = fresh;
    return fresh;
  }
}
