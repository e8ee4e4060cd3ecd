// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.transfer.policy.XenPolicy;
import org.xenstream.transfer.sim.FaultyHypervisor;
import org.xenstream.x86.Cr3;

class PvSaverTest {
  private static SaveOptions options() {
    return new SaveOptions(XenPolicy.DEFAULT, () -> 0);
  }

  private static SaveReport save(
      PvFixture guest, Hypervisor hypervisor, SaveOptions options, CapturedStream out)
      throws IOException {
    return Saver.save(hypervisor, guest.domid(), guest.toolstack, options, out, null);
  }

  private static CapturedStream saved(PvFixture guest, SaveOptions options) throws IOException {
    CapturedStream out = new CapturedStream();
    save(guest, guest.host, options, out);
    assertEquals(0, guest.mappings());
    return out;
  }

  private static String failure(PvFixture guest, SaveOptions options, CapturedStream out)
      throws IOException {
    SaveException thrown =
        assertThrows(SaveException.class, () -> save(guest, guest.host, options, out));
    assertEquals(0, guest.mappings());
    guest.host.enableLogDirty(guest.domid());
    return Objects.requireNonNullElse(thrown.getMessage(), "no message");
  }

  private static String failure(PvFixture guest) throws IOException {
    return failure(guest, options(), new CapturedStream());
  }

  @ParameterizedTest
  @CsvSource({"8,true", "8,false", "4,true", "4,false"})
  void aGuestIsSavedWhole(int width, boolean linear) throws IOException {
    try (PvFixture guest = new PvFixture(width, linear)) {
      CapturedStream out = saved(guest, options().live().verify());
      List<String> records = out.records();
      records.removeIf(record -> record.startsWith("PAGE_DATA"));
      assertEquals(
          List.of(
              "X86_PV_INFO",
              "X86_CPUID_POLICY",
              "X86_MSR_POLICY",
              "STATIC_DATA_END",
              "X86_PV_P2M_FRAMES",
              "VERIFY",
              "X86_TSC_INFO",
              "SHARED_INFO",
              "X86_PV_VCPU_BASIC",
              "X86_PV_VCPU_EXTENDED",
              "X86_PV_VCPU_XSAVE",
              "X86_PV_VCPU_BASIC",
              "X86_PV_VCPU_EXTENDED",
              "X86_PV_VCPU_XSAVE",
              "X86_PV_VCPU_MSRS",
              "END"),
          records);
      checkRecords(guest, out);
      checkMemory(guest, out.memory());
      assertEquals(List.of(), out.findings());
    }
  }

  private static void checkRecords(PvFixture guest, CapturedStream out) throws IOException {
    Map<Long, MemorySegment> contexts = new HashMap<>();
    List<Long> p2m = new ArrayList<>();
    out.forEach(record -> {
      switch (record) {
        case StreamRecord.PvInfo(int width, int levels) -> {
          assertEquals(guest.width, width);
          assertEquals(guest.width == 8 ? 4 : 3, levels);
        }
        case StreamRecord.PvP2mFrames frames -> {
          assertEquals(0, frames.startPfn());
          assertEquals(PvFixture.PFNS - 1, frames.endPfn());
          for (int i = 0; i < frames.count(); i++) {
            p2m.add(frames.pfn(i));
          }
        }
        case StreamRecord.PvVcpuBasic(long vcpu, var state) ->
            contexts.put(vcpu, MemorySegment.ofArray(state.toArray(ValueLayout.JAVA_BYTE)));
        default -> {}
      }
    });
    List<Long> leaves = new ArrayList<>();
    for (int i = 0; i < guest.leaves(); i++) {
      leaves.add(PvFixture.LEAVES + i);
    }
    assertEquals(leaves, p2m);
    MemorySegment first = Objects.requireNonNull(contexts.get(0L));
    assertEquals(PvFixture.START_INFO, guest.context.edx.get(first));
    assertEquals(PvFixture.GDT, guest.context.gdtFrames.get(first, 0));
    assertEquals(PvFixture.GDT + 1, guest.context.gdtFrames.get(first, 1));
    assertEquals(0, guest.context.gdtFrames.get(first, 2));
    assertEquals(
        Cr3.fromFrame(PvFixture.ROOT, guest.width), guest.context.controlRegisters.get(first, 3));
    assertEquals(
        guest.width == 8 ? PvFixture.USER_ROOT << 12 | 1 : 0,
        guest.context.controlRegisters.get(first, 1));
    MemorySegment third = Objects.requireNonNull(contexts.get(2L));
    assertEquals(0x77, guest.context.edx.get(third));
    assertEquals(0, guest.context.controlRegisters.get(third, 1));
    assertEquals(2, contexts.size());
  }

