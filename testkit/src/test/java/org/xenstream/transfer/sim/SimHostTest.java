// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Scanner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.xenstream.core.format.PageType;
import org.xenstream.testkit.PvTables;
import org.xenstream.transfer.DomainInfo;
import org.xenstream.transfer.ForeignMapping;
import org.xenstream.transfer.Hypervisor.Access;
import org.xenstream.transfer.Hypervisor.LogDirtyOp;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.transfer.LogDirtyStats;
import org.xenstream.transfer.PfnBitmap;

/// What the simulated host does beside what every hypervisor does.
class SimHostTest {
  private static void refused(String message, Executable code) {
    assertEquals(message, assertThrows(HypervisorException.class, code).getMessage());
  }

  private static void populate(SimHost host, SimDomain domain, int pages) throws IOException {
    for (int pfn = 0; pfn < pages; pfn++) {
      host.populate(domain.domid(), 0, new long[] {pfn}, 1);
    }
  }

  @Test
  void framesThatFollowEachOtherLieBesideEachOther() throws IOException {
    try (SimHost host = new SimHost(SimOptions.ofFrames(4096))) {
      SimDomain domain = host.createHvm(1, 2048);
      populate(host, domain, 64);
      long[] pfns = new long[64];
      for (int i = 0; i < pfns.length; i++) {
        pfns[i] = i;
      }
      try (ForeignMapping mapping = host.map(domain.domid(), Access.READ, pfns, 64)) {
        for (int i = 1; i < 64; i++) {
          assertEquals(mapping.offset(i - 1) + 4096, mapping.offset(i));
        }
      }
    }
  }

  @Test
  void placesAReferenceRestoresFrames() throws IOException {
    try (SimHost host = new SimHost(SimOptions.ofReference())) {
      SimDomain domain = host.createPv(1, 100);
      assertEquals(1, domain.domid());
      assertEquals(0x800, host.domainInfo(1).sharedInfoFrame());
      long[] frames = {3, 0};
      host.populate(1, 0, frames, 2);
      assertEquals(0x1003, frames[0]);
      assertEquals(0x1000, frames[1]);
      assertEquals(0x80000, host.maximumRamPage());
      assertEquals(0xa00, host.compatM2pFirstFrame());
      // It takes down what it is told to pin, even a page that is no table at all.
      domain.writeWord(3, 0, -1);
      host.pinTables(1, new int[] {4, 1}, new long[] {0x1003, 0x1000}, 2);
      assertEquals(
          List.of(new SimOutcome.Pin(4, 0x1003), new SimOutcome.Pin(1, 0x1000)),
          domain.outcome().pins());
    }
  }

  @Test
  void aGuestOf64GibTakesMemoryOnlyWhereItWrites() throws IOException {
    long pages = 64L << 18;
    try (SimHost host = new SimHost(SimOptions.ofFrames(pages + 4096))) {
      SimDomain domain = host.createHvm(1, pages);
      long[] superpages = new long[512];
      for (long pfn = 0; pfn < pages; pfn += 512L * superpages.length) {
        for (int i = 0; i < superpages.length; i++) {
          superpages[i] = pfn + 512L * i;
        }
        host.populate(domain.domid(), 9, superpages, superpages.length);
      }
      assertEquals(pages, host.pfnCount(domain.domid()));
      assertEquals(pages, domain.outcome().pages());
      assertEquals(pages / 512, domain.outcome().superpages());
      assertEquals(0, domain.readWord(pages - 1, 4088));
      domain.writeWord(pages - 1, 4088, 7);
      assertEquals(7, domain.readWord(pages - 1, 4088));
    }
  }

  @Test
  void logDirtyReachesToATebibyteOfPfns() throws IOException {
    long pfns = 1L << 28;
    try (SimHost host = new SimHost(SimOptions.ofFrames(4096));
        Arena arena = Arena.ofConfined()) {
      SimDomain domain = host.createHvm(1, 16);
      host.populate(domain.domid(), 0, new long[] {5, pfns - 1}, 2);
      assertEquals(pfns, host.pfnCount(domain.domid()));
      host.enableLogDirty(domain.domid());
      domain.writeWord(pfns - 1, 0, 1);
      PfnBitmap bitmap = new PfnBitmap(arena, pfns);
      assertEquals(
          new LogDirtyStats(1, 1),
          host.readLogDirty(domain.domid(), LogDirtyOp.CLEAN, bitmap, false));
      assertEquals(pfns - 1, bitmap.next(0));
      refused(
          "populate of domain 1 failed: EBUSY (0 of 1 done: pfn 0x40000000 is beyond any)",
          () -> host.populate(1, 0, new long[] {1L << 30}, 1));
    }
  }

