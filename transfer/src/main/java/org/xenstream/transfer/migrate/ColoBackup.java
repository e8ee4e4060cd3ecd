// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.migrate;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.xenstream.transfer.restore.RestoreCallbacks;
import org.xenstream.transfer.sim.GuestLoad;
import org.xenstream.transfer.sim.SimDestination;
import org.xenstream.transfer.sim.SimHost;

/// The secondary's toolstack in COLO: as [SimDestination], in step with the primary. The guest runs
/// here as well between checkpoints, with the same workload, and its writes are logged so that the
/// primary can undo them.
final class ColoBackup implements RestoreCallbacks, AutoCloseable {
  private final SimHost host;
  private final SimDestination own;
  private final ColoPair pair;
  private final MigrationPlan plan;
  private @Nullable GuestLoad load;
  private boolean logDirty;
  private int resumed;

  ColoBackup(SimHost host, SimDestination own, ColoPair pair, MigrationPlan plan) {
    this.host = host;
    this.own = own;
    this.pair = pair;
    this.plan = plan;
  }

  @Override
  public void staticDataDone(int missing) throws IOException {
    own.staticDataDone(missing);
  }

  @Override
  public CheckpointResult checkpoint() {
    return own.checkpoint();
  }

  @Override
  public void restoreResults(long storeFrame, long consoleFrame) {
    own.restoreResults(storeFrame, consoleFrame);
  }

  @Override
  public CheckpointResult resume() throws IOException {
    int domid = own.domain().domid();
    if (!logDirty) {
      host.enableLogDirty(domid);
      logDirty = true;
    }
    CheckpointResult result = own.resume();
    load = GuestLoad.start(own.guest(), plan.workload, plan.writesPerSecond, plan.nanoTime, 1);
    resumed++;
    pair.nowRunning();
    return result;
  }

  /// A primary that is gone for good or for now is replaced all the same: whoever asked for the
  /// backup decides which of the two goes on.
  @Override
  public CheckpointResult waitCheckpoint() {
    return pair.awaitAsked(resumed) ? CheckpointResult.SUCCESS : CheckpointResult.FAILOVER;
  }

  @Override
  public CheckpointResult suspend() throws IOException {
    stopLoad();
    return own.suspend();
  }

  private void stopLoad() {
    GuestLoad running = load;
    load = null;
    if (running != null) {
      running.stop();
    }
  }

  /// Stops what runs beside the guest; the guest goes on, as one without a primary.
  @Override
  public void close() throws IOException {
    stopLoad();
    if (logDirty) {
      logDirty = false;
      host.disableLogDirty(own.domain().domid());
    }
  }
}
