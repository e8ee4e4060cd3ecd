// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.StreamReader;
import org.xenstream.core.verify.Release;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.PfnBitmap;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.XenVersion;
import org.xenstream.transfer.policy.XenPolicy;
import org.xenstream.transfer.restore.RestoreListener;
import org.xenstream.transfer.restore.RestoreRequest;
import org.xenstream.transfer.restore.RestoreResult;
import org.xenstream.transfer.restore.Restorer;
import org.xenstream.transfer.save.SaveCallbacks;
import org.xenstream.transfer.save.SaveOptions;
import org.xenstream.transfer.save.SaveReport;
import org.xenstream.transfer.save.Saver;
import org.xenstream.transfer.sim.GuestFault.Kind;

/// Guests that were built here go through the engines: the judge finds nothing in their streams,
/// and they find themselves whole on another host.
@Timeout(120)
class SavedGuestTest {
  private static final int FRAMES = 1 << 15;
  private static final SimOptions HOST =
      SimOptions.ofFrames(FRAMES).withVersion(new XenVersion(4, 17));

  private SimHost first;
  private SimHost second;

  @BeforeEach
  void hosts() throws IOException {
    first = new SimHost(HOST);
    second = new SimHost(HOST);
    // So that no guest has the frames there that it has here.
    second.populate(second.createHvm(1, 1000).domid(), 9, new long[] {0}, 1);
  }

  @AfterEach
  void noHosts() {
    first.close();
    second.close();
  }

  /// A toolstack that does something before it suspends the guest.
  private record ActingSource(SimSource source, Act act) implements SaveCallbacks {
    interface Act {
      void run() throws IOException;
    }

    @Override
    public boolean suspend() throws IOException {
      act.run();
      return source.suspend();
    }

    @Override
    public boolean resume() throws IOException {
      return source.resume();
    }

    @Override
    public boolean checkpoint() {
      return source.checkpoint();
    }

    @Override
    public boolean waitCheckpoint() {
      return source.waitCheckpoint();
    }

    @Override
    public void switchQemuLogDirty(boolean enable) {
      source.switchQemuLogDirty(enable);
    }
  }

  private static SaveOptions options() {
    return new SaveOptions(XenPolicy.DEFAULT, System::nanoTime);
  }

  static Stream<GuestBuilder> guests() {
    return Stream.of(
            GuestBuilder.of(GuestKind.HVM).devicePages(16),
            GuestBuilder.of(GuestKind.HVM).memory(1 << 20).vcpus(1),
            GuestBuilder.of(GuestKind.HVM).mmioHole(true).touchedPages(100),
            GuestBuilder.of(GuestKind.PVH).vcpus(4).offline(0b1010),
            GuestBuilder.of(GuestKind.PV64),
            GuestBuilder.of(GuestKind.PV64).linearP2m(true).vcpus(3).offline(0b100),
            GuestBuilder.of(GuestKind.PV64).userTables(205),
            GuestBuilder.of(GuestKind.PV32),
            GuestBuilder.of(GuestKind.PV32).linearP2m(true).vcpus(5).touchedPages(1))
        .map(builder -> builder.balloon(64, 16));
  }

  private SimGuest restore(SimGuest from, StreamInMemory stream, StreamType type, int checkpoints)
      throws IOException {
    SimDomain domain = SimDestination.createDomain(second, from.spec());
    try (SimDestination destination = new SimDestination(second, domain);
        StreamReader reader = StreamReader.open(stream.input(), Limits.DEFAULT)) {
      Restorer restorer =
          new Restorer(
              second,
              RestoreRequest.of(domain.domid(), type, 1, 2),
              destination,
              RestoreListener.NONE,
              new Cancellation(),
              null);
      RestoreResult result = restorer.restore(reader);
      assertEquals(0, result.mismatches());
      assertEquals(checkpoints, destination.checkpoints());
      assertEquals(checkpoints > 0, result.failedOver());
      assertEquals(0, destination.missing());
      assertEquals(0, second.openMappings());
      SimGuest arrived = destination.arrived();
      GuestReport report = arrived.check();
      assertTrue(report.survived(), report::toString);
      destination.goOn();
      assertTrue(arrived.check().survived());
      return arrived;
    }
  }

