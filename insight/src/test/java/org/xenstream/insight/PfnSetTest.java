// SPDX-License-Identifier: Apache-2.0
package org.xenstream.insight;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PfnSetTest {
  private static final long CHUNK = 1L << 18;

  private final PfnSet set = new PfnSet();

  @Test
  void tellsWhetherAPfnIsNew() {
    Random random = new Random(20);
    Set<Long> expected = new HashSet<>();
    for (int i = 0; i < 200_000; i++) {
      long pfn = random.nextLong(i % 2 == 0 ? 100_000 : 40 * CHUNK);
      assertEquals(expected.add(pfn), set.add(pfn), () -> "pfn " + pfn);
    }
    assertFalse(set.overflowed());
  }

  @Test
  void addsRangesAsItAddsEachOfTheirPfns() {
    Random random = new Random(21);
    PfnSet single = new PfnSet();
    for (int i = 0; i < 2_000; i++) {
      long first = random.nextLong(3 * CHUNK);
      long count = 1 + random.nextLong(i % 2 == 0 ? 70 : 3000);
      long fresh = 0;
      for (long pfn = first; pfn < first + count; pfn++) {
        fresh += single.add(pfn) ? 1 : 0;
      }
      assertEquals(fresh, set.addRange(first, count), "range at " + first + " of " + count);
    }
  }

  @Test
  void countsARangeThatOverflowsAsNew() {
    assertEquals(10, set.addRange((1L << 40) - 4, 10));
    assertTrue(set.overflowed());
    assertEquals(6, set.addRange((1L << 40) - 4, 10), "what is held stays held");
  }

  @Test
  void holdsTheLastPfnThereCanBe() {
    assertTrue(set.add((1L << 40) - 1));
    assertFalse(set.add((1L << 40) - 1));
    assertFalse(set.overflowed());
  }

  @Test
  void overflowsAtAPfnThatNoAddressHas() {
    assertTrue(set.add(1L << 40));
    assertTrue(set.overflowed());
    assertTrue(set.add((1L << 52) - 1));
    assertTrue(set.add(5));
    assertFalse(set.add(5));
  }

  @Test
  void overflowsWhenPfnsAreScatteredOverTooManyChunks() {
    for (long chunk = 0; chunk < 2048; chunk++) {
      assertTrue(set.add(chunk * 3 * CHUNK + 7));
    }
    assertFalse(set.overflowed());
    assertFalse(set.add(7));
    assertTrue(set.add(CHUNK));
    assertTrue(set.overflowed());
    assertFalse(set.add(7), "what is held stays held");
    assertTrue(set.add(CHUNK), "what is not held stays new");
  }
}
