// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.format.PageType;

/// Guests run, suspend themselves, are moved and go on, and find themselves whole all the time.
@Timeout(120)
class SimGuestTest {
  private static final long MIB = 1L << 20;
  private static final int FRAMES = 1 << 16;

  static Stream<GuestBuilder> guests() {
    return Stream.of(
        GuestBuilder.of(GuestKind.HVM).devicePages(16),
        GuestBuilder.of(GuestKind.HVM).memory(MIB / 2).vcpus(1),
        GuestBuilder.of(GuestKind.HVM).mmioHole(true).touchedPages(100),
        GuestBuilder.of(GuestKind.PVH).vcpus(4).offline(0b1010),
        GuestBuilder.of(GuestKind.PV64),
        GuestBuilder.of(GuestKind.PV64).linearP2m(true).vcpus(3).offline(0b100),
        GuestBuilder.of(GuestKind.PV32),
        GuestBuilder.of(GuestKind.PV32).linearP2m(true).vcpus(5).touchedPages(1));
  }

  private static SimHost host() throws IOException {
    return new SimHost(SimOptions.ofFrames(FRAMES));
  }

  private static void assertClean(SimGuest guest) throws IOException {
    GuestReport report = guest.check();
    assertTrue(report.isClean(), report::toString);
    assertTrue(report.pages() > 0);
  }

  @ParameterizedTest
  @MethodSource("guests")
  void builtGuestIsWhole(GuestBuilder builder) throws IOException {
    try (SimHost host = host()) {
      SimGuest guest = builder.balloon(64, 16).build(host);
      assertClean(guest);
      assertFalse(host.domainInfo(guest.domain().domid()).paused());
      assertEquals(0, host.openMappings());
    }
  }

  @Test
  void onePageInTwentyMayBeATable() throws IOException {
    long pages = 4096;
    try (SimHost host = host()) {
      SimGuest guest =
          GuestBuilder.of(GuestKind.PV64)
              .memory(pages << 12)
              .userTables((int) pages / 20)
              .build(host);
      assertClean(guest);
      long[] frames = new long[1];
      byte[] types = new byte[1];
      int tables = 0;
      int entries = 0;
      for (long pfn = 0; pfn < pages; pfn++) {
        frames[0] = guest.domain().frameOf(pfn);
        host.pageTypes(guest.domain().domid(), frames, types, 1);
        if ((types[0] & ~PageType.PINNED) == PageType.L1TAB) {
          tables++;
          for (int slot = 0; slot < 512; slot++) {
            entries += (guest.domain().readWord(pfn, 8 * slot) & 1) == 0 ? 0 : 1;
          }
        }
      }
      assertTrue(tables >= pages / 20, tables + " tables");
      assertTrue(entries >= pages / 20 * 512, entries + " entries");
    }
  }

  @ParameterizedTest
  @MethodSource("guests")
  void suspendsAndGoesOn(GuestBuilder builder) throws IOException {
    try (SimHost host = host()) {
      SimGuest guest = builder.balloon(64, 16).build(host);
      for (int i = 0; i < 3; i++) {
        assertTrue(guest.domain().suspend());
        assertClean(guest);
        guest.domain().resume();
        assertClean(guest);
      }
      assertEquals(4, guest.generation());
    }
  }

  @ParameterizedTest
  @MethodSource("guests")
  void movesAndGoesOn(GuestBuilder builder) throws IOException {
    try (SimHost first = host();
        SimHost second = host()) {
      SimGuest guest = builder.balloon(64, 16).build(first);
      Workload mix = Workload.parse("mix", guest.spec().kind());
      for (int i = 0; i < 3; i++) {
        try (GuestLoad load = GuestLoad.inVirtualTime(guest, mix, 1e6, () -> 0L)) {
          load.advanceTo(1_000_000);
          assertTrue(load.pagesWritten() >= 999);
        }
        assertTrue(guest.domain().suspend());
        SimHost target = i % 2 == 0 ? second : first;
        SimDomain moved = PlainMove.move(guest, target);
        guest.domain().destroy();
        guest = SimGuest.attach(target, moved);
        assertClean(guest);
        guest.resumeHere();
        assertClean(guest);
        assertEquals(i + 1, guest.incarnation());
      }
      assertEquals(0, first.openMappings() + second.openMappings());
    }
  }

