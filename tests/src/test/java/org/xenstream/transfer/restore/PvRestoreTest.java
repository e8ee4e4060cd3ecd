// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.Wire;
import org.xenstream.testkit.StreamBuilder;
import org.xenstream.transfer.Hypervisor.VcpuState;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.sim.SimOptions;
import org.xenstream.transfer.sim.SimOutcome;
import org.xenstream.x86.Cr3;
import org.xenstream.x86.SharedInfo;
import org.xenstream.x86.StartInfo;
import org.xenstream.x86.VcpuContext;

/// Restores of PV guests. A frame is its pfn + 0x1000 here.
class PvRestoreTest {
  private static final long FIRST = 0x1000;

  @ParameterizedTest
  @EnumSource(PagesShown.class)
  void framesOfThisHostAreWhereTheGuestLooks(PagesShown pages) throws IOException {
    StreamBuilder stream = PvStream.begin().record(1, PvStream.pages().octets());
    try (Receiver receiver = Receiver.pv()) {
      receiver.pages = pages;
      RestoreResult result =
          receiver.restore(StreamType.PLAIN, PvStream.end(stream, PvStream.basic()));
      assertEquals(FIRST + 3, result.storeFrame());
      assertEquals(FIRST + 4, result.consoleFrame());
      SimOutcome outcome = receiver.domain.outcome();
      assertEquals(List.of(new SimOutcome.Pin(4, FIRST + 5)), outcome.pins());

      StartInfo startInfo = StartInfo.OF_64_BIT;
      MemorySegment page = receiver.page(2);
      assertEquals(FIRST + 3, startInfo.storeFrame.get(page));
      assertEquals(5, startInfo.storeEventChannel.get(page));
      assertEquals(FIRST + 4, startInfo.consoleFrame.get(page));
      assertEquals(6, startInfo.consoleEventChannel.get(page));
      assertEquals(16, startInfo.pages.get(page));
      assertEquals(0x800L << 12, startInfo.sharedInfo.get(page));
      assertEquals(0, startInfo.flags.get(page));

      VcpuContext layout = VcpuContext.OF_64_BIT;
      MemorySegment basic = Objects.requireNonNull(outcome.vcpuState(0, VcpuState.BASIC));
      assertEquals(FIRST + 2, layout.edx.get(basic));
      assertEquals(FIRST + 10, layout.gdtFrames.get(basic, 0));
      assertEquals((FIRST + 5) << 12, layout.controlRegisters.get(basic, 3));
      assertEquals(VcpuContext.ONLINE, layout.flags.get(basic));

      assertEquals((FIRST + 9) << 12 | 0x67, Wire.u64(receiver.page(8), 0));
      assertEquals(0, Wire.u64(receiver.page(8), 8));
      assertEquals((FIRST + 10) << 12 | 0x67, Wire.u64(receiver.page(8), 16));
      MemorySegment p2m = receiver.page(1);
      for (long pfn = 0; pfn < 512; pfn++) {
        boolean there = pfn >= 1 && pfn <= 10;
        // What lies behind the last pfn is the guest's.
        long expected = there ? FIRST + pfn : pfn <= PvStream.LAST_PFN ? -1 : 0;
        assertEquals(expected, Wire.u64(p2m, 8 * pfn), "p2m of pfn " + pfn);
      }
    }
  }

