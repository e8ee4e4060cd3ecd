// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class PageEntriesTest {
  private static PageEntries entries(long... entries) {
    MemorySegment octets = MemorySegment.ofArray(new byte[8 * entries.length]);
    for (int i = 0; i < entries.length; i++) {
      Wire.putU64(octets, 8L * i, entries[i], ByteOrder.LITTLE_ENDIAN);
    }
    return new PageEntries(octets);
  }

  @Test
  void separatesTypeReservedBitsAndPfn() {
    PageEntries one = entries(0xC5AF_FFFF_FFFF_FFFFL);
    assertEquals(1, one.count());
    assertEquals(0xC5AF_FFFF_FFFF_FFFFL, one.entry(0));
    assertEquals(0xF_FFFF_FFFF_FFFFL, one.pfn(0));
    assertEquals(0xC, one.type(0));
    assertEquals(0x05A0_0000_0000_0000L, one.reservedBits());
  }

  @Test
  void gathersWhatTheReservedBitsOfAllEntriesSet() {
    assertEquals(
        0x0810_0000_0000_0000L,
        entries(0x0800_0000_0000_0001L, 0x0010_0000_0000_0002L).reservedBits());
    assertEquals(0, entries(0xF000_0000_0000_0001L, 0x000F_FFFF_FFFF_FFFFL).reservedBits());
  }

  @Test
  void countsEachType() {
    PageEntries five =
        entries(1, 2, 0xF000_0000_0000_0003L, 0xE000_0000_0000_0004L, 0xD000_0000_0000_0005L);
    assertEquals(5, five.count());
    assertEquals(2, five.withData());
    assertEquals(2, five.countOf(PageType.NOTAB));
    assertEquals(1, five.countOf(PageType.XTAB));
    assertEquals(1, five.countOf(PageType.XALLOC));
    assertEquals(1, five.countOf(PageType.BROKEN));
    assertEquals(0, five.countOf(PageType.L1TAB));
    assertTrue(five.hasAnyOf(PageType.DATALESS_SET));
    assertFalse(five.hasAnyOf(PageType.TABLE_SET));
    assertFalse(five.hasAnyOf(PageType.RESERVED_SET));
  }

  @Test
  void knowsTheHighestPfn() {
    assertEquals(9, entries(3, 9, 4).highestPfn());
    assertEquals(0, entries(0).highestPfn());
    assertEquals(-1, entries().highestPfn());
  }

  @Test
  void tellsAscendingFromOtherOrders() {
    assertTrue(entries(1, 2, 0xF000_0000_0000_0003L).isAscending());
    assertFalse(entries(1, 3, 2).isAscending());
    assertFalse(entries(1, 1).isAscending());
    assertTrue(entries().isAscending());
  }

  @Test
  void findsEachPfnThatComesAgain() {
    assertEquals("{}", entries(1, 2, 3).repeated().toString());
    assertEquals("{}", entries(3, 2, 1).repeated().toString());
    assertEquals("{2, 3}", entries(7, 2, 7, 0xF000_0000_0000_0002L).repeated().toString());
    assertEquals("{1, 2}", entries(0, 0, 0).repeated().toString());
  }

  @Test
  void keepsTheOctetsThatItWasGiven() {
    MemorySegment octets = MemorySegment.ofArray(new byte[16]);
    assertEquals(octets, new PageEntries(octets).octets());
  }
}
