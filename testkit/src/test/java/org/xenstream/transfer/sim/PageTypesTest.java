// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.x86.PageTableEntry;

/// Which tables Xen takes. A guest has pages at pfns 0 to 31, all empty.
class PageTypesTest {
  private static final long PRESENT = 0x1;
  private static final long WRITABLE = 0x3;

  private SimHost host;
  private SimDomain domain;

  @BeforeEach
  void makeGuest() throws IOException {
    host = new SimHost(SimOptions.ofFrames(128));
    // Frames and pfns differ, so that nothing takes the one for the other.
    host.createPv(1, 16);
    domain = guest(8);
  }

  @AfterEach
  void closeHost() {
    host.close();
  }

  private SimDomain guest(int width) throws IOException {
    SimDomain guest = host.createPv(1, 32);
    host.setGuestWidth(guest.domid(), width);
    for (long pfn = 0; pfn < 32; pfn++) {
      guest.balloonIn(pfn);
    }
    return guest;
  }

  private long entry(long pfn, long flags) {
    return PageTableEntry.withFrame(flags, domain.frameOf(pfn));
  }

  private void refused(String errno, String detail, long pfn, int level) {
    HypervisorException thrown =
        assertThrows(HypervisorException.class, () -> domain.pinTable(pfn, level));
    assertEquals(
        "mmuext_op of domain %d failed: %s (%s)".formatted(domain.domid(), errno, detail),
        thrown.getMessage());
    // A refusal leaves no reference behind: every page can be written and given back.
    for (long each = 0; each < 32; each++) {
      int count = (int) (word(each) & FrameTable.COUNT);
      assertEquals(0, count, "references of pfn " + each);
    }
  }

  private long word(long pfn) {
    return host.frames().word(domain.frameOf(pfn));
  }

  @ParameterizedTest
  @CsvSource({
    "1, 0x9",
    "1, 0x11",
    "1, 0x81",
    "2, 0x81",
    "2, 0x101",
    "3, 0x81",
    "4, 0x81",
    "4, 0x11"
  })
  void flagsThatAreNotAllowed(int level, String flags) throws IOException {
    long bad = entry(9, Long.decode(flags));
    domain.writeWord(5, 8 * 17, entry(8, PRESENT));
    domain.writeWord(5, 8 * 20, bad);
    refused(
        "EINVAL",
        "level %d table 0x%x, slot 20: entry 0x%x has flags that are not allowed"
            .formatted(level, domain.frameOf(5), bad),
        5,
        level);
  }

  @Test
  void theGlobalFlagIsForPagesOnly() throws IOException {
    domain.writeWord(5, 0, entry(9, PRESENT | PageTableEntry.GLOBAL));
    domain.pinTable(5, 1);
  }

  @Test
  void framesOfNobodyAndOfOthers() throws IOException {
    long none = PageTableEntry.withFrame(PRESENT, 0x12345);
    domain.writeWord(5, 0, none);
    String of = "level 1 table 0x%x, slot 0: entry 0x%x ".formatted(domain.frameOf(5), none);
    refused("EPERM", of + "names no memory of the machine", 5, 1);
    long invalid = PageTableEntry.FRAME_MASK | PRESENT;
    domain.writeWord(5, 0, invalid);
    of = "level 1 table 0x%x, slot 0: entry 0x%x ".formatted(domain.frameOf(5), invalid);
    refused("EINVAL", of + "names no memory of the machine", 5, 1);
    SimDomain other = host.createPv(1, 4);
    other.balloonIn(0);
    long foreign = PageTableEntry.withFrame(PRESENT, other.frameOf(0));
    domain.writeWord(5, 0, foreign);
    of = "level 1 table 0x%x, slot 0: entry 0x%x ".formatted(domain.frameOf(5), foreign);
    refused("EBUSY", of + "names a frame of somebody else", 5, 1);
    domain.writeWord(6, 8, foreign);
    of = "level 2 table 0x%x, slot 1: entry 0x%x ".formatted(domain.frameOf(6), foreign);
    refused("EINVAL", of + "frame 0x%x is not the domain's".formatted(other.frameOf(0)), 6, 2);
  }

  @Test
  void aTableIsNotMappedWritable() throws IOException {
    domain.writeWord(5, 0, entry(5, WRITABLE));
    refused(
        "EBUSY",
        "level 1 table 0x%x, slot 0: entry 0x%x frame 0x%x is in use as a level 1 table"
                .formatted(domain.frameOf(5), entry(5, WRITABLE), domain.frameOf(5))
            + " and cannot become writable",
        5,
        1);
    domain.writeWord(5, 0, entry(5, PRESENT));
    domain.pinTable(5, 1);
  }