  private static void checkMemory(PvFixture guest, Map<Long, CapturedStream.Page> memory) {
    assertEquals(PvFixture.PFNS, memory.size());
    for (long pfn = 0; pfn < PvFixture.PFNS; pfn++) {
      CapturedStream.Page page = Objects.requireNonNull(memory.get(pfn));
      boolean hole = pfn >= PvFixture.HOLE && pfn < PvFixture.HOLE + 10;
      assertEquals(hole, page.type() == PageType.XTAB, "pfn " + pfn);
      if (page.type() == PageType.NOTAB && pfn > 0x100) {
        assertEquals(pfn * 0x1234_5677L, Wire.u64(page.octets(), 2048));
      }
    }
    CapturedStream.Page table = Objects.requireNonNull(memory.get(PvFixture.TABLE));
    assertEquals(PageType.L1TAB | PageType.PINNED, table.type());
    for (int slot = 0; slot < 512; slot++) {
      assertEquals(
          (PvFixture.MAPPED + slot) << 12 | 0x8000_0000_0000_0067L,
          Wire.u64(table.octets(), 8L * slot));
    }
    MemorySegment root = Objects.requireNonNull(memory.get(PvFixture.ROOT)).octets();
    if (guest.width == 8) {
      assertEquals(
          PvFixture.L3 << 12 | 0x67, Wire.u64(root, 8 * (PvFixture.ADDRESS_64 >>> 39 & 511)));
      assertEquals(0, Wire.u64(root, 8 * 256));
    } else {
      assertEquals(PvFixture.L2 << 12 | 1, Wire.u64(root, 8 * 2));
      assertEquals(0, Wire.u64(root, 8 * 5));
    }
  }

  /// A table in the middle of a change is sent as no page while the guest runs, and again when it
  /// stands.
  @ParameterizedTest
  @ValueSource(ints = {4, 8})
  void aTableThatIsUnstableIsSentAgain(int width) throws IOException {
    try (PvFixture guest = new PvFixture(width, true)) {
      guest.writeEntry(PvFixture.TABLE, 300, 0x3F01, 0x67);
      guest.toolstack.beforeSuspend =
          () ->
              guest.writeEntry(
                  PvFixture.TABLE, 300, guest.mfn(PvFixture.MAPPED + 300), 0x8000_0000_0000_0067L);
      CapturedStream out = saved(guest, options().live());
      List<Integer> types = new ArrayList<>();
      out.forEach(record -> {
        if (record instanceof StreamRecord.PageData(var entries, var pages)) {
          for (int i = 0; i < entries.count(); i++) {
            if (entries.pfn(i) == PvFixture.TABLE) {
              types.add(entries.type(i));
            }
          }
        }
      });
      assertEquals(List.of(PageType.XTAB, PageType.L1TAB | PageType.PINNED), types);
      checkMemory(guest, out.memory());
      assertEquals(List.of(), out.findings());
    }
  }

  @Test
  void aTableThatIsStillUnstableInAStandingGuestIsFatal() throws IOException {
    try (PvFixture guest = new PvFixture(8, true)) {
      guest.writeEntry(PvFixture.TABLE, 300, 0x4001, 0x67);
      assertEquals(
          ("domain 1: pfn 0x60 (frame 0x%x): L1[300]: expected a frame of the guest, found mfn"
                  + " 0x4001 (the highest is 0x3fff)")
              .formatted(guest.mfn(PvFixture.TABLE)),
          failure(guest, options().live(), new CapturedStream()));
      assertTrue(guest.toolstack.asked.contains("suspend"));
    }
  }