  private static void assertJudged(StreamInMemory stream) throws IOException {
    assertEquals(List.of(), stream.findings(null));
  }

  @ParameterizedTest
  @MethodSource("guests")
  void suspendedFirst(GuestBuilder builder) throws IOException {
    SimGuest guest = builder.build(first);
    StreamInMemory stream = new StreamInMemory();
    try (SimSource source = new SimSource(guest)) {
      Saver.save(first, guest.domain().domid(), source, options(), stream, null);
      assertEquals(1, source.suspends());
      assertFalse(source.isQemuLogDirty());
    }
    assertJudged(stream);
    for (Release release : Release.values()) {
      if (release.minor() >= 17) {
        assertEquals(List.of(), stream.findings(release), "for " + release);
      }
    }
    GuestReport report = restore(guest, stream, StreamType.PLAIN, 0).check();
    assertTrue(report.isClean(), report::toString);
    assertTrue(guest.check().isClean());
  }

  @ParameterizedTest
  @MethodSource("guests")
  void whileEverythingGoesOn(GuestBuilder builder) throws IOException {
    SimGuest guest = builder.build(first);
    StreamInMemory stream = new StreamInMemory();
    Workload mix = Workload.parse("mix", guest.spec().kind());
    try (SimSource source = new SimSource(guest);
        GuestLoad load = GuestLoad.start(guest, mix, 20_000, System::nanoTime, 2)) {
      SaveReport saved =
          Saver.save(
              first, guest.domain().domid(), source, options().live().verify(), stream, null);
      assertTrue(saved.rounds() > 0);
      assertTrue(load.pagesWritten() >= 0);
      SimGuest arrived = restore(guest, stream, StreamType.PLAIN, 0);
      source.destroy();
      // It goes on there, and back here.
      StreamInMemory again = new StreamInMemory();
      try (SimSource back = new SimSource(arrived);
          GuestLoad more = GuestLoad.start(arrived, mix, 20_000, System::nanoTime, 2)) {
        Saver.save(second, arrived.domain().domid(), back, options().live(), again, null);
        assertTrue(more.steps() >= 0);
      }
      assertJudged(again);
    }
    assertJudged(stream);
  }

  @ParameterizedTest
  @EnumSource(GuestKind.class)
  void withCheckpoints(GuestKind kind) throws IOException {
    SimGuest guest = GuestBuilder.of(kind).balloon(64, 16).devicePages(4).build(first);
    StreamInMemory stream = new StreamInMemory();
    Workload mix = Workload.parse("mix", kind);
    try (GuestLoad load = GuestLoad.start(guest, mix, GuestLoad.UNLIMITED, System::nanoTime, 2);
        SimSource source =
            new SimSource(
                guest,
                4,
                () -> {
                  long goal = load.steps() + 500;
                  while (load.steps() < goal) {
                    Thread.onSpinWait();
                  }
                })) {
      SaveReport saved =
          Saver.save(
              first,
              guest.domain().domid(),
              source,
              options().type(StreamType.REMUS),
              stream,
              null);
      assertEquals(SaveReport.Ending.CHECKPOINTS_ENDED, saved.ending());
      assertEquals(4, source.checkpointsDone());
      assertFalse(source.isQemuLogDirty());
    }
    assertJudged(stream);
    restore(guest, stream, StreamType.REMUS, 4);
    GuestReport here = guest.check();
    assertTrue(here.isClean(), here::toString);
  }

