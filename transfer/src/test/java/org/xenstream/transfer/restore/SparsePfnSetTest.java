// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

class SparsePfnSetTest {
  @Test
  void agreesWithAPlainSet() {
    RandomGenerator chance = RandomGeneratorFactory.of("L64X128MixRandom").create(7);
    SparsePfnSet set = new SparsePfnSet();
    Set<Long> plain = new HashSet<>();
    for (int i = 0; i < 200_000; i++) {
      // Dense at the bottom, and thin over all 40 bits.
      long pfn = chance.nextInt(4) == 0 ? chance.nextLong(1L << 40) >> chance.nextInt(30) : i / 3;
      assertEquals(plain.contains(pfn), set.contains(pfn));
      assertEquals(plain.add(pfn), set.add(pfn));
    }
    assertEquals(plain.size(), set.count());
  }

  /// As many as a guest of 4 GiB has frames: they fit into the heap, 512 MiB here as elsewhere.
  @Test
  void strewnPfnsTakeLittle() {
    SparsePfnSet set = new SparsePfnSet();
    for (long i = 0; i < 1 << 20; i++) {
      assertTrue(set.add(i << 20));
    }
    assertEquals(1 << 20, set.count());
  }

  @Test
  void takesTheFirstAndTheLast() {
    SparsePfnSet set = new SparsePfnSet();
    assertTrue(set.add(0));
    assertTrue(set.add((1L << 40) - 1));
    assertFalse(set.add(0));
    assertFalse(set.add((1L << 40) - 1));
    assertEquals(2, set.count());
  }
}
