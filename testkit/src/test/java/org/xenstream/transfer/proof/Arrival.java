// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.RecordSink;
import org.xenstream.core.format.StreamReader;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.restore.RestoreCallbacks;
import org.xenstream.transfer.restore.RestoreListener;
import org.xenstream.transfer.restore.RestoreRequest;
import org.xenstream.transfer.restore.RestoreResult;
import org.xenstream.transfer.restore.Restorer;
import org.xenstream.transfer.sim.GuestLoad;
import org.xenstream.transfer.sim.GuestReport;
import org.xenstream.transfer.sim.GuestSpec;
import org.xenstream.transfer.sim.SimDestination;
import org.xenstream.transfer.sim.SimDomain;
import org.xenstream.transfer.sim.SimGuest;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.transfer.sim.Workload;

/// A domain on another host into which a guest is restored.
final class Arrival implements AutoCloseable {
  private static final double PAGES_A_SECOND = 50_000;

  final SimHost host;
  final SimDomain domain;
  final SimDestination destination;
  private final long freeBefore;
  private final Cancellation cancellation;

  /// A secondary has worked on here, and only the guest that did so knows how far it is.
  private boolean secondary;

  Arrival(SimHost host, GuestSpec spec) throws IOException {
    this(host, spec, new Cancellation());
  }

  Arrival(SimHost host, GuestSpec spec, Cancellation cancellation) throws IOException {
    this.host = host;
    this.cancellation = cancellation;
    freeBefore = host.freeFrames();
    domain = SimDestination.createDomain(host, spec);
    destination = new SimDestination(host, domain);
  }

  RestoreResult restore(Mode mode, byte[] stream) throws IOException {
    return restore(host, mode, stream);
  }

  /// Restores by a port a stream that was kept.
  RestoreResult restore(Hypervisor port, Mode mode, byte[] stream) throws IOException {
    return restore(port, mode, stream, toolstack(mode), mode == Mode.COLO ? record -> {} : null);
  }

  /// Who restores a stream that was kept. Nobody would undo what a COLO secondary writes, so it
  /// does not run between the checkpoints.
  RestoreCallbacks toolstack(Mode mode) {
    return mode == Mode.COLO ? new StillSecondary() : destination;
  }

  /// Restores a stream that was kept with a toolstack that goes by [#toolstack].
  RestoreResult restore(
      Hypervisor port,
      Mode mode,
      byte[] stream,
      RestoreCallbacks toolstack,
      @Nullable RecordSink backChannel)
      throws IOException {
    OctetInput input =
        new ChannelInput("stream", Channels.newChannel(new ByteArrayInputStream(stream)));
    return restore(port, mode, input, toolstack, backChannel);
  }

  /// @param input closed in the end
  RestoreResult restore(
      Hypervisor port, Mode mode, OctetInput input, @Nullable RecordSink backChannel)
      throws IOException {
    secondary = mode == Mode.COLO;
    return restore(port, mode, input, secondary ? new Secondary() : destination, backChannel);
  }

  private RestoreResult restore(
      Hypervisor port,
      Mode mode,
      OctetInput input,
      RestoreCallbacks toolstack,
      @Nullable RecordSink backChannel)
      throws IOException {
    if (mode == Mode.COLO) {
      host.enableLogDirty(domain.domid());
    }
    try (input;
        StreamReader reader = StreamReader.open(input, Limits.DEFAULT, PagesShown.LEFT_IN_INPUT)) {
      return new Restorer(
              port,
              RestoreRequest.of(domain.domid(), mode.type, 1, 2),
              toolstack,
              RestoreListener.NONE,
              cancellation,
              backChannel)
          .restore(reader);
    }
  }

  /// The guest is here and whole, and goes on and stays so.
  SimGuest assertArrived(Supplier<String> why) throws IOException {
    assertEquals(0, host.openMappings(), () -> why.get() + ": mappings left open");
    SimGuest guest = secondary ? destination.takeOver() : destination.arrived();
    if (secondary) {
      // Its device model works on as well.
      destination.close();
    }
    assertWhole(guest, why);
    return guest;
  }

  /// After [#assertArrived].
  void assertRunsOn(SimGuest guest, Supplier<String> why) throws IOException {
    if (!secondary) {
      destination.goOn();
    }
    Workload workload = Workload.parse("mix", guest.spec().kind());
    try (GuestLoad load = GuestLoad.start(guest, workload, PAGES_A_SECOND, System::nanoTime, 2)) {
      long end = System.nanoTime() + 10_000_000_000L;
      while (load.steps() < 100 && System.nanoTime() < end) {
        LockSupport.parkNanos(100_000);
      }
      assertTrue(load.steps() >= 100, () -> why.get() + ": it does not run on");
      if (guest.spec().devicePages() == 0) {
        assertWhole(guest, why);
      }
    }
    // Between a page and its version, a device model would be found at fault.
    destination.close();
    assertWhole(guest, why);
  }

  private static void assertWhole(SimGuest guest, Supplier<String> why) throws IOException {
    GuestReport report = guest.check();
    assertTrue(report.survived(), () -> why.get() + ": " + report);
  }

  /// The restore has failed: nothing is left of it.
  void assertNothingLeft(Supplier<String> why) {
    assertEquals(0, host.openMappings(), () -> why.get() + ": mappings left open");
    destination.close();
    assertTrue(domain.isDestroyed(), why);
    assertEquals(freeBefore, host.freeFrames(), () -> why.get() + ": frames are not given back");
  }

  @Override
  public void close() {
    destination.close();
    if (!domain.isDestroyed()) {
      domain.destroy();
    }
  }

  /// The toolstack of a COLO secondary whose guest does not run before its primary is gone.
  private class StillSecondary implements RestoreCallbacks {
    @Override
    public void staticDataDone(int missing) throws IOException {
      destination.staticDataDone(missing);
    }

    @Override
    public CheckpointResult checkpoint() {
      return destination.checkpoint();
    }

    @Override
    public void restoreResults(long storeFrame, long consoleFrame) {
      destination.restoreResults(storeFrame, consoleFrame);
    }

    @Override
    public CheckpointResult resume() throws IOException {
      return CheckpointResult.SUCCESS;
    }

    @Override
    public CheckpointResult waitCheckpoint() throws IOException {
      return CheckpointResult.SUCCESS;
    }

    @Override
    public CheckpointResult suspend() throws IOException {
      return CheckpointResult.SUCCESS;
    }
  }

  /// One whose guest works until the next checkpoint.
  private final class Secondary extends StillSecondary {
    @Override
    public CheckpointResult resume() throws IOException {
      return destination.resume();
    }

    @Override
    public CheckpointResult waitCheckpoint() throws IOException {
      SimGuest guest = destination.guest();
      Workload writes = new Workload.Uniform(Workload.ALL);
      try (GuestLoad load = GuestLoad.inVirtualTime(guest, writes, PAGES_A_SECOND, () -> 0)) {
        assertTrue(load.advanceTo(2_000_000) > 0, "the secondary does not run");
      }
      return destination.waitCheckpoint();
    }

    @Override
    public CheckpointResult suspend() throws IOException {
      return destination.suspend();
    }
  }
}
