// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.io.IOException;
import java.util.function.LongSupplier;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.Hypervisor.LogDirtyOp;
import org.xenstream.transfer.PfnBitmap;
import org.xenstream.transfer.TransferEvent.Pass;
import org.xenstream.transfer.policy.PrecopyLoop;
import org.xenstream.transfer.policy.PrecopyPolicy;
import org.xenstream.transfer.policy.PrecopyPolicy.Decision;
import org.xenstream.transfer.policy.PrecopyStats;

/// The rounds in which memory is sent while the guest runs, as [PrecopyLoop] asks for them.
final class Precopy implements PrecopyLoop.Rounds<IOException> {
  private final Hypervisor hypervisor;
  private final int domid;
  private final Passes passes;
  private final PfnBitmap dirty;
  private final DowntimeForecast forecast;
  private final LongSupplier nanoTime;
  private int sent;
  private double dirtyRate;

  /// @param dirty of all pfns; overwritten
  Precopy(
      Hypervisor hypervisor,
      int domid,
      Passes passes,
      PfnBitmap dirty,
      DowntimeForecast forecast,
      LongSupplier nanoTime) {
    this.hypervisor = hypervisor;
    this.domid = domid;
    this.passes = passes;
    this.dirty = dirty;
    this.forecast = forecast;
    this.nanoTime = nanoTime;
  }

  /// Sends rounds until the policy has had enough.
  ///
  /// @throws SaveException when it gives the transfer up
  void run(PrecopyPolicy policy) throws IOException {
    dirty.setAll();
    PrecopyLoop loop = new PrecopyLoop(policy, nanoTime);
    if (loop.run(dirty.pfns(), this) == Decision.ABORT) {
      throw new SaveException(
          domid, "the policy has given the transfer up after %d rounds".formatted(sent));
    }
  }

  /// How many rounds were sent.
  int roundsSent() {
    return sent;
  }

  /// How fast the guest dirtied pages when it was looked at last, per second.
  double dirtyPagesPerSecond() {
    return dirtyRate;
  }

  @Override
  public double send(int round, long count, PrecopyStats stats) throws IOException {
    dirtyRate = stats.dirtyPagesPerSecond();
    sent++;
    passes.send(Pass.LIVE, round, dirty, count, dirtyRate);
    return forecast.rate().octetsPerSecond();
  }

  @Override
  public long clean() throws IOException {
    long begun = nanoTime.getAsLong();
    long count = hypervisor.readLogDirty(domid, LogDirtyOp.CLEAN, dirty, false).dirtyCount();
    forecast.bitmapRead(nanoTime.getAsLong() - begun);
    return count;
  }

  @Override
  public long fixedDowntimeNanos() {
    return forecast.fixedNanos();
  }
}