  @Test
  void saysWhyMemoryCannotBeHad() throws IOException {
    try (SimHost host = new SimHost(SimOptions.ofFrames(16))) {
      SimDomain domain = host.createHvm(1, 3);
      refused(
          "populate of domain 1 failed: EBUSY (3 of 4 done: the domain has its 3 pages)",
          () -> host.populate(1, 0, new long[] {0, 1, 2, 3}, 4));
      assertEquals(3, domain.outcome().pages());
      host.createHvm(1, 100);
      refused(
          "populate of domain 2 failed: EBUSY (1 of 2 done: pfn 0x0 is populated already)",
          () -> host.populate(2, 0, new long[] {0, 0}, 2));
      refused(
          "populate of domain 2 failed: EINVAL (0 of 1 done: 2^9 pages at pfn 0x1)",
          () -> host.populate(2, 9, new long[] {1}, 1));
      for (long pfn = 1; pfn < 13; pfn++) {
        host.populate(2, 0, new long[] {pfn}, 1);
      }
      refused(
          "populate of domain 2 failed: EBUSY"
              + " (0 of 1 done: the machine has no memory left for 2^0 pages)",
          () -> host.populate(2, 0, new long[] {13}, 1));
      assertEquals(0, host.freeFrames());
      domain.destroy();
      assertEquals(3, host.freeFrames());
      host.populate(2, 0, new long[] {13}, 1);
    }
  }

  @Test
  void freedMemoryIsZeroForWhoGetsIt() throws IOException {
    try (SimHost host = new SimHost(SimOptions.ofFrames(16))) {
      SimDomain domain = host.createHvm(1, 16);
      populate(host, domain, 16);
      for (int pfn = 0; pfn < 16; pfn++) {
        domain.writeWord(pfn, 8, pfn + 1);
      }
      domain.balloonOut(3);
      refused(
          "read of domain 1 failed: EINVAL (there is no page at pfn 0x3)",
          () -> domain.readWord(3, 8));
      assertEquals(3, domain.balloonIn(3));
      assertEquals(0, domain.readWord(3, 8));
      assertEquals(5, domain.readWord(4, 8));
      domain.destroy();
      SimDomain next = host.createHvm(1, 16);
      populate(host, next, 16);
      for (int pfn = 0; pfn < 16; pfn++) {
        assertEquals(0, next.readWord(pfn, 8));
      }
    }
  }

  /// Seen where it happens, and afterwards where the first was swallowed.
  @Test
  void aMappingIsUnmappedOnce() throws IOException {
    try (SimHost host = new SimHost(SimOptions.ofFrames(16))) {
      SimDomain domain = host.createHvm(1, 16);
      populate(host, domain, 2);
      ForeignMapping mapping = host.map(1, Access.READ, new long[] {1}, 1);
      mapping.close();
      assertEquals(0, host.openMappings());
      assertEquals(
          "the mapping is closed already",
          assertThrows(IllegalStateException.class, mapping::close).getMessage());
      assertEquals(
          "1 times a mapping was unmapped again",
          assertThrows(IllegalStateException.class, host::openMappings).getMessage());
      // What it held was given back once.
      domain.balloonOut(1);
      assertEquals(15, host.freeFrames());
    }
  }

  @Test
  void aMappingHoldsWhatItsOwnerGivesBack() throws IOException {
    try (SimHost host = new SimHost(SimOptions.ofFrames(16))) {
      SimDomain domain = host.createHvm(1, 16);
      populate(host, domain, 2);
      domain.writeWord(1, 0, 77);
      ForeignMapping mapping = host.map(1, Access.READ, new long[] {1}, 1);
      domain.balloonOut(1);
      domain.destroy();
      assertEquals(15, host.freeFrames());
      assertEquals(1, host.openMappings());
      assertEquals(77, mapping.memory().get(ValueLayout.JAVA_LONG, mapping.offset(0)));
      mapping.close();
      assertEquals(0, host.openMappings());
      assertEquals(16, host.freeFrames());
      assertEquals(
          "the mapping is closed",
          assertThrows(IllegalStateException.class, mapping::memory).getMessage());
      assertEquals(
          "the mapping is closed",
          assertThrows(IllegalStateException.class, () -> mapping.offset(0)).getMessage());
    }
  }

  @Test
  void videoMemoryKeepsLogDirtyOffUntilItIsDisabled() throws IOException {
    try (SimHost host = new SimHost(SimOptions.ofFrames(64))) {
      SimDomain domain = host.createHvm(1, 16);
      populate(host, domain, 2);
      domain.trackVideoMemory();
      refused(
          "enableLogDirty of domain 1 failed: EINVAL (log-dirty is on already)",
          () -> host.enableLogDirty(1));
      host.disableLogDirty(1);
      host.enableLogDirty(1);
      assertTrue(domain.outcome().isLogDirty());
    }
  }