  @Test
  void sharedInfoIsMerged() throws IOException {
    StreamBuilder stream = PvStream.begin().record(1, PvStream.pages().octets());
    try (Receiver receiver = Receiver.pv()) {
      receiver.domain.sharedInfo().fill((byte) 0x22);
      receiver.restore(StreamType.PLAIN, PvStream.end(stream, PvStream.basic()));
      SharedInfo layout = SharedInfo.OF_64_BIT;
      MemorySegment page = receiver.domain.sharedInfo();
      assertEquals(0, layout.frameListList.get(page));
      assertEquals(0x7777_7777_7777_7777L, layout.maxPfn.get(page));
      assertEquals(0, layout.pendingSelector(31).get(page));
      assertEquals(0, Wire.u64(page, layout.eventsPendingOffset + 504));
      assertEquals(-1, Wire.u64(page, layout.eventsMaskOffset));
      assertEquals(-1, Wire.u64(page, layout.eventsMaskOffset + 504));
      assertEquals(0x2222_2222L, layout.wallClockSeconds.get(page), "the clock is the host's");
      assertEquals(0x2222_2222_2222_2222L, Wire.u64(page, 4088));
    }
  }

  /// Tables may come before what they name: they wait for it, and what never comes is given frames.
  @Test
  void tablesThatComeFirstPopulateWhatTheyName() throws IOException {
    PvStream.Batch tables =
        new PvStream.Batch()
            .page(PvStream.PINNED_L4 | 5, PvStream.table(6))
            .page(PvStream.L1 | 8, PvStream.table(9, 10, 12));
    StreamBuilder stream =
        PvStream.begin().record(1, tables.octets()).record(1, PvStream.pages().octets());
    try (Receiver receiver = Receiver.pv()) {
      RestoreResult result =
          receiver.restore(StreamType.PLAIN, PvStream.end(stream, PvStream.basic()));
      assertEquals(11, result.populated(), "pfn 12 has a frame, and no page came for it");
      assertEquals(0x99, receiver.memory().get(9L));
      assertEquals(0, receiver.memory().get(12L));
    }
  }

  /// What a table names gets its frame when its own turn comes, beside that of its neighbours.
  @Test
  void framesAreGivenInTheOrderOfPages() throws IOException {
    PvStream.Batch table = new PvStream.Batch().page(PvStream.L1 | 8, PvStream.table(10, 12, 9));
    StreamBuilder stream =
        PvStream.begin().record(1, table.octets()).record(1, pagesBut8().octets());
    try (Receiver receiver =
        Receiver.pv(SimOptions.ofFrames(64).withChecks(SimOptions.Checks.RECORDED))) {
      receiver.restore(StreamType.PLAIN, PvStream.end(stream, PvStream.basic()));
      long[] order = {8, 1, 2, 3, 4, 5, 6, 7, 9, 10, 12};
      long first = receiver.domain.frameOf(8);
      for (int i = 0; i < order.length; i++) {
        assertEquals(first + i, receiver.domain.frameOf(order[i]), "of pfn " + order[i]);
      }
      assertEquals((first + 10) << 12 | 0x67, Wire.u64(receiver.page(8), 8), "of pfn 12");
    }
  }

  private static PvStream.Batch pagesBut8() {
    return new PvStream.Batch()
        .page(1, StreamBuilder.page(0))
        .page(2, PvStream.startInfo())
        .page(3, StreamBuilder.page(0x33))
        .page(4, StreamBuilder.page(0x44))
        .page(PvStream.PINNED_L4 | 5, PvStream.table(6))
        .page(PvStream.L3 | 6, PvStream.table(7))
        .page(PvStream.L2 | 7, PvStream.table(8))
        .page(9, StreamBuilder.page(0x99))
        .page(10, StreamBuilder.page(0xAA));
  }

  /// A table that waited and comes again has given frames to what it named before; as an ordinary
  /// page it stays as it came, and so does what a later batch of tables brings.
  @Test
  void whatComesAgainDoesNotWait() throws IOException {
    byte[] names12 = PvStream.table(12);
    PvStream.Batch first =
        new PvStream.Batch().page(PvStream.L1 | 8, names12).page(PvStream.L1 | 11, names12);
    PvStream.Batch again =
        new PvStream.Batch().page(PvStream.L1 | 8, PvStream.table(9, -1, 10)).page(11, names12);
    StreamBuilder stream =
        PvStream.begin()
            .record(1, first.octets())
            .record(1, pagesBut8().octets())
            .record(1, again.octets());
    try (Receiver receiver = Receiver.pv()) {
      RestoreResult result =
          receiver.restore(StreamType.PLAIN, PvStream.end(stream, PvStream.basic()));
      assertEquals(12, result.populated(), "pfn 12 was named once, by a table that is gone");
      assertEquals(
          receiver.domain.frameOf(9) << 12 | 0x67, Wire.u64(receiver.page(8), 0), "of pfn 9");
      assertEquals(12 << 12 | 0x67, Wire.u64(receiver.page(11), 0), "no table any more");
    }
  }

