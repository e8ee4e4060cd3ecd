// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.core.format.PageType;
import org.xenstream.transfer.Hypervisor.VcpuState;
import org.xenstream.transfer.sim.GuestFault.Kind;
import org.xenstream.x86.PageTableEntry;

/// The self-check bites: each kind of harm that a migration can do to a guest is found and named.
class GuestCheckTest {
  private static final int FRAMES = 1 << 15;

  private SimHost first;
  private SimHost second;

  @BeforeEach
  void hosts() throws IOException {
    first = new SimHost(SimOptions.ofFrames(FRAMES));
    second = new SimHost(SimOptions.ofFrames(FRAMES));
  }

  @AfterEach
  void noHosts() {
    first.close();
    second.close();
  }

  private SimGuest guest(GuestKind kind) throws IOException {
    return GuestBuilder.of(kind).memory(8 << 20).balloon(32, 8).build(first);
  }

  /// Moves a guest with damage, and checks it over there.
  private GuestReport moved(SimGuest guest, PlainMove.Damage damage) throws IOException {
    assertTrue(guest.domain().suspend());
    return SimGuest.attach(second, PlainMove.move(guest, second, damage)).check();
  }

  /// The same with damage to one page.
  private GuestReport moved(SimGuest guest, long pfn, Consumer<MemorySegment> damage)
      throws IOException {
    return moved(
        guest,
        (at, _, page) -> {
          if (at == pfn) {
            damage.accept(page);
          }
        });
  }

  private static MemorySegment copy(MemorySegment page) {
    return MemorySegment.ofArray(new byte[PagePattern.PAGE]).copyFrom(page);
  }

  private static void assertOnly(GuestReport report, Kind kind, long pfn, String message) {
    assertEquals(Map.of(kind, 1L), report.counts(), report::toString);
    assertEquals(new GuestFault(kind, pfn, message), report.first().getFirst());
    assertFalse(report.isClean());
    assertEquals(kind == Kind.EXTRA, report.survived());
  }

  @ParameterizedTest
  @EnumSource(GuestKind.class)
  void droppedPage(GuestKind kind) throws IOException {
    SimGuest guest = guest(kind);
    GuestMemory memory = guest.newMemory();
    long pfn = guest.layout().dataPfn(700);
    MemorySegment old = copy(memory.read(pfn));
    memory.rewrite(pfn);
    GuestReport report = moved(guest, pfn, page -> page.copyFrom(old));
    assertOnly(report, Kind.LOST, pfn, "expected version 2, found version 1");
  }

  @Test
  void pageThatNeverCame() throws IOException {
    SimGuest guest = guest(GuestKind.HVM);
    long pfn = guest.layout().dataPfn(700);
    GuestReport report = moved(guest, pfn, page -> page.fill((byte) 0));
    assertOnly(report, Kind.LOST, pfn, "expected version 1, found version 0");
  }

  @ParameterizedTest
  @EnumSource(GuestKind.class)
  void tornPage(GuestKind kind) throws IOException {
    SimGuest guest = guest(kind);
    GuestMemory memory = guest.newMemory();
    long pfn = guest.layout().dataPfn(3);
    MemorySegment old = copy(memory.read(pfn));
    memory.rewrite(pfn);
    GuestReport report = moved(guest, pfn, page -> page.asSlice(4088).copyFrom(old.asSlice(4088)));
    assertOnly(
        report,
        Kind.TORN,
        pfn,
        "expected version 2, found one that is not whole: it says pfn 0x%x, version 2, and is another at octet 0xff8"
            .formatted(pfn));
  }

  @ParameterizedTest
  @EnumSource(GuestKind.class)
  void swappedPages(GuestKind kind) throws IOException {
    SimGuest guest = guest(kind);
    long one = guest.layout().dataPfn(900);
    long other = guest.layout().dataPfn(901);
    MemorySegment kept = MemorySegment.ofArray(new byte[PagePattern.PAGE]);
    guest.domain().readPage(other, kept);
    GuestReport report =
        moved(
            guest,
            (at, type, page) -> {
              if (at == one || at == other) {
                MemorySegment now = copy(page);
                page.copyFrom(kept);
                kept.copyFrom(now);
              }
            });
    assertEquals(Map.of(Kind.WRONG_PFN, 2L), report.counts(), report::toString);
    assertEquals(
        "WRONG_PFN at pfn 0x%x: expected version 1, found pfn 0x%x, version 1"
            .formatted(one, other),
        report.first().getFirst().toString());
  }

