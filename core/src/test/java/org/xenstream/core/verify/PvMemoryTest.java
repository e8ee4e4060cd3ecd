// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.xenstream.core.format.PageEntries;
import org.xenstream.core.format.PageType;

class PvMemoryTest {
  private static final long PRESENT = 1;

  private final PvMemory memory = new PvMemory();

  private static PageEntries entries(long... entries) {
    return new PageEntries(MemorySegment.ofArray(entries));
  }

  /// A table of these entries at its start and end.
  private static MemorySegment table(long first, long last) {
    long[] entries = new long[512];
    entries[0] = first;
    entries[511] = last;
    return MemorySegment.ofArray(entries);
  }

  @Test
  void theLastTypeCountsAndAFrameStays() {
    memory.grow(9);
    memory.take(entries(3, 0xF000_0000_0000_0004L));
    memory.take(entries(0xF000_0000_0000_0003L, 0x2000_0000_0000_0005L));
    assertEquals(PageType.XTAB, memory.type(3));
    assertTrue(memory.isPopulated(3));
    assertFalse(memory.isPopulated(4));
    assertEquals("XTAB", memory.describe(3));
    assertEquals("L2TAB", memory.describe(5));
    assertEquals("no page", memory.describe(6));
  }

  @Test
  void aMarkStaysWhateverBecomesOfThePage() {
    memory.grow(9);
    memory.take(entries(3));
    memory.mark(3, 2);
    memory.take(entries(0xF000_0000_0000_0003L, 4));
    memory.takeTable(table(3 << 12 | PRESENT, 0), 9);
    assertEquals(2, memory.mark(3));
    assertEquals(0, memory.mark(4));
    assertEquals("XTAB", memory.describe(3));
    assertTrue(memory.isPopulated(3));
    memory.mark(3, 3);
    memory.mark(3, 1);
    assertEquals(1, memory.mark(3));
    assertEquals(PageType.XTAB, memory.type(3));
  }

  @Test
  void aPresentEntryOfATableGivesAFrame() {
    memory.grow(9);
    int wrong = memory.takeTable(table(9 << 12 | PRESENT, 8L << 12), 9);
    assertEquals(-1, wrong);
    assertTrue(memory.isPopulated(9));
    assertFalse(memory.isPopulated(8));
    assertFalse(memory.isPopulated(0));
    assertEquals(PageType.NOTAB, memory.type(9));
  }

  @Test
  void findsTheFirstPresentEntryAboveTheGuest() {
    memory.grow(9);
    assertEquals(511, memory.takeTable(table(10 << 12, 10 << 12 | PRESENT), 9));
    assertEquals(10 << 12 | PRESENT, memory.tableEntry(511));
    assertEquals(0, memory.takeTable(table(0x000F_FFFF_FFFF_F001L, 10 << 12 | PRESENT), 9));
  }

  @Test
  void theBitsAboveTheFrameAreFlags() {
    memory.grow(9);
    assertEquals(-1, memory.takeTable(table(0xFFF0_0000_0000_9FFFL, 0), 9));
    assertTrue(memory.isPopulated(9));
  }

  @Test
  void growingKeepsWhatIsKnown() {
    memory.grow(4);
    memory.take(entries(4, 5));
    memory.takeTable(table(2 << 12 | PRESENT, 0), 4);
    memory.grow(9);
    assertEquals("NOTAB", memory.describe(4));
    assertTrue(memory.isPopulated(2));
    for (int pfn = 5; pfn <= 9; pfn++) {
      assertEquals("no page", memory.describe(pfn));
    }
  }

  @Test
  void nothingIsKeptAboveTheLimit() {
    memory.grow(1L << 40);
    memory.take(entries(PvMemory.TRACKED, PvMemory.TRACKED - 1));
    assertEquals(
        -1, memory.takeTable(table(PvMemory.TRACKED << 12 | PRESENT, 7 << 12 | 1), 1L << 40));
    assertTrue(PvMemory.isTracked(PvMemory.TRACKED - 1));
    assertFalse(PvMemory.isTracked(PvMemory.TRACKED));
    assertTrue(memory.isPopulated(PvMemory.TRACKED - 1));
    assertTrue(memory.isPopulated(7));
  }

  @Test
  void aSlotOfTheP2mThatNoRecordNamedIsMinusOne() {
    memory.takeP2mFrame(3, 77);
    memory.takeP2mFrame(1L << 40, 5);
    assertEquals(77, memory.p2mFrame(3));
    assertEquals(-1, memory.p2mFrame(2));
    assertEquals(-1, memory.p2mFrame(1L << 40));
  }
}