  @Test
  void aSuperpageIsFatalAtOnce() throws IOException {
    try (PvFixture guest = new PvFixture(8, true)) {
      guest.writeEntry(PvFixture.L2, 7, guest.mfn(512), 0xE7);
      assertEquals(
          "domain 1: pfn 0x22 (frame 0x%x): L2[7]: expected a table, found a superpage (0x%016x)"
              .formatted(guest.mfn(PvFixture.L2), guest.mfn(512) << 12 | 0xE7),
          failure(guest, options().live(), new CapturedStream()));
      assertEquals(List.of(), guest.toolstack.asked);
    }
  }

  /// Its type is read, then the guest makes something else of it, in which there is no superpage.
  @Test
  void aTableThatChangesItsTypeIsSentAgain() throws IOException {
    long table = 0x62;
    try (PvFixture guest = new PvFixture(8, true)) {
      guest.writeEntry(table, 7, guest.mfn(512), 0xE7);
      long[] frame = {guest.mfn(table)};
      guest.host.pinTables(guest.domid(), new int[] {2}, frame, 1);
      FaultyHypervisor busy =
          new FaultyHypervisor(guest.host)
              .after(
                  "pageTypes",
                  1,
                  () -> {
                    guest.domain.unpinTable(table);
                    guest.host.pinTables(guest.domid(), new int[] {1}, frame, 1);
                  });
      CapturedStream out = new CapturedStream();
      save(guest, busy.port(), options().live(), out);
      CapturedStream.Page page = Objects.requireNonNull(out.memory().get(table));
      assertEquals(PageType.L1TAB | PageType.PINNED, page.type());
      assertEquals(512L << 12 | 0xE7, Wire.u64(page.octets(), 8 * 7));
      assertEquals(List.of(), out.findings());
    }
  }

  @Test
  void aP2mThatMovesEndsTheSave() throws IOException {
    try (PvFixture guest = new PvFixture(8, true)) {
      CapturedStream out =
          new CapturedStream(
              number -> guest.sharedInfo.p2mGeneration.set(guest.domain.sharedInfo(), 43));
      assertEquals(
          "domain 1: shared_info.p2m_generation: expected 42 as when the p2m was found, found 43:"
              + " the guest has moved its p2m",
          failure(guest, options().live(), out));
      assertEquals(List.of(), guest.toolstack.asked);
    }
  }

  /// The end of the frame list list is all one empty list: what it stands for is left out.
  @ParameterizedTest
  @ValueSource(ints = {4, 8})
  void theEmptyEndOfATreeIsLeftOut(int width) throws IOException {
    try (PvFixture guest = new PvFixture(width, false)) {
      long perList = (long) guest.perLeaf() * guest.perLeaf();
      // The lists that are all the same begin with the second; the leaves of the first are shared
      // behind the guest's own.
      guest.sharedInfo.maxPfn.set(guest.domain.sharedInfo(), 5 * perList);
      guest.sharedInfo.p2mCr3.set(guest.domain.sharedInfo(), 0);
      long[] end = {0};
      CapturedStream out =
          new CapturedStream(number -> {
            throw new IOException("enough");
          });
      assertThrows(IOException.class, () -> save(guest, guest.host, options(), out));
      // The stream breaks off behind the record that tells.
      try {
        out.forEach(record -> {
          if (record instanceof StreamRecord.PvP2mFrames frames) {
            end[0] = frames.endPfn();
          }
        });
      } catch (IOException cut) {
        assertTrue(end[0] > 0);
      }
      assertEquals(2 * perList - 1, end[0]);
    }
  }