  /// The table alone, and the table together with the page that it tells of: then nothing but the
  /// sum over the table is left to tell.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void lostPageOfTheVersionTable(boolean withThePage) throws IOException {
    SimGuest guest = guest(GuestKind.HVM);
    GuestMemory memory = guest.newMemory();
    long pfn = guest.layout().dataPfn(700);
    long table = guest.layout().versionPage(pfn);
    MemorySegment oldTable = copy(memory.read(table));
    MemorySegment oldPage = copy(memory.read(pfn));
    memory.rewrite(pfn);
    GuestReport report =
        moved(
            guest,
            (at, type, page) -> {
              if (at == table) {
                page.copyFrom(oldTable);
              } else if (at == pfn && withThePage) {
                page.copyFrom(oldPage);
              }
            });
    assertEquals(
        withThePage ? Map.of(Kind.STRUCTURE, 1L) : Map.of(Kind.STRUCTURE, 1L, Kind.AHEAD, 1L),
        report.counts(),
        report::toString);
    if (!withThePage) {
      assertEquals(
          new GuestFault(Kind.AHEAD, pfn, "expected version 1, found version 2"),
          report.first().getFirst());
    }
    assertTrue(
        report.first().getLast().message().startsWith("the sum over the version table: expected"),
        report::toString);
  }

  @ParameterizedTest
  @EnumSource(GuestKind.class)
  void pageTooFewAndTooMany(GuestKind kind) throws IOException {
    SimGuest guest = guest(kind);
    assertTrue(guest.domain().suspend());
    SimDomain there = PlainMove.move(guest, second);
    long absent = guest.layout().balloonPfn(0);
    there.balloonIn(absent);
    GuestReport report = SimGuest.attach(second, there).check();
    assertEquals(
        kind.isPv() ? Map.of(Kind.EXTRA, 1L, Kind.P2M, 1L) : Map.of(Kind.EXTRA, 1L),
        report.counts(),
        report::toString);
    assertEquals(
        new GuestFault(Kind.EXTRA, absent, "there is a page that was ballooned out"),
        report.first().getFirst());
    there.balloonOut(absent);
    if (!kind.isPv()) {
      long gone = guest.layout().dataPfn(5);
      there.balloonOut(gone);
      assertOnly(SimGuest.attach(second, there).check(), Kind.MISSING, gone, "there is no page");
      there.balloonIn(gone);
      there.balloonIn(guest.layout().pfns + 7);
      report = SimGuest.attach(second, there).check();
      assertEquals(Map.of(Kind.LOST, 1L, Kind.EXTRA, 1L), report.counts());
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = GuestKind.class,
      names = {"PV64", "PV32"})
  void stalePageTableEntry(GuestKind kind) throws IOException {
    SimGuest guest = guest(kind);
    PvLayout pv = guest.layout().pv;
    GuestMemory memory = guest.newMemory();
    // A table as it was, of a mapping that the guest has changed since.
    long pfn = guest.layout().dataPfn(900);
    long address = pv.directAddress(pfn);
    int table = pv.tree.l1(TableTree.KERNEL, address);
    int slot = (int) (address >>> 12) & 511;
    long before = memory.shadow(table, slot);
    memory.setDirect(pfn, PvLayout.directEntry(pfn, false));
    GuestReport report =
        moved(
            guest,
            (at, type, page) -> {
              if (at == pv.tablePfn(table)) {
                assertTrue(PageType.isTable(type));
                long entry = page.get(PagePattern.WORD, 8L * slot);
                page.set(PagePattern.WORD, 8L * slot, entry | PageTableEntry.WRITABLE);
              }
            });
    assertTrue((before & PageTableEntry.WRITABLE) != 0);
    assertEquals(Map.of(Kind.TABLE_ENTRY, 1L), report.counts(), report::toString);
    assertEquals(pv.tablePfn(table), report.first().getFirst().pfn());
    assertTrue(
        report.first().getFirst().message().startsWith("slot %d: expected 0x".formatted(slot)),
        report::toString);
  }

  @ParameterizedTest
  @EnumSource(
      value = GuestKind.class,
      names = {"PV64", "PV32"})
  void entryForAnotherPage(GuestKind kind) throws IOException {
    SimGuest guest = guest(kind);
    PvLayout pv = guest.layout().pv;
    int table = pv.tree.l1(TableTree.KERNEL, pv.directAddress(guest.layout().dataPfn(900)));
    GuestReport report =
        moved(
            guest,
            pv.tablePfn(table),
            // Slots 500 and 501 map data pages.
            page -> page.set(PagePattern.WORD, 8L * 501, page.get(PagePattern.WORD, 8L * 500)));
    assertEquals(Map.of(Kind.TABLE_ENTRY, 1L), report.counts(), report::toString);
  }

  @ParameterizedTest
  @EnumSource(
      value = GuestKind.class,
      names = {"PV64", "PV32"})
  void forgottenPinAndStaleP2m(GuestKind kind) throws IOException {
    SimGuest guest = guest(kind);
    assertTrue(guest.domain().suspend());
    SimDomain there = PlainMove.move(guest, second);
    PvLayout pv = guest.layout().pv;
    int root = pv.tree.root(TableTree.KERNEL);
    there.unpinTable(pv.tablePfn(root));
    GuestReport report = SimGuest.attach(second, there).check();
    String type = kind == GuestKind.PV64 ? "L4TAB" : "L3TAB";
    assertOnly(
        report,
        Kind.TABLE_TYPE,
        pv.tablePfn(root),
        "expected %s_PIN, found %s".formatted(type, type));
    there.pinTable(pv.tablePfn(root), pv.tree.topLevel());
    long pfn = guest.layout().dataPfn(42);
    new GuestMemory(there, guest.layout(), this, new LongAdder())
        .setP2m(pfn, guest.domain().frameOf(pfn));
    report = SimGuest.attach(second, there).check();
    // The table that maps it is right, and so is the page.
    assertOnly(
        report,
        Kind.P2M,
        pfn,
        "the p2m's entry: expected 0x%x, found 0x%x"
            .formatted(there.frameOf(pfn), guest.domain().frameOf(pfn)));
  }

  @Test
  void oldHvmContext() throws IOException {
    SimGuest guest = guest(GuestKind.HVM);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment old = first.hvmContext(guest.domain().domid(), arena);
      assertTrue(guest.domain().suspend());
      SimDomain there = PlainMove.move(guest, second);
      second.setHvmContext(there.domid(), old);
      GuestReport report = SimGuest.attach(second, there).check();
      assertEquals(Map.of(Kind.CONTEXT, 1L), report.counts());
      assertFalse(report.survived());
    }
  }

  @ParameterizedTest
  @EnumSource(VcpuState.class)
  void oldVcpuState(VcpuState kind) throws IOException {
    for (GuestKind width : new GuestKind[] {GuestKind.PV64, GuestKind.PV32}) {
      SimGuest guest = guest(width);
      assertTrue(guest.domain().suspend());
      SimDomain there = PlainMove.move(guest, second);
      MemorySegment old =
          new PvStates(guest.layout().pv).state(kind, 1, guest.generation() - 1, there::frameOf);
      second.setVcpuState(there.domid(), 1, kind, old);
      GuestReport report = SimGuest.attach(second, there).check();
      assertEquals(Map.of(Kind.CONTEXT, 1L), report.counts(), report::toString);
      assertTrue(
          report.first().getFirst().message().startsWith("vCPU 1 " + kind), report::toString);
    }
  }

  @Test
  void oldSharedInfoAndParams() throws IOException {
    SimGuest pv = guest(GuestKind.PV64);
    assertTrue(pv.domain().suspend());
    SimDomain there = PlainMove.move(pv, second);
    new PvStates(pv.layout().pv).fillVcpuInfo(there.sharedInfo(), pv.generation() - 1);
    assertOnly(
        SimGuest.attach(second, there).check(),
        Kind.CONTEXT,
        -1,
        "vcpu_info[0].arch.cr2 of the shared info page is not that of generation 2");

    SimGuest hvm = guest(GuestKind.HVM);
    assertTrue(hvm.domain().suspend());
    there = PlainMove.move(hvm, second);
    second.setHvmParam(there.domid(), 12, 0x1000);
    assertOnly(
        SimGuest.attach(second, there).check(),
        Kind.STRUCTURE,
        -1,
        "parameter IDENT_PT: expected 0x%x, found 0x1000"
            .formatted(GuestParams.identPt(hvm.layout()) << 12));
  }

  @Test
  void guestThatIsNotThere() throws IOException {
    SimDomain empty = second.createHvm(1, 100);
    assertThrows(GuestLostException.class, () -> SimGuest.attach(second, empty));
    SimDomain pv = second.createPv(1, 100);
    assertThrows(GuestLostException.class, () -> SimGuest.attach(second, pv));
    SimGuest guest = guest(GuestKind.HVM);
    long record = guest.layout().record;
    GuestLostException lost =
        assertThrows(
            GuestLostException.class,
            () -> moved(guest, record, page -> page.set(PagePattern.WORD, 16, 1)));
    assertEquals("pfn 0x%x holds no record of a guest".formatted(record), lost.getMessage());
  }
}