  /// The device model tells what it writes only when it was told to, and then a live save has it.
  @ParameterizedTest
  @EnumSource(value = GuestKind.class, names = "HVM")
  void pagesOfTheDeviceModel(GuestKind kind) throws IOException {
    SimGuest guest = GuestBuilder.of(kind).devicePages(64).build(first);
    for (boolean told : new boolean[] {true, false}) {
      StreamInMemory stream = new StreamInMemory();
      long pfn = guest.layout().devicePfn(7);
      try (SimSource source = new SimSource(guest)) {
        DeviceModel device = source.deviceModel();
        device.stop();
        // When it suspends, the first pass is over: only what is dirty is sent from now on.
        ActingSource acting =
            new ActingSource(
                source,
                () -> {
                  assertTrue(device.isLogDirty());
                  device.logDirty(told);
                  assertTrue(device.write(pfn));
                });
        Saver.save(first, guest.domain().domid(), acting, options().live(), stream, null);
        source.goOn();
      }
      SimDomain domain = SimDestination.createDomain(second, guest.spec());
      try (SimDestination destination = new SimDestination(second, domain);
          StreamReader reader = StreamReader.open(stream.input(), Limits.DEFAULT)) {
        new Restorer(
                second,
                RestoreRequest.of(domain.domid(), StreamType.PLAIN, 1, 2),
                destination,
                RestoreListener.NONE,
                new Cancellation(),
                null)
            .restore(reader);
        GuestReport report = destination.arrived().check();
        assertEquals(told, report.isClean(), report::toString);
        assertEquals(told ? 0 : 1, report.count(Kind.LOST), report::toString);
      }
    }
  }

  /// Where the writes of a guest that was restored are logged, as a COLO secondary's are, those of
  /// its device model are among them: else the next checkpoint would leave them there.
  @Test
  void pagesOfASecondarysDeviceModel() throws IOException {
    SimGuest guest = GuestBuilder.of(GuestKind.HVM).devicePages(1).build(first);
    SimDomain domain = guest.domain();
    assertTrue(domain.suspend());
    first.enableLogDirty(domain.domid());
    long pfn = guest.layout().devicePfn(0);
    try (SimDestination destination = new SimDestination(first, domain)) {
      destination.resume();
      while (domain.readWord(pfn, PagePattern.VERSION_OFFSET) == 0) {
        Thread.onSpinWait();
      }
      destination.suspend();
      try (Arena arena = Arena.ofConfined()) {
        PfnBitmap dirty = new PfnBitmap(arena, pfn + 1);
        first.readLogDirty(domain.domid(), Hypervisor.LogDirtyOp.PEEK, dirty, false);
        assertTrue(dirty.get(pfn));
      }
    }
  }

  @Test
  void aRestoreThatFailedLeavesNothing() throws IOException {
    SimGuest guest = GuestBuilder.of(GuestKind.PV64).build(first);
    SimDomain domain = SimDestination.createDomain(second, guest.spec());
    long free = second.freeFrames();
    try (SimDestination destination = new SimDestination(second, domain)) {
      assertThrows(GuestLostException.class, destination::arrived);
    }
    assertTrue(domain.isDestroyed());
    assertEquals(free + 1, second.freeFrames());
    SimDomain other = SimDestination.createDomain(second, guest.spec());
    new SimDestination(second, other).close();
    assertTrue(other.isDestroyed());
  }

  @Test
  void changedLinearP2mEndsALiveSave() throws IOException {
    SimGuest guest = GuestBuilder.of(GuestKind.PV64).linearP2m(true).build(first);
    try (SimSource source = new SimSource(guest)) {
      ActingSource toolstack = new ActingSource(source, guest::changeLinearP2m);
      IOException failure =
          assertThrows(
              IOException.class,
              () ->
                  Saver.save(
                      first,
                      guest.domain().domid(),
                      toolstack,
                      options().live(),
                      new StreamInMemory(),
                      null));
      assertTrue(
          String.valueOf(failure.getMessage()).contains("p2m"), () -> "" + failure.getMessage());
      source.goOn();
    }
    assertNull(guest.domain().outcome().hvmContext());
    assertTrue(guest.check().isClean());
    assertFalse(guest.domain().outcome().isLogDirty());
  }
}
