// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
          PageTableEntry.ENTRIES,
          new TableLocaliser().localise(table, 4096, 0, complements, PFNS - 1));
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
      assertEquals(10, new TableLocaliser().localise(table, 0, 0, complements, PFNS - 1));
      assertEquals(0x33L << 12 | 1, table.get(ValueLayout.JAVA_LONG, 0));
      complements.setAtIndex(ValueLayout.JAVA_LONG, 4, ~0x44L);
      assertEquals(20, new TableLocaliser().localise(table, 0, 10, complements, PFNS - 1));
      assertEquals(0x33L << 12 | 1, table.get(ValueLayout.JAVA_LONG, 0));
      assertEquals(0x44L << 12 | 1, table.get(ValueLayout.JAVA_LONG, 80));
      assertEquals((long) PFNS << 12 | 1, table.get(ValueLayout.JAVA_LONG, 160));
    }
  }

  /// Runs of any length, that end anywhere, among entries that are not present and single ones,
  /// with what cannot be translated anywhere: as it is done entry by entry.
  @Test
  void runsAndSingleEntriesAreTranslatedAsOneByOne() {
    TableLocaliser localiser = new TableLocaliser();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment table = arena.allocate(4096, 8);
      MemorySegment complements = arena.allocate(8L * PFNS, 8);
      for (int seed = 0; seed < 3000; seed++) {
        RandomGenerator chance = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        boolean faults = chance.nextBoolean();
        long frame = 0;
        for (int pfn = 0; pfn < PFNS; pfn++) {
          frame = chance.nextInt(100) == 0 ? chance.nextLong(1L << 40) : frame + 1;
          boolean none = faults && chance.nextInt(400) == 0;
          complements.setAtIndex(ValueLayout.JAVA_LONG, pfn, none ? 0 : ~frame);
        }
        long[] entries = entries(chance, faults);
        long maxPfn = PFNS - 1 - (faults ? chance.nextLong(3) : 0);
        int from = chance.nextInt(4) == 0 ? chance.nextInt(513) : 0;
        assertAsOneByOne(localiser, table, entries, from, complements, maxPfn, "seed " + seed);
      }
    }
  }

  /// A table that is one run of pfns, whose frames are one run, or all but one of them, or none for
  /// one of them; also where the run goes beyond the guest's last pfn.
  @Test
  void aTableThatIsOneRunIsTranslatedAsOneByOne() {
    TableLocaliser localiser = new TableLocaliser();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment table = arena.allocate(4096, 8);
      MemorySegment complements = arena.allocate(8L * PFNS, 8);
      for (int odd : new int[] {-1, 0, 1, 7, 255, 256, 510, 511}) {
        for (long other : new long[] {0, ~5L}) {
          for (long maxPfn : new long[] {PFNS - 1, 100 + 511, 100 + 510, 100, 99}) {
            for (int pfn = 0; pfn < PFNS; pfn++) {
              complements.setAtIndex(ValueLayout.JAVA_LONG, pfn, ~(0xFF_0000_0000L + pfn));
            }
            if (odd >= 0) {
              complements.setAtIndex(ValueLayout.JAVA_LONG, 100 + odd, other);
            }
            long[] entries = new long[PageTableEntry.ENTRIES];
            for (int slot = 0; slot < entries.length; slot++) {
              entries[slot] = 0x8000_0000_0000_0067L | (100L + slot) << 12;
            }
            String what = "odd %d, %d there, up to %d".formatted(odd, other, maxPfn);
            assertAsOneByOne(localiser, table, entries, 0, complements, maxPfn, what);
          }
        }
      }
    }
  }

  private static long[] entries(RandomGenerator chance, boolean faults) {
    long[] entries = new long[PageTableEntry.ENTRIES];
    int slot = 0;
    while (slot < entries.length) {
      int length = Math.min(1 + chance.nextInt(chance.nextInt(4) == 0 ? 512 : 70), 512 - slot);
      int kind = chance.nextInt(4);
      long pfn = chance.nextInt(PFNS);
      for (int i = 0; i < length; i++) {
        long flags = chance.nextLong() & ~PageTableEntry.FRAME_MASK & ~PageTableEntry.PRESENT;
        long named = kind == 1 ? chance.nextInt(PFNS) : pfn;
        if (faults && chance.nextInt(2000) == 0) {
          named = PFNS + chance.nextLong(9);
        }
        entries[slot++] =
            kind == 0 ? chance.nextLong() & ~PageTableEntry.PRESENT : named << 12 | flags | 1;
        pfn = (pfn + 1) % PFNS;
      }
    }
    return entries;
  }

  /// @param table takes the entries
  private static void assertAsOneByOne(
      TableLocaliser localiser,
      MemorySegment table,
      long[] entries,
      int from,
      MemorySegment complements,
      long maxPfn,
      String what) {
    MemorySegment.copy(entries, 0, table, ValueLayout.JAVA_LONG, 0, entries.length);
    int wanted = oneByOne(entries, from, complements, maxPfn);
    assertEquals(wanted, localiser.localise(table, 0, from, complements, maxPfn), what);
    assertArrayEquals(entries, table.toArray(ValueLayout.JAVA_LONG), what);
  }

  private static int oneByOne(long[] entries, int from, MemorySegment complements, long maxPfn) {
    for (int slot = from; slot < entries.length; slot++) {
      if (PageTableEntry.isPresent(entries[slot])) {
        long pfn = PageTableEntry.frame(entries[slot]);
        if (pfn > maxPfn || complements.getAtIndex(ValueLayout.JAVA_LONG, pfn) == 0) {
          return slot;
        }
        long frame = ~complements.getAtIndex(ValueLayout.JAVA_LONG, pfn);
        entries[slot] = PageTableEntry.withFrame(entries[slot], frame);
      }
    }
    return entries.length;
  }
}