  @Test
  void foreignWritesAreDirtyInPvGuestsOnly() throws IOException {
    try (SimHost host = new SimHost(SimOptions.ofFrames(64));
        Arena arena = Arena.ofConfined()) {
      for (SimDomain domain : new SimDomain[] {host.createPv(1, 16), host.createHvm(1, 16)}) {
        int domid = domain.domid();
        long[] frames = {4, 5};
        host.populate(domid, 0, frames, 2);
        host.enableLogDirty(domid);
        host.map(domid, Access.READ, frames, 2).close();
        host.map(domid, Access.WRITE, new long[] {frames[1]}, 1).close();
        PfnBitmap bitmap = new PfnBitmap(arena, 64);
        host.readLogDirty(domid, LogDirtyOp.CLEAN, bitmap, false);
        assertEquals(domain.isHvm() ? -1 : 5, bitmap.next(0));
        domain.modifiedMemory(3, 3);
        host.readLogDirty(domid, LogDirtyOp.CLEAN, bitmap, false);
        assertEquals(4, bitmap.next(0));
        assertEquals(2, bitmap.count());
      }
    }
  }

  @Test
  void whatXenWritesIsDirtyAtTheLastReading() throws IOException {
    try (SimHost host = new SimHost(SimOptions.ofFrames(64));
        Arena arena = Arena.ofConfined()) {
      SimDomain domain = host.createHvm(1, 16);
      populate(host, domain, 4);
      XenWrites xen = new XenWrites(domain);
      refused(
          "write of domain 1 failed: EINVAL (Xen has not mapped pfn 0x2)",
          () -> xen.write(2, 0, 1));
      xen.map(2);
      host.enableLogDirty(1);
      xen.write(2, 8, 5);
      assertEquals(5, domain.readWord(2, 8));
      PfnBitmap bitmap = new PfnBitmap(arena, 4);
      host.readLogDirty(1, LogDirtyOp.CLEAN, bitmap, false);
      assertEquals(0, bitmap.count());
      host.readLogDirty(1, LogDirtyOp.CLEAN, bitmap, true);
      assertEquals(2, bitmap.next(0));
      assertEquals(1, bitmap.count());
    }
  }

  @Test
  void aLostPageIsBrokenAndCannotBeMapped() throws IOException {
    try (SimHost host = new SimHost(SimOptions.ofFrames(64))) {
      SimDomain domain = host.createHvm(1, 16);
      populate(host, domain, 2);
      domain.losePage(1);
      byte[] types = new byte[2];
      host.pageTypes(1, new long[] {0, 1}, types, 2);
      assertEquals(PageType.NOTAB, types[0]);
      assertEquals(PageType.BROKEN, types[1]);
      try (ForeignMapping mapping = host.map(1, Access.READ, new long[] {0, 1}, 2)) {
        assertEquals(0, mapping.error(0));
        assertEquals(22, mapping.error(1));
      }
    }
  }

  @Test
  void aPvGuestCannotWriteItsTablesButByXen() throws IOException {
    try (SimHost host = new SimHost(SimOptions.ofFrames(256));
        Arena arena = Arena.ofConfined()) {
      SimDomain domain = host.createPv(1, 16);
      PvTables tables = new PvTables(host, 1);
      tables.pin(4);
      refused(
          "write of domain 1 failed: EPERM (pfn 0x2 is a page table or a descriptor table)",
          () -> domain.writeWord(2, 0, 0));
      refused(
          "write of domain 1 failed: EPERM (pfn 0x2 is a page table or a descriptor table)",
          () -> domain.writePage(2, arena.allocate(4096)));
      host.enableLogDirty(1);
      long entry = domain.readWord(1, 0);
      domain.updateEntry(1, 9, entry);
      PfnBitmap bitmap = new PfnBitmap(arena, 64);
      host.readLogDirty(1, LogDirtyOp.CLEAN, bitmap, false);
      assertEquals(1, bitmap.next(0));
      assertEquals(1, bitmap.count());
      refused(
          "mmu_update of domain 1 failed: EBUSY (level 1 table 0x%x, slot 3: entry 0x%x"
                  .formatted(tables.frame(1), entry + 0x2000)
              + " frame 0x%x is in use as a level 2 table and cannot become writable)"
                  .formatted(tables.frame(2)),
          () -> domain.updateEntry(1, 3, entry + 0x2000));
      refused(
          "decrease_reservation of domain 1 failed: EBUSY (the page at pfn 0x0 is in use)",
          () -> domain.balloonOut(0));
      domain.updateEntry(1, 9, 0);
      domain.updateEntry(1, 0, 0);
      domain.balloonOut(0);
      assertEquals(-1, domain.frameOf(0));
      domain.unpinTable(4);
      domain.writeWord(2, 0, 0);
      domain.writePage(4, arena.allocate(4096));
    }
  }

