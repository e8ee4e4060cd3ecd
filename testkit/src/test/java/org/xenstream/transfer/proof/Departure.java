// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.SaveOutput;
import org.xenstream.transfer.TransferEvent;
import org.xenstream.transfer.save.BackChannel;
import org.xenstream.transfer.save.SaveCallbacks;
import org.xenstream.transfer.save.SaveOptions;
import org.xenstream.transfer.save.SaveReport;
import org.xenstream.transfer.save.Saver;
import org.xenstream.transfer.sim.GuestLoad;
import org.xenstream.transfer.sim.GuestReport;
import org.xenstream.transfer.sim.SimGuest;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.transfer.sim.SimOptions;
import org.xenstream.transfer.sim.SimSource;
import org.xenstream.transfer.sim.Workload;

/// A guest on its host, about to be saved.
///
/// Its workload runs step by step whenever a pass over memory begins and between checkpoints, on
/// the thread of the save: so two saves are alike. [#runFreely] lets it run on threads instead.
final class Departure implements AutoCloseable {
  private static final double PAGES_A_SECOND = 50_000;
  private static final long STEP_NANOS = 4_000_000;

  final SimHost host;
  final SimGuest guest;
  final SimSource source;
  private final Workload workload;

  /// One of both at most: what a guest does at page tables it has to do alone.
  private @Nullable GuestLoad steps;

  private @Nullable GuestLoad threads;
  private long now;

  Departure(Model model) throws IOException {
    host = new SimHost(SimOptions.ofFrames(16384));
    guest = model.builder().build(host);
    source = new SimSource(guest);
    workload = Workload.parse("mix", model.kind);
  }

  /// Lets the guest run on two threads from now on.
  void runFreely() {
    stopWork();
    threads = GuestLoad.start(guest, workload, PAGES_A_SECOND, System::nanoTime, 2);
  }

  private GuestLoad steps() {
    GuestLoad load = steps;
    if (load == null) {
      load = GuestLoad.inVirtualTime(guest, workload, PAGES_A_SECOND, () -> now);
      steps = load;
    }
    return load;
  }

  /// Lets the guest do something, if it runs.
  void work() {
    GuestLoad running = threads;
    try {
      if (running == null) {
        GuestLoad load = steps();
        now += STEP_NANOS;
        load.advanceTo(now);
      } else {
        long enough = running.steps() + 50;
        long end = System.nanoTime() + 200_000_000L;
        while (running.steps() < enough && System.nanoTime() < end) {
          LockSupport.parkNanos(100_000);
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /// Saves by a port, with a workload that works while it is saved.
  SaveReport save(
      Hypervisor port,
      Mode mode,
      SaveOptions options,
      SaveOutput out,
      @Nullable BackChannel backChannel)
      throws IOException {
    return save(port, new Toolstack(mode), options, out, backChannel);
  }

  SaveReport save(
      Hypervisor port,
      SaveCallbacks callbacks,
      SaveOptions options,
      SaveOutput out,
      @Nullable BackChannel backChannel)
      throws IOException {
    SaveOptions working =
        options.listener(event -> {
          if (event instanceof TransferEvent.RoundBegun) {
            work();
          }
        });
    return Saver.save(port, guest.domain().domid(), callbacks, working, out, backChannel);
  }

  /// What has to hold when a save has ended, however it did.
  void assertReleased(String why) {
    // A device model that runs has mappings of its own.
    source.close();
    assertEquals(0, host.openMappings(), () -> why + ": mappings left open");
    assertFalse(guest.domain().outcome().isLogDirty(), () -> why + ": log-dirty is left on");
    assertFalse(source.isQemuLogDirty(), () -> why + ": the device model's log-dirty is left on");
  }

  /// The guest goes on here, and is whole, while it works and afterwards.
  void assertUnharmed(String why) throws IOException {
    assertReleased(why);
    source.goOn();
    assertEquals("", faults(), why);
    GuestLoad running = threads == null ? steps() : threads;
    long before = running.steps();
    work();
    assertTrue(running.steps() > before, () -> why + ": the guest does not run on");
    assertEquals("", faults(), why);
  }

  private String faults() throws IOException {
    // Between a page and its version, a device model would be found at fault.
    source.close();
    GuestReport report = guest.check();
    source.goOn();
    return report.isClean() ? "" : report.toString();
  }

  /// Ends the workload; the guest stays as it is.
  void stopWork() {
    if (threads != null) {
      threads.stop();
      threads = null;
    }
    if (steps != null) {
      steps.stop();
      steps = null;
    }
  }

  @Override
  public void close() {
    stopWork();
    source.close();
    host.close();
  }

  /// The source's toolstack, which ends a checkpointed save while the guest is suspended.
  final class Toolstack implements SaveCallbacks {
    private final Mode mode;
    private int resumes;

    Toolstack(Mode mode) {
      this.mode = mode;
    }

    @Override
    public boolean suspend() throws IOException {
      return source.suspend();
    }

    @Override
    public boolean resume() throws IOException {
      return ++resumes < Mode.CHECKPOINTS && source.resume();
    }

    @Override
    public boolean checkpoint() {
      if (mode == Mode.REMUS) {
        work();
      }
      return true;
    }

    @Override
    public boolean waitCheckpoint() {
      work();
      return true;
    }

    @Override
    public void switchQemuLogDirty(boolean enable) {
      source.switchQemuLogDirty(enable);
    }
  }
}
