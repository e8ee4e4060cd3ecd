// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.transfer.save.SaveCallbacks;

/// The toolstack on the side where a simulated guest is saved: what libxl does around the engine
/// (`libxl_dom_suspend.c`, `libxl_dom_save.c`, `libxl_remus.c` in tools/libs/light), with a device
/// model for an HVM guest that has device pages.
///
/// For one thread at a time, as the engine's callbacks are.
public final class SimSource implements SaveCallbacks, AutoCloseable {
  private final SimGuest guest;
  private final DeviceModel deviceModel;
  private final int checkpoints;
  private final Runnable interval;
  private int suspends;
  private int checkpointsDone;

  /// A toolstack that saves once.
  public SimSource(SimGuest guest) {
    this(guest, 0, () -> {});
  }

  /// A toolstack for a checkpointed save.
  ///
  /// @param checkpoints after so many the save is to end
  /// @param interval lets the time between two checkpoints pass
  public SimSource(SimGuest guest, int checkpoints, Runnable interval) {
    this.guest = guest;
    this.checkpoints = checkpoints;
    this.interval = interval;
    this.deviceModel = new DeviceModel(guest);
    deviceModel.start();
  }

  /// The guest.
  public SimGuest guest() {
    return guest;
  }

  /// How often the guest was suspended.
  public int suspends() {
    return suspends;
  }

  /// How many checkpoints were written.
  public int checkpointsDone() {
    return checkpointsDone;
  }

  /// Tells whether the device model has been told to report what it writes.
  public boolean isQemuLogDirty() {
    return deviceModel.isLogDirty();
  }

  DeviceModel deviceModel() {
    return deviceModel;
  }

  @Override
  public boolean suspend() throws IOException {
    boolean done;
    try {
      done = guest.domain().suspend();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    if (!done) {
      return false;
    }
    suspends++;
    deviceModel.stop();
    HypervisorException failure = deviceModel.failure();
    if (failure != null) {
      throw failure;
    }
    return true;
  }

  @Override
  public boolean resume() throws IOException {
    goOn();
    return true;
  }

  @Override
  public boolean checkpoint() {
    checkpointsDone++;
    if (checkpointsDone >= checkpoints) {
      return false;
    }
    interval.run();
    return true;
  }

  @Override
  public boolean waitCheckpoint() {
    interval.run();
    return checkpointsDone < checkpoints;
  }

  @Override
  public void switchQemuLogDirty(boolean enable) {
    deviceModel.logDirty(enable);
  }

  /// Lets the guest go on here, suspended or not: after a checkpoint, or when the save has failed.
  public void goOn() throws IOException {
    try {
      guest.domain().resume();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    deviceModel.start();
  }

  /// The guest runs elsewhere now: destroys it here.
  public void destroy() {
    deviceModel.stop();
    guest.domain().destroy();
  }

  /// Stops the device model; the guest stays as it is.
  @Override
  public void close() {
    deviceModel.stop();
  }
}
