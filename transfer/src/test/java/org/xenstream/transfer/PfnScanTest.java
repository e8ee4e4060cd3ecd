// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.BitSet;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PfnScanTest {
  /// Sizes around a word and around the part of a bitmap that is held; few bits, many, and all.
  @ParameterizedTest
  @CsvSource({
    "0, 1, 4",
    "1, 1, 4",
    "63, 1, 1",
    "64, 2, 5",
    "65, 2, 64",
    "32768, 1, 1000",
    "32768, 512, 7",
    "32769, 1000000, 3",
    "70001, 3, 1024",
    "100000, 4096, 1024",
  })
  void eachSetBitIsGivenOnceInOrder(int pfns, int oneIn, int room) {
    try (Arena arena = Arena.ofConfined()) {
      PfnBitmap bitmap = new PfnBitmap(arena, pfns);
      BitSet expected = new BitSet();
      SplittableRandom chance = new SplittableRandom(pfns * 31L + oneIn);
      for (int pfn = 0; pfn < pfns; pfn++) {
        if (chance.nextInt(oneIn) == 0 || pfn == pfns - 1) {
          bitmap.set(pfn);
          expected.set(pfn);
        }
      }
      PfnScan scan = new PfnScan();
      long[] into = new long[room];
      for (int pass = 0; pass < 2; pass++) {
        scan.begin(bitmap);
        LongStream.Builder found = LongStream.builder();
        long left = expected.cardinality();
        while (left > 0) {
          int count = scan.next(into);
          assertEquals(Math.min(room, left), count);
          Arrays.stream(into, 0, count).forEach(found);
          left -= count;
        }
        assertEquals(0, scan.next(into));
        assertEquals(0, scan.next(into));
        assertArrayEquals(
            expected.stream().asLongStream().toArray(), found.build().toArray(), "pass " + pass);
      }
    }
  }
}