  @Test
  void whatTheSharedInfoSaysIsHeldAgainstTheHost() throws IOException {
    try (PvFixture guest = new PvFixture(8, true)) {
      MemorySegment page = guest.domain.sharedInfo();
      guest.sharedInfo.p2mVaddr.set(page, 0xFFFF_87FF_FFFF_F000L);
      assertEquals(
          "domain 1: shared_info.p2m_vaddr: expected pages of the guest's own address space, found"
              + " 0xffff87fffffff000 to 0xffff880000004fff",
          failure(guest));
    }
    try (PvFixture guest = new PvFixture(8, true)) {
      guest.sharedInfo.p2mCr3.set(guest.domain.sharedInfo(), 1L << 40);
      assertEquals(
          "domain 1: shared_info.p2m_cr3: expected an mfn of 1 to 0x3fff, found 0x10000000 (cr3"
              + " 0x10000000000)",
          failure(guest));
    }
    try (PvFixture guest = new PvFixture(4, true)) {
      guest.sharedInfo.p2mVaddr.set(guest.domain.sharedInfo(), 0xF57F_F000L);
      assertEquals(
          "domain 1: shared_info.p2m_vaddr: expected pages of the guest's own address space, found"
              + " 0xf57ff000 to 0xf5801fff",
          failure(guest));
    }
    try (PvFixture guest = new PvFixture(8, true)) {
      guest.writeEntry(PvFixture.L1, 6, 0, 0);
      assertEquals(
          "domain 1: p2m page table of level 1 at 0xffffc90000006000: expected an mfn of 1 to"
              + " 0x3fff, found 0x0",
          failure(guest));
    }
    try (PvFixture guest = new PvFixture(8, false)) {
      guest.sharedInfo.maxPfn.set(guest.domain.sharedInfo(), 0);
      assertEquals(
          "domain 1: shared_info.max_pfn: expected a number of pfns, found 0", failure(guest));
    }
    try (PvFixture guest = new PvFixture(8, false)) {
      guest.sharedInfo.maxPfn.set(guest.domain.sharedInfo(), (1L << 27) + 1);
      assertEquals(
          "domain 1: shared_info.max_pfn: expected at most 0x8000000 pfns in a tree, found"
              + " 0x8000001",
          failure(guest));
    }
    try (PvFixture guest = new PvFixture(8, false)) {
      guest.writeNumber(PvFixture.LIST, 2, 0x4000);
      assertEquals(
          "domain 1: p2m frame list[2] (of 6): expected an mfn of 1 to 0x3fff, found 0x4000",
          failure(guest));
    }
  }

  @Test
  void whatAContextNamesHasToBeTheGuests() throws IOException {
    try (PvFixture guest = new PvFixture(8, true)) {
      guest.setRegisters(0, state -> guest.context.edx.set(state, 0x4000));
      assertEquals(
          "domain 1: vCPU 0 start_info in edx: expected a frame of the guest, found mfn 0x4000 (the"
              + " highest is 0x3fff)",
          failure(guest));
    }
    try (PvFixture guest = new PvFixture(8, true)) {
      guest.setRegisters(2, state -> guest.context.gdtEntries.set(state, 7169));
      assertEquals("domain 1: vCPU 2 gdt_ents: expected at most 7168, found 7169", failure(guest));
    }
    try (PvFixture guest = new PvFixture(4, true)) {
      guest.setRegisters(
          2, state -> guest.context.controlRegisters.set(state, 3, Cr3.fromFrame(0x4000, 4)));
      assertEquals(
          "domain 1: vCPU 2 cr3: expected a frame of the guest, found mfn 0x4000 (the highest is"
              + " 0x3fff)",
          failure(guest));
    }
  }

  /// Whichever call fails, the save fails with it, and nothing is left behind.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void everyCallMayFail(boolean linear) throws IOException {
    try (PvFixture guest = new PvFixture(4, linear)) {
      FaultyHypervisor counting = new FaultyHypervisor(guest.host);
      Rehearsal rehearsal = new Rehearsal(counting);
      save(guest, counting.port(), options().live(), new CapturedStream());
      guest.domain.resume();
      int calls = counting.calls();
      assertTrue(calls > 30, "only " + calls);
      for (int n = 1; n < calls; n++) {
        FaultyHypervisor faulty =
            new FaultyHypervisor(guest.host).fail(FaultyHypervisor.ANY, n, "EIO");
        String failed = "none";
        try {
          save(guest, faulty.port(), options().live(), new CapturedStream());
        } catch (HypervisorException e) {
          failed = e.call();
        }
        boolean forgiven =
            rehearsal.has(n) || faulty.counts().getOrDefault("enableLogDirty", 0) == 2;
        assertEquals(forgiven ? "none" : FaultyHypervisor.ANY, failed, "call " + n);
        assertEquals(0, guest.mappings(), "after call " + n);
        guest.domain.resume();
      }
    }
  }
}
