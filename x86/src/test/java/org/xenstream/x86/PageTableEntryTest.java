// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PageTableEntryTest {

  @Test
  void frameAndFlagsShareTheEntry() {
    long entry = 0x8010_0000_0123_4067L;
    assertEquals(0x1234, PageTableEntry.frame(entry));
    assertEquals(0x8010_0000_0000_0067L, PageTableEntry.flags(entry));
    assertEquals(0x8010_0000_0000_1067L, PageTableEntry.withFrame(entry, 1));
    assertEquals(0xff_ffff_ffffL, PageTableEntry.frame(-1));
    assertEquals(0x000f_ffff_ffff_f000L, PageTableEntry.withFrame(0, -1));
    assertTrue(PageTableEntry.isPresent(entry));
    assertFalse(PageTableEntry.isPresent(0x1234_0066L));
  }

  @Test
  void superpagesAreOfLevels2And3Only() {
    long pse = PageTableEntry.PRESENT | PageTableEntry.PSE;
    assertFalse(PageTableEntry.isSuperpage(PageTableLevel.L1, pse));
    assertTrue(PageTableEntry.isSuperpage(PageTableLevel.L2, pse));
    assertTrue(PageTableEntry.isSuperpage(PageTableLevel.L3, pse));
    assertFalse(PageTableEntry.isSuperpage(PageTableLevel.L4, pse));
    assertFalse(PageTableEntry.isSuperpage(PageTableLevel.L2, PageTableEntry.PSE));
  }

  @Test
  void xensOwnSlots() {
    assertFalse(PageTableEntry.isXenSlot(PageTableLevel.L4, 255));
    assertTrue(PageTableEntry.isXenSlot(PageTableLevel.L4, 256));
    assertTrue(PageTableEntry.isXenSlot(PageTableLevel.L4, 271));
    assertFalse(PageTableEntry.isXenSlot(PageTableLevel.L4, 272));
    assertFalse(PageTableEntry.isXenSlot(PageTableLevel.L3, 256));
    // The m2p of a 64-bit guest begins at 0xffff800000000000, that of a 32-bit one at 0xf5800000.
    assertEquals(256, PageTableLevel.L4.slot(0xffff_8000_0000_0000L));
    assertEquals(272, PageTableLevel.L4.slot(0xffff_8800_0000_0000L));
    assertEquals(428, PageTableEntry.COMPAT_L2_XEN_FIRST);
    assertEquals(PageTableEntry.COMPAT_L2_XEN_FIRST, PageTableLevel.L2.slot(0xf580_0000L));
  }

  @Test
  void levels() {
    for (PageTableLevel level : PageTableLevel.values()) {
      assertSame(level, PageTableLevel.of(level.number()));
    }
    assertEquals(4, PageTableLevel.L3.entries(4));
    assertEquals(512, PageTableLevel.L3.entries(8));
    assertEquals(512, PageTableLevel.L2.entries(4));
    assertEquals(3, PageTableLevel.L3.slot(0xf580_0000L));
    assertEquals(1L << 39, PageTableLevel.L4.span());
    assertEquals(
        "there is no page table of level 5",
        assertThrows(IllegalArgumentException.class, () -> PageTableLevel.of(5)).getMessage());
  }

  @Test
  void explanations() {
    assertEquals(
        "e{entry=0x8000000000451067 (maps a table); frame=0x0000000000000451;"
            + " flags=0x8000000000000067 [PRESENT, RW, USER, ACCESSED, DIRTY, NX]}",
        Rendering.of(PageTableEntry.explain("e", PageTableLevel.L4, 0x8000000000451067L)));
    assertEquals(
        "e{entry=0x00000000004000e3 (maps a page of 2 MiB); frame=0x0000000000000400;"
            + " flags=0x00000000000000e3 [PRESENT, RW, ACCESSED, DIRTY, PSE]}",
        Rendering.of(PageTableEntry.explain("e", PageTableLevel.L2, 0x4000e3)));
    assertEquals(
        "e{entry=0x0000000000400081 (maps a page of 4 KiB); frame=0x0000000000000400;"
            + " flags=0x0000000000000081 [PRESENT, PAT]}",
        Rendering.of(PageTableEntry.explain("e", PageTableLevel.L1, 0x400081)));
    assertEquals(
        "e{entry=0x0000000000000080 (maps nothing); frame=0x0000000000000000;"
            + " flags=0x0000000000000080 [PSE]}",
        Rendering.of(PageTableEntry.explain("e", PageTableLevel.L2, 0x80)));
  }
}