  /// Of a table that comes twice in a batch the later counts, and each is translated once.
  @Test
  void aTableTwiceInABatchIsTranslatedOnce() throws IOException {
    PvStream.Batch twice =
        PvStream.pages()
            .page(PvStream.L1 | 8, PvStream.table(10))
            .page(PvStream.L1 | 8, PvStream.table(9, 9));
    StreamBuilder stream = PvStream.begin().record(1, twice.octets());
    try (Receiver receiver = Receiver.pv()) {
      receiver.restore(StreamType.PLAIN, PvStream.end(stream, PvStream.basic()));
      assertEquals((FIRST + 9) << 12 | 0x67, Wire.u64(receiver.page(8), 0));
      assertEquals((FIRST + 9) << 12 | 0x67, Wire.u64(receiver.page(8), 8));
      assertEquals(0, Wire.u64(receiver.page(8), 16));
    }
  }

  /// Tables of a verify pass are translated before they are compared.
  @Test
  void tablesAreVerified() throws IOException {
    PvStream.Batch again =
        new PvStream.Batch()
            .page(PvStream.L1 | 8, PvStream.table(9, -1, 10))
            .page(PvStream.L2 | 7, PvStream.table(9));
    StreamBuilder stream =
        PvStream.begin()
            .record(1, PvStream.pages().octets())
            .record(0x0D)
            .record(1, again.octets());
    try (Receiver receiver = Receiver.pv()) {
      RestoreResult result =
          receiver.restore(StreamType.PLAIN, PvStream.end(stream, PvStream.basic()));
      assertEquals(1, result.mismatches());
      assertEquals("mismatch at pfn 7 of type L2TAB", receiver.toolstack.log.getLast());
    }
  }

  @Test
  void stateThatNamesNoMemoryIsRefused() throws IOException {
    VcpuContext layout = VcpuContext.OF_64_BIT;
    refused(
        basic -> layout.edx.set(basic, 0x10),
        "(vCPU 0.user_regs.rdx): expected a pfn up to 0xf, found 0x10");
    refused(
        basic -> layout.edx.set(basic, 5),
        "(vCPU 0.user_regs.rdx): expected an ordinary page, found pfn 0x5 of type L4TAB_PIN");
    refused(
        basic -> layout.edx.set(basic, 12),
        "(vCPU 0.user_regs.rdx): expected a pfn with memory, found 0xc without");
    refused(
        basic -> layout.gdtEntries.set(basic, 7169),
        "(vCPU 0.gdt_ents): expected at most 7168, found 7169");
    refused(
        basic -> layout.gdtFrames.set(basic, 0, 6),
        "(vCPU 0.gdt_frames[0]): expected an ordinary page, found pfn 0x6 of type L3TAB");
    refused(
        basic -> layout.controlRegisters.set(basic, 3, Cr3.fromFrame(6, 8)),
        "(vCPU 0.ctrlreg[3]): expected a page table of level 4, found pfn 0x6 of type L3TAB");
    refused(
        basic -> layout.controlRegisters.set(basic, 1, Cr3.fromFrame(9, 8) | Cr3.USER_VALID),
        "(vCPU 0.ctrlreg[1]): expected a page table of level 4, found pfn 0x9 of type NOTAB");
  }

