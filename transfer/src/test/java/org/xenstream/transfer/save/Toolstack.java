// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.xenstream.transfer.sim.SimDomain;

/// The toolstack of a simulated domain: notes what it is asked, and does as it is told beforehand.
final class Toolstack implements SaveCallbacks {
  /// What it was asked, in order.
  final List<String> asked = new ArrayList<>();

  private final SimDomain domain;

  /// How many checkpoints it wants; the last one is not gone on after.
  int checkpoints = Integer.MAX_VALUE;

  /// What the guest does while it runs between two checkpoints.
  Work between = () -> {};

  /// What the guest does last.
  Work beforeSuspend = () -> {};

  /// Something that may fail.
  @FunctionalInterface
  interface Work {
    void run() throws IOException;
  }

  private int resumed;

  Toolstack(SimDomain domain) {
    this.domain = domain;
  }

  @Override
  public boolean suspend() throws IOException {
    asked.add("suspend");
    beforeSuspend.run();
    return domain.suspend();
  }

  @Override
  public boolean resume() throws IOException {
    asked.add("resume");
    if (++resumed >= checkpoints) {
      return false;
    }
    domain.resume();
    between.run();
    return true;
  }

  @Override
  public boolean checkpoint() {
    asked.add("checkpoint");
    return true;
  }

  @Override
  public boolean waitCheckpoint() {
    asked.add("wait");
    return true;
  }

  @Override
  public void switchQemuLogDirty(boolean enable) {
    asked.add("qemu " + (enable ? "on" : "off"));
  }
}
