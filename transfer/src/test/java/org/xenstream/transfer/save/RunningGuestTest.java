// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.format.StreamReader;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.policy.XenPolicy;
import org.xenstream.transfer.restore.RestoreListener;
import org.xenstream.transfer.restore.RestoreRequest;
import org.xenstream.transfer.restore.Restorer;
import org.xenstream.transfer.sim.GuestBuilder;
import org.xenstream.transfer.sim.GuestKind;
import org.xenstream.transfer.sim.GuestLoad;
import org.xenstream.transfer.sim.GuestReport;
import org.xenstream.transfer.sim.SimDestination;
import org.xenstream.transfer.sim.SimDomain;
import org.xenstream.transfer.sim.SimGuest;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.transfer.sim.SimOptions;
import org.xenstream.transfer.sim.SimSource;
import org.xenstream.transfer.sim.Workload;

/// Guests that run while they are saved: the judge finds nothing in what is saved, and the guest
/// finds itself whole where it is restored.
@Timeout(120)
class RunningGuestTest {
  private static final int FRAMES = 1 << 15;

  static Stream<GuestBuilder> guests() {
    return Stream.of(
        GuestBuilder.of(GuestKind.HVM).devicePages(16),
        GuestBuilder.of(GuestKind.PVH).vcpus(3).offline(0b10),
        GuestBuilder.of(GuestKind.PV64),
        GuestBuilder.of(GuestKind.PV64).linearP2m(true).vcpus(3).offline(0b100),
        GuestBuilder.of(GuestKind.PV32),
        GuestBuilder.of(GuestKind.PV32).linearP2m(true).vcpus(5));
  }

  private static SaveOptions options() {
    return new SaveOptions(XenPolicy.DEFAULT, System::nanoTime);
  }

  /// Saves a guest while it works, on a host of its own, and restores it on another.
  private static SaveReport move(GuestBuilder builder, SaveOptions options, int checkpoints)
      throws IOException {
    try (SimHost first = new SimHost(SimOptions.ofFrames(FRAMES));
        SimHost second = new SimHost(SimOptions.ofFrames(FRAMES))) {
      SimGuest guest = builder.memory(24L << 20).balloon(64, 16).build(first);
      CapturedStream out = new CapturedStream(number -> pause());
      SaveReport report;
      Workload mix = Workload.parse("mix", guest.spec().kind());
      try (SimSource source = new SimSource(guest, checkpoints, RunningGuestTest::pause);
          GuestLoad load = GuestLoad.start(guest, mix, 20_000, System::nanoTime, 1)) {
        report = Saver.save(first, guest.domain().domid(), source, options, out, null);
        assertTrue(!options.live || load.pagesWritten() > 0);
        assertFalse(source.isQemuLogDirty());
      }
      assertEquals(0, first.openMappings());
      assertEquals(List.of(), out.findings());
      GuestReport here = guest.check();
      assertTrue(here.isClean(), here::toString);

      SimDomain domain = SimDestination.createDomain(second, guest.spec());
      try (SimDestination destination = new SimDestination(second, domain);
          StreamReader reader = out.reader()) {
        new Restorer(
                second,
                RestoreRequest.of(domain.domid(), options.type, 1, 2),
                destination,
                RestoreListener.NONE,
                new Cancellation(),
                null)
            .restore(reader);
        GuestReport there = destination.arrived().check();
        // A page that was sent and then given back is there still: no restore takes pages away.
        assertTrue(there.survived(), there::toString);
        if (options.type == StreamType.PLAIN) {
          // After a checkpoint the guest has gone on where it was saved.
          assertEquals(here.written(), there.written());
        }
      }
      return report;
    }
  }

  /// Long enough for the guest to write something between two batches.
  private static void pause() {
    try {
      Thread.sleep(2);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @ParameterizedTest
  @MethodSource("guests")
  void savedWhileItStands(GuestBuilder builder) throws IOException {
    SaveReport report = move(builder, options(), 0);
    assertEquals(0, report.rounds());
  }

  @ParameterizedTest
  @MethodSource("guests")
  void savedWhileItRuns(GuestBuilder builder) throws IOException {
    SaveReport report = move(builder, options().live().verify(), 0);
    assertTrue(report.rounds() > 1);
    assertEquals(SaveReport.Ending.COMPLETE, report.ending());
  }

  @ParameterizedTest
  @MethodSource("guests")
  void savedAgainAndAgain(GuestBuilder builder) throws IOException {
    SaveReport report = move(builder, options().type(StreamType.REMUS), 3);
    assertEquals(3, report.checkpoints());
    assertEquals(SaveReport.Ending.CHECKPOINTS_ENDED, report.ending());
  }
}
