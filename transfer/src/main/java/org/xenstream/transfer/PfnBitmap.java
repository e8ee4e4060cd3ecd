// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/// One bit for each pfn of a guest, in native memory: dirty pages, deferred pages, populated pages.
/// For one thread at a time.
public final class PfnBitmap {
  private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG;

  private final MemorySegment words;
  private final long pfns;

  /// All bits clear.
  ///
  /// @param arena owns the memory
  /// @param pfns how many pfns, from 0 on
  public PfnBitmap(Arena arena, long pfns) {
    this.pfns = pfns;
    this.words = arena.allocate(((pfns + 63) >>> 6) * 8, 64);
  }

  /// How many pfns it covers.
  public long pfns() {
    return pfns;
  }

  /// The bits: bit `p & 63` of little-endian word `p / 64` is pfn `p`. Bits behind the last pfn are
  /// zero, and stay so.
  public MemorySegment words() {
    return words;
  }

  /// Tells whether the bit of `pfn` is set.
  public boolean get(long pfn) {
    Objects.checkIndex(pfn, pfns);
    return (words.getAtIndex(WORD, pfn >>> 6) >>> pfn & 1) != 0;
  }

  /// Sets the bit of `pfn`.
  public void set(long pfn) {
    Objects.checkIndex(pfn, pfns);
    words.setAtIndex(WORD, pfn >>> 6, words.getAtIndex(WORD, pfn >>> 6) | 1L << pfn);
  }

  /// Clears the bit of `pfn`.
  public void clear(long pfn) {
    Objects.checkIndex(pfn, pfns);
    words.setAtIndex(WORD, pfn >>> 6, words.getAtIndex(WORD, pfn >>> 6) & ~(1L << pfn));
  }

  /// Sets all bits.
  public void setAll() {
    words.fill((byte) 0xFF);
    if ((pfns & 63) != 0) {
      words.setAtIndex(WORD, pfns >>> 6, (1L << pfns) - 1);
    }
  }

  /// Clears all bits.
  public void clearAll() {
    words.fill((byte) 0);
  }

  /// Sets what is set in `other`, which is as long.
  public void or(PfnBitmap other) {
    if (other.pfns != pfns) {
      throw new IllegalArgumentException(
          "a bitmap of %d pfns and one of %d".formatted(pfns, other.pfns));
    }
    long length = words.byteSize() >>> 3;
    for (long i = 0; i < length; i++) {
      words.setAtIndex(WORD, i, words.getAtIndex(WORD, i) | other.words.getAtIndex(WORD, i));
    }
  }

  /// The first pfn from `from` on whose bit is set; −1 when there is none. Who wants all of them
  /// has [PfnScan], which is quicker.
  public long next(long from) {
    if (from >= pfns) {
      return -1;
    }
    long index = from >>> 6;
    long word = words.getAtIndex(WORD, index) & -1L << from;
    long length = words.byteSize() >>> 3;
    while (word == 0) {
      index++;
      if (index >= length) {
        return -1;
      }
      word = words.getAtIndex(WORD, index);
    }
    return (index << 6) + Long.numberOfTrailingZeros(word);
  }

  /// How many bits are set.
  public long count() {
    long sum = 0;
    long length = words.byteSize() >>> 3;
    for (long i = 0; i < length; i++) {
      sum += Long.bitCount(words.getAtIndex(WORD, i));
    }
    return sum;
  }
}