  private static void refused(Consumer<MemorySegment> fault, String message) throws IOException {
    byte[] basic = PvStream.basic();
    fault.accept(MemorySegment.ofArray(basic));
    byte[] stream = PvStream.end(PvStream.begin().record(1, PvStream.pages().octets()), basic);
    refused(stream, "a @0x%x %s".formatted(stream.length, message));
  }

  private static void refused(byte[] stream, String message) throws IOException {
    try (Receiver receiver = Receiver.pv()) {
      RefusedStreamException refused =
          assertThrows(
              RefusedStreamException.class, () -> receiver.restore(StreamType.PLAIN, stream));
      assertEquals(message, refused.getMessage());
    }
  }

  @Test
  void pagesAndTablesBeyondTheGuestAreRefused() throws IOException {
    refused(
        StreamBuilder.stream()
            .imageHeader(3)
            .domainHeader(1)
            .record(0x02, new byte[] {8, 4, 0, 0, 0, 0, 0, 0})
            .record(0x10)
            .pageData(0)
            .octets(),
        "a @0x50 (record #2 PAGE_DATA.pfn[0]): expected no pages before X86_PV_P2M_FRAMES, found"
            + " 0x0");
    refused(
        PvStream.begin().pageData(1, 16).octets(),
        "a @0x70 (record #3 PAGE_DATA.pfn[1]): expected a pfn up to 0xf, found 0x10");
    refused(
        PvStream.begin().pageData(0x5000_0000_0000_0001L).octets(),
        "a @0x68 (record #3 PAGE_DATA.pfn[0]): expected a known page type, found 0x5 for pfn 0x1");
    refused(
        PvStream.begin()
            .record(1, new PvStream.Batch().page(PvStream.L1 | 8, PvStream.table(9, 16)).octets())
            .octets(),
        "a @0x58 (record #3 PAGE_DATA): expected pfns up to 0xf in the page tables, found 0x10 in"
            + " slot 1 of the L1TAB at pfn 0x8");
  }

  /// Its L1 table gives pfn 10 a frame, but nobody sent what is in it: it is no page for a GDT.
  @ParameterizedTest
  @ValueSource(longs = {0xF000_0000_0000_000AL, 0xD000_0000_0000_000AL})
  void aPageThatWasNeverSentIsNoOrdinaryOne(long entry) throws IOException {
    byte[] none = StreamBuilder.stream().u32(1).u32(0).u64(entry).octets();
    String message =
        "(vCPU 0.gdt_frames[0]): expected an ordinary page, found pfn 0xa of type XTAB";
    StreamBuilder before = PvStream.begin().record(1, none);
    byte[] stream =
        PvStream.end(before.record(1, PvStream.pagesUpTo9().octets()), PvStream.basic());
    refused(stream, "a @0x%x %s".formatted(stream.length, message));

    StreamBuilder behind = PvStream.begin().record(1, PvStream.pagesUpTo9().octets());
    stream = PvStream.end(behind.record(1, none), PvStream.basic());
    refused(stream, "a @0x%x %s".formatted(stream.length, message));
  }

  /// Sixteen octets that claim 2^32 pfns cost neither memory nor time.
  @Test
  void aClaimOfManyPfnsCostsNothing() throws IOException {
    StreamBuilder stream = StreamBuilder.stream().imageHeader(3).domainHeader(1);
    stream.record(0x02, new byte[] {8, 4, 0, 0, 0, 0, 0, 0}).record(0x10);
    stream.record(0x03, stream.part().u32(0).u32(511).u64(1).octets());
    stream.record(0x03, stream.part().u32(0xFFFF_FE00L).u32(0xFFFF_FFFFL).u64(1).octets());
    stream.record(1, PvStream.pages().octets());
    byte[] octets = PvStream.end(stream, PvStream.basic());
    refused(
        octets,
        "a @0x%x (p2m.p2m_pfn[1]): expected a pfn up to 0xffffffff, found 0xffffffffffffffff"
            .formatted(octets.length));
  }
}
