// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.migrate;

import java.io.IOException;
import org.xenstream.transfer.save.SaveCallbacks;
import org.xenstream.transfer.sim.SimSource;

/// The primary's toolstack in COLO: as [SimSource], in step with the secondary.
final class ColoPrimary implements SaveCallbacks {
  private final SimSource own;
  private final ColoPair pair;
  private final int checkpoints;
  private final Runnable interval;
  private int done;

  ColoPrimary(SimSource own, ColoPair pair, int checkpoints, Runnable interval) {
    this.own = own;
    this.pair = pair;
    this.checkpoints = checkpoints;
    this.interval = interval;
  }

  @Override
  public boolean suspend() throws IOException {
    return own.suspend();
  }

  @Override
  public boolean resume() throws IOException {
    return own.resume();
  }

  /// The record is out: neither guest runs before the other can.
  @Override
  public boolean checkpoint() throws IOException {
    done++;
    return pair.awaitRunning(done);
  }

  @Override
  public boolean waitCheckpoint() {
    if (done >= checkpoints) {
      return false;
    }
    interval.run();
    pair.ask();
    return true;
  }

  @Override
  public void switchQemuLogDirty(boolean enable) throws IOException {
    own.switchQemuLogDirty(enable);
  }
}
