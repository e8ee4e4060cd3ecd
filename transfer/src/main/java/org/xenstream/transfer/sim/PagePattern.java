// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// What a data page of a simulated guest holds: the seed, its pfn, its version, and words derived
/// from those three over the whole rest, so that any mixture of two versions shows.
///
/// ```text
///   0       8     16        24     32                4096
///   +-------+-----+---------+------+------------------+
///   | magic | pfn | version | seed | 508 derived words |
///   +-------+-----+---------+------+------------------+
/// ```
///
/// A page of version 0 was never written and holds zeros.
final class PagePattern {
  /// "xsguest" and a version of this layout, as octets.
  static final long MAGIC = 0x01_74_73_65_75_67_73_78L;

  static final int PAGE = 4096;
  static final int WORDS = PAGE / 8;

  /// Where a page says which version it is.
  static final int VERSION_OFFSET = 16;

  private static final int HEADER_WORDS = 4;
  private static final long GOLDEN = 0x9E37_79B9_7F4A_7C15L;

  static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private PagePattern() {}

  /// Spreads a number over 64 bits (the finaliser of SplitMix64).
  static long mix(long value) {
    long z = (value ^ value >>> 30) * 0xBF58_476D_1CE4_E5B9L;
    z = (z ^ z >>> 27) * 0x94D0_49BB_1331_11EBL;
    return z ^ z >>> 31;
  }

  private static long base(long seed, long pfn, long version) {
    return mix(seed + GOLDEN * mix(pfn + GOLDEN * version));
  }

  private static long word(long base, int index) {
    long z = (base + index * GOLDEN) * 0xBF58_476D_1CE4_E5B9L;
    return z ^ z >>> 32;
  }

  /// Fills a page.
  ///
  /// @param version 0 gives zeros
  static void fill(MemorySegment page, long seed, long pfn, long version) {
    if (version == 0) {
      page.asSlice(0, PAGE).fill((byte) 0);
      return;
    }
    page.set(WORD, 0, MAGIC);
    page.set(WORD, 8, pfn);
    page.set(WORD, VERSION_OFFSET, version);
    page.set(WORD, 24, seed);
    long base = base(seed, pfn, version);
    for (int i = HEADER_WORDS; i < WORDS; i++) {
      page.set(WORD, 8L * i, word(base, i));
    }
  }

  /// What a page is.
  ///
  /// @param whole whether all of it belongs to one pfn and version of this seed
  /// @param pfn the pfn that it names
  /// @param version the version that it names
  /// @param firstBad the offset of the first word that does not belong to them, −1 when whole
  record Found(boolean whole, long pfn, long version, long firstBad) {}

  /// Tells whether a page is exactly what it should be; allocates nothing.
  static boolean matches(MemorySegment page, long seed, long pfn, long version) {
    if (version == 0) {
      return firstNonZero(page) < 0;
    }
    if (page.get(WORD, 0) != MAGIC
        || page.get(WORD, 8) != pfn
        || page.get(WORD, VERSION_OFFSET) != version
        || page.get(WORD, 24) != seed) {
      return false;
    }
    return firstForeign(page, base(seed, pfn, version)) < 0;
  }

  /// Finds out what a page is.
  ///
  /// @param expectedPfn taken for the pfn of a page of zeros
  static Found examine(MemorySegment page, long seed, long expectedPfn) {
    long nonZero = firstNonZero(page);
    if (nonZero < 0) {
      return new Found(true, expectedPfn, 0, -1);
    }
    long pfn = page.get(WORD, 8);
    long version = page.get(WORD, VERSION_OFFSET);
    if (page.get(WORD, 0) != MAGIC || page.get(WORD, 24) != seed) {
      return new Found(false, pfn, version, page.get(WORD, 0) != MAGIC ? 0 : 24);
    }
    long foreign = firstForeign(page, base(seed, pfn, version));
    return new Found(foreign < 0, pfn, version, foreign);
  }

  private static long firstNonZero(MemorySegment page) {
    for (int i = 0; i < WORDS; i++) {
      if (page.get(WORD, 8L * i) != 0) {
        return 8L * i;
      }
    }
    return -1;
  }

  private static long firstForeign(MemorySegment page, long base) {
    for (int i = HEADER_WORDS; i < WORDS; i++) {
      if (page.get(WORD, 8L * i) != word(base, i)) {
        return 8L * i;
      }
    }
    return -1;
  }
}