  @ParameterizedTest
  @EnumSource(GuestKind.class)
  void everyWorkloadKeepsTheGuestWholeAtAnyMoment(GuestKind kind) throws IOException {
    List<String> names =
        kind.isPv()
            ? List.of("idle", "uniform", "zipf", "sweep", "balloon", "churn", "mix")
            : List.of("idle", "uniform", "zipf", "sweep", "balloon", "mix");
    // What one workload leaves behind, the next one has to do with.
    try (SimHost host = host()) {
      SimGuest guest = GuestBuilder.of(kind).balloon(200, 100).devicePages(8).build(host);
      for (String name : names) {
        Workload workload = Workload.parse(name, kind);
        try (GuestLoad load =
            GuestLoad.start(guest, workload, GuestLoad.UNLIMITED, System::nanoTime, 3)) {
          long before = load.steps();
          for (int i = 0; i < 10; i++) {
            assertClean(guest);
            assertTrue(guest.domain().suspend());
            assertClean(guest);
            guest.domain().resume();
            Thread.onSpinWait();
          }
          while (load.steps() < before + 5000) {
            Thread.onSpinWait();
          }
        }
        assertClean(guest);
        assertTrue(guest.domain().suspend());
        guest.domain().resume();
        assertClean(guest);
      }
    }
  }

  @Test
  void sameSeedSamePages() throws IOException {
    long[] sums = new long[2];
    for (int i = 0; i < 2; i++) {
      try (SimHost host = host()) {
        SimGuest guest = GuestBuilder.of(GuestKind.HVM).seed(7).balloon(64, 16).build(host);
        Workload mix = Workload.parse("mix", GuestKind.HVM);
        try (GuestLoad load = GuestLoad.inVirtualTime(guest, mix, 1000, () -> 0L)) {
          load.advanceTo(3_000_000_000L);
        }
        int which = i;
        guest
            .domain()
            .outcome()
            .forEachPage((pfn, page) -> {
              for (int at = 0; at < PagePattern.PAGE; at += 8) {
                sums[which] = PagePattern.mix(sums[which] ^ page.get(PagePattern.WORD, at)) + pfn;
              }
            });
      }
    }
    assertEquals(sums[0], sums[1]);
  }

  @Test
  void keepsItsRate() throws IOException {
    try (SimHost host = host()) {
      SimGuest guest = GuestBuilder.of(GuestKind.HVM).build(host);
      try (GuestLoad load =
          GuestLoad.inVirtualTime(guest, new Workload.Uniform(Workload.ALL), 500, () -> 0L)) {
        for (int i = 1; i <= 100; i++) {
          load.advanceTo(i * 20_000_000L);
        }
        assertEquals(1000, load.pagesWritten());
        guest.domain().pause();
        assertEquals(0, load.advanceTo(5_000_000_000L));
        guest.domain().unpause();
        assertEquals(5, load.advanceTo(5_010_000_000L));
      }
    }
  }

  @Test
  void keepsItsRateOnThreads() throws IOException {
    try (SimHost host = host()) {
      SimGuest guest = GuestBuilder.of(GuestKind.HVM).build(host);
      AtomicLong now = new AtomicLong();
      try (GuestLoad load =
          GuestLoad.start(guest, new Workload.Uniform(Workload.ALL), 1000, now::get, 2)) {
        long end = System.nanoTime() + 20_000_000;
        while (System.nanoTime() < end) {
          assertEquals(0, load.pagesWritten(), "time stands still, nothing is due");
        }
        // Ten pages a burst at most, however much time has passed.
        now.set(60_000_000_000L);
        while (load.pagesWritten() < 10) {
          Thread.onSpinWait();
        }
        end = System.nanoTime() + 20_000_000;
        while (System.nanoTime() < end) {
          assertTrue(load.pagesWritten() <= 12, () -> load.pagesWritten() + " pages");
        }
      }
    }
  }
}
