// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.xenstream.x86.PageTableEntry;

class TableLocaliserTest {
  private static final int PFNS = 1000;

  /// Every entry is that of the same flags and the pfn's frame; what is not present stays.
  @Test
  void translatesWhatIsPresent() {
    RandomGenerator chance = RandomGeneratorFactory.of("L64X128MixRandom").create(9);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment table = arena.allocate(8192, 8);
      MemorySegment complements = arena.allocate(8L * PFNS, 8);
      for (int pfn = 0; pfn < PFNS; pfn++) {
        complements.setAtIndex(ValueLayout.JAVA_LONG, pfn, ~(0x1_0000_0000L + pfn));
      }
      long[] expected = new long[PageTableEntry.ENTRIES];
      for (int slot = 0; slot < PageTableEntry.ENTRIES; slot++) {
        long pfn = chance.nextInt(PFNS);
        boolean present = chance.nextBoolean();
        long flags = chance.nextLong() & ~PageTableEntry.FRAME_MASK & ~PageTableEntry.PRESENT;
        long entry = flags | pfn << 12 | (present ? PageTableEntry.PRESENT : 0);
        table.set(ValueLayout.JAVA_LONG, 4096 + 8L * slot, entry);
        expected[slot] = present ? PageTableEntry.withFrame(entry, 0x1_0000_0000L + pfn) : entry;
      }
      assertEquals(
          PageTableEntry.ENTRIES, TableLocaliser.localise(table, 4096, 0, complements, PFNS - 1));
      for (int slot = 0; slot < PageTableEntry.ENTRIES; slot++) {
        assertEquals(expected[slot], table.get(ValueLayout.JAVA_LONG, 4096 + 8L * slot));
      }
    }
  }

  /// It stops where a pfn has no frame, goes on from there, and stops at what is none of the
  /// guest's.
  @Test
  void stopsWhereThereIsNoFrame() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment table = arena.allocate(4096, 8);
      MemorySegment complements = arena.allocate(8L * PFNS, 8);
      complements.setAtIndex(ValueLayout.JAVA_LONG, 3, ~0x33L);
      table.set(ValueLayout.JAVA_LONG, 0, 3L << 12 | 1);
      table.set(ValueLayout.JAVA_LONG, 80, 4L << 12 | 1);
      table.set(ValueLayout.JAVA_LONG, 160, (long) PFNS << 12 | 1);
      assertEquals(10, TableLocaliser.localise(table, 0, 0, complements, PFNS - 1));
      assertEquals(0x33L << 12 | 1, table.get(ValueLayout.JAVA_LONG, 0));
      complements.setAtIndex(ValueLayout.JAVA_LONG, 4, ~0x44L);
      assertEquals(20, TableLocaliser.localise(table, 0, 10, complements, PFNS - 1));
      assertEquals(0x33L << 12 | 1, table.get(ValueLayout.JAVA_LONG, 0));
      assertEquals(0x44L << 12 | 1, table.get(ValueLayout.JAVA_LONG, 80));
      assertEquals((long) PFNS << 12 | 1, table.get(ValueLayout.JAVA_LONG, 160));
    }
  }
}