  @Test
  void suspendsAndResumesByTheGuestsHooks() throws IOException {
    List<String> seen = new ArrayList<>();
    try (SimHost host = new SimHost(SimOptions.ofFrames(64))) {
      SimDomain domain = host.createHvm(1, 16);
      domain.onSuspend(() -> seen.add("last"), () -> seen.add("first"));
      assertFalse(domain.suspend(), "it is paused");
      domain.unpause();
      assertTrue(domain.suspend());
      DomainInfo info = host.domainInfo(1);
      assertTrue(info.isSuspended());
      assertFalse(info.paused());
      assertFalse(domain.suspend(), "it is suspended already");
      domain.resume();
      assertFalse(host.domainInfo(1).shutdown());
      assertTrue(domain.enter());
      domain.exit();
      domain.shutdown(3);
      assertEquals(3, host.domainInfo(1).shutdownReason());
      assertFalse(host.domainInfo(1).isSuspended());
      assertEquals(List.of("last", "first"), seen);
      domain.destroy();
      assertFalse(domain.enter());
    }
  }

  @Test
  void tellsWhatWasSet() throws IOException {
    try (SimHost host = new SimHost(SimOptions.ofFrames(64))) {
      SimDomain domain = host.createHvm(1, 16);
      host.populate(1, 0, new long[] {9, 2}, 2);
      domain.writeWord(9, 0, 99);
      host.setHvmParam(1, 2, 5);
      host.setHvmParam(1, 1, 6);
      host.seedGrantTable(1, true, 8, 9, 1, 2);
      SimOutcome outcome = domain.outcome();
      assertEquals(
          List.of(new SimOutcome.ParamSet(2, 5), new SimOutcome.ParamSet(1, 6)), outcome.params());
      assertEquals(List.of(new SimOutcome.GrantSeed(true, 8, 9, 1, 2)), outcome.grantSeeds());
      assertEquals(9, outcome.lastPfn());
      List<Long> pfns = new ArrayList<>();
      outcome.forEachPage((pfn, page) -> {
        pfns.add(pfn);
        assertEquals(4096, page.byteSize());
        assertEquals(pfn == 9 ? 99 : 0, page.get(ValueLayout.JAVA_LONG, 0));
      });
      assertEquals(List.of(2L, 9L), pfns);
      assertEquals(null, outcome.hvmContext());
      MemorySegment context = host.hvmContext(1, Arena.ofAuto());
      host.setHvmContext(1, context);
      assertNotEquals(null, outcome.hvmContext());
    }
  }

  /// Zeros that an engine writes into a guest that has not run take no memory of this process: else
  /// a large guest of which little is in use could not be restored.
  @Test
  void zerosOfANewGuestTakeNoMemory() throws IOException {
    int batch = 1024;
    int batches = 96;
    long[] pfns = new long[batch];
    try (SimHost host = new SimHost(SimOptions.ofFrames(1 << 23))) {
      int domid = host.createHvm(1, 1 << 20).domid();
      long before = resident();
      for (int n = 0; n < batches; n++) {
        for (int i = 0; i < batch; i++) {
          pfns[i] = (long) n * batch + i;
        }
        host.populate(domid, 0, pfns, batch);
        try (ForeignMapping mapping = host.map(domid, Access.WRITE, pfns, batch)) {
          for (int i = 0; i < batch; i++) {
            MemorySegment page = mapping.memory().asSlice(mapping.offset(i), 4096);
            page.fill((byte) 0);
            page.set(ValueLayout.JAVA_BYTE, 4095, (byte) (i == 7 ? 1 : 0));
          }
        }
      }
      long taken = resident() - before;
      assertTrue(taken < (long) batches * batch * 4096 / 4, taken + " octets");
      try (ForeignMapping mapping = host.map(domid, Access.READ, new long[] {6, 7, 8}, 3)) {
        for (int i = 0; i < 3; i++) {
          assertEquals(
              i == 1 ? 1 : 0,
              mapping.memory().get(ValueLayout.JAVA_BYTE, mapping.offset(i) + 4095));
        }
      }
    }
  }

  /// How much memory of the machine this process has, in octets.
  private static long resident() throws IOException {
    try (Scanner pages = new Scanner(Path.of("/proc/self/statm"), StandardCharsets.US_ASCII)) {
      pages.nextLong();
      return 4096 * pages.nextLong();
    }
  }
}