  @Test
  void aBadPageDeepBelowKeepsAllAboveFromBeingTables() throws IOException {
    domain.writeWord(1, 8, entry(0, WRITABLE));
    domain.writeWord(1, 16, entry(4, WRITABLE));
    domain.writeWord(2, 0, entry(1, WRITABLE));
    domain.writeWord(3, 0, entry(2, WRITABLE));
    domain.writeWord(4, 8, entry(3, WRITABLE));
    refused(
        "EBUSY",
        "level 1 table 0x%x, slot 2: entry 0x%x frame 0x%x is in use as a level 4 table"
                .formatted(domain.frameOf(1), entry(4, WRITABLE), domain.frameOf(4))
            + " and cannot become writable",
        4,
        4);
  }

  @Test
  void aTableMayNameOneOfItsLevelReadOnly() throws IOException {
    domain.writeWord(4, 8, entry(4, PRESENT));
    domain.pinTable(4, 4);
    assertEquals(1, word(4) & FrameTable.COUNT);
    domain.writeWord(5, 8, entry(4, PRESENT));
    domain.pinTable(5, 4);
    assertEquals(2, word(4) & FrameTable.COUNT);
    domain.unpinTable(5);
    assertEquals(1, word(4) & FrameTable.COUNT);
    domain.writeWord(5, 8, entry(4, WRITABLE));
    HypervisorException thrown =
        assertThrows(HypervisorException.class, () -> domain.pinTable(5, 4));
    assertEquals("EINVAL", thrown.errno());
    domain.unpinTable(4);
    assertEquals(0, word(4) & FrameTable.COUNT);
  }

  @Test
  void xensSlotsAreNotTheGuests() throws IOException {
    domain.writeWord(4, 8 * 256, -1);
    domain.writeWord(4, 8 * 271, -1);
    domain.pinTable(4, 4);
    assertEquals(domain.frameOf(4), PageTableEntry.frame(domain.readWord(4, 8 * 258)));
    assertEquals(0, domain.readWord(4, 8 * 271));
    HypervisorException thrown =
        assertThrows(HypervisorException.class, () -> domain.updateEntry(4, 256, 0));
    assertEquals(
        "mmu_update of domain %d failed: EINVAL (level 4 table 0x%x, slot 256: entry 0x0"
                .formatted(domain.domid(), domain.frameOf(4))
            + " would change what is Xen's)",
        thrown.getMessage());
    domain.updateEntry(4, 272, entry(3, WRITABLE));
    assertEquals(1, word(3) & FrameTable.COUNT);
  }

  @Test
  void thePaeTableHasFourEntriesAndXensLast() throws IOException {
    domain = guest(4);
    refused(
        "EINVAL",
        "level 3 table 0x%x: slot 3 must be present in a 32-bit guest".formatted(domain.frameOf(3)),
        3,
        3);
    domain.writeWord(3, 0, entry(1, PRESENT));
    domain.writeWord(3, 24, entry(2, PRESENT));
    domain.writeWord(3, 32, -1);
    domain.writeWord(2, 8 * PageTableEntry.COMPAT_L2_XEN_FIRST, -1);
    domain.pinTable(3, 3);
    assertEquals(0, domain.readWord(3, 32));
    assertEquals(
        host.compatM2pFirstFrame(),
        PageTableEntry.frame(domain.readWord(2, 8 * PageTableEntry.COMPAT_L2_XEN_FIRST)));
    domain.writeWord(6, 0, entry(1, PRESENT));
    domain.writeWord(6, 24, entry(2, PRESENT));
    HypervisorException thrown =
        assertThrows(HypervisorException.class, () -> domain.pinTable(6, 3));
    assertEquals(
        "mmuext_op of domain %d failed: EINVAL (level 3 table 0x%x, slot 3: entry 0x%x"
                .formatted(domain.domid(), domain.frameOf(6), entry(2, PRESENT))
            + " is shared with another level 3 table)",
        thrown.getMessage());
    assertEquals(1, word(1) & FrameTable.COUNT);
    assertEquals(1, word(2) & FrameTable.COUNT);
    // Xen passes over level 4 in such a guest.
    domain.pinTable(9, 4);
    assertEquals(0, word(9) & FrameTable.COUNT);
  }

  @Test
  void entriesHoldWhatTheyName() throws IOException {
    domain.writeWord(2, 0, entry(1, WRITABLE));
    domain.pinTable(2, 2);
    for (int slot = 0; slot < 5; slot++) {
      domain.updateEntry(1, slot, entry(7, WRITABLE));
      domain.updateEntry(2, slot + 1, entry(1, WRITABLE));
    }
    assertEquals(5, word(7) & FrameTable.COUNT);
    assertEquals(6, word(1) & FrameTable.COUNT);
    domain.updateEntry(1, 0, entry(7, PRESENT));
    domain.updateEntry(1, 1, entry(8, WRITABLE));
    assertEquals(3, word(7) & FrameTable.COUNT);
    domain.unpinTable(2);
    for (long pfn = 0; pfn < 32; pfn++) {
      assertEquals(0, word(pfn) & FrameTable.COUNT);
    }
    // An update of a page that is no table is a plain store.
    domain.updateEntry(1, 0, -1);
    assertEquals(-1, domain.readWord(1, 0));
  }
}
