// SPDX-License-Identifier: Apache-2.0
package org.xenstream.insight;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xenstream.core.format.Wire;
import org.xenstream.testkit.XxHash64;

/// The digest's own XXH64, beside one of any octets and beside what `xxhsum -H1` says.
class PageHashTest {
  private static final int UNIT = Long.BYTES + Wire.PAGE_SIZE;
  private static final int MOST = 11;

  /// As many pages as leave each number of words beyond a stripe, and none; in calls of any number
  /// of pages.
  @Test
  void isXxHash64OfPfnsAndPagesSideBySide() {
    long seed = 20251124;
    Random random = new Random(seed);
    for (int pages = 0; pages <= MOST; pages++) {
      for (int most = 1; most <= 4; most++) {
        byte[] octets = new byte[pages * UNIT];
        random.nextBytes(octets);
        MemorySegment whole = MemorySegment.ofArray(octets);
        assertEquals(
            XxHash64.hash(whole),
            hash(whole, most),
            "%d pages, %d a call, seed %d".formatted(pages, most, seed));
      }
    }
  }

  /// Octet i of what is hashed is i modulo 251; the hashes are those of `xxhsum -H1` 0.8.
  @ParameterizedTest
  @CsvSource({
    "0, ef46db3751d8e999",
    "1, 36fe938064a87ed3",
    "2, 9fdaf173ffb45787",
    "3, a3d416ec7d467c61",
    "4, a08b8a6a7f149562",
    "5, d10d032f2a151f8b",
    "6, 9ea2955986598f99",
    "7, ca00b5adcecdab1a",
    "8, f0e0c80c7f8f3977",
    "9, a25a00fdc088bf35"
  })
  void isWhatXxhsumSays(int pages, String hash) {
    byte[] octets = new byte[pages * UNIT];
    for (int i = 0; i < octets.length; i++) {
      octets[i] = (byte) (i % 251);
    }
    assertEquals(hash, "%016x".formatted(hash(MemorySegment.ofArray(octets), 3)));
  }

  private static long hash(MemorySegment whole, int most) {
    int pages = (int) (whole.byteSize() / UNIT);
    PageHash hash = new PageHash();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = arena.allocate((long) most * Wire.PAGE_SIZE);
      long[] pfns = new long[most];
      for (int done = 0; done < pages; ) {
        int some = Math.min(most, pages - done);
        for (int i = 0; i < some; i++, done++) {
          pfns[i] = Wire.u64(whole, (long) done * UNIT, ByteOrder.LITTLE_ENDIAN);
          MemorySegment.copy(
              whole, (long) done * UNIT + 8, block, (long) i * Wire.PAGE_SIZE, Wire.PAGE_SIZE);
        }
        hash.update(block, pfns, some);
      }
    }
    return hash.digest();
  }
}
