// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.migrate;

import java.time.Duration;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.xenstream.transfer.BandwidthLimit;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.Deadline;
import org.xenstream.transfer.Patience;
import org.xenstream.transfer.SaveOutput;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.TransferListener;
import org.xenstream.transfer.policy.PrecopyPolicy;
import org.xenstream.transfer.policy.XenPolicy;
import org.xenstream.transfer.restore.RestoreListener;
import org.xenstream.transfer.sim.Workload;

/// How to migrate a guest. A plan is used once.
public final class MigrationPlan {
  /// No limit of a rate.
  public static final double UNLIMITED = Double.POSITIVE_INFINITY;

  /// A peer may be at work on a large batch for some time.
  private static final Duration STALL = Duration.ofMinutes(5);

  private static final double SECOND = 1e9;

  final LongSupplier nanoTime;
  final Deadline deadline;
  StreamType type = StreamType.PLAIN;
  boolean verify;
  PrecopyPolicy policy = XenPolicy.DEFAULT;
  double octetsPerSecond = UNLIMITED;
  int checkpoints;
  long intervalNanos;
  int killAfter;
  long seed = 1;
  Duration suspendLimit = Duration.ofSeconds(60);
  Duration fixedDowntime = Duration.ZERO;
  @Nullable String savingCpu;
  Workload workload = new Workload.Idle();
  double writesPerSecond = UNLIMITED;
  Duration after = Duration.ofMillis(50);
  TransferListener listener = TransferListener.NONE;
  RestoreListener restoreListener = RestoreListener.NONE;
  Cancellation cancellation = new Cancellation();
  @Nullable SaveOutput record;

  /// A plain migration of an idle guest by the reference's policy, over a line without a limit.
  ///
  /// @param nanoTime a clock that only goes forward, in nanoseconds
  public MigrationPlan(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.deadline = new Deadline(nanoTime);
  }

  /// Sends all memory twice, and compares.
  public MigrationPlan verify() {
    verify = true;
    return this;
  }

  /// When pre-copy ends.
  public MigrationPlan policy(PrecopyPolicy value) {
    policy = value;
    return this;
  }

  /// What the line carries.
  public MigrationPlan bandwidth(double value) {
    octetsPerSecond = value;
    return this;
  }

  /// Keeps a backup by checkpoints in place of moving the guest.
  ///
  /// @param streamType [StreamType#REMUS] or [StreamType#COLO]
  /// @param count how many there are to be, at least one
  /// @param interval the time between two
  public MigrationPlan checkpoints(StreamType streamType, int count, Duration interval) {
    if (streamType == StreamType.PLAIN || count < 1) {
      throw new IllegalArgumentException(
          "a checkpointed stream has at least one checkpoint: " + streamType + ", " + count);
    }
    type = streamType;
    checkpoints = count;
    intervalNanos = interval.toNanos();
    return this;
  }

  /// Lets the sending host die while the checkpoint behind this one is on its way, so that the
  /// backup has to take over.
  ///
  /// @param checkpoint 1 or more, and less than there are to be
  public MigrationPlan killPrimaryAfter(int checkpoint) {
    if (checkpoint < 1 || checkpoint >= checkpoints) {
      throw new IllegalArgumentException(
          "the primary can die behind a checkpoint before the last, not behind number "
              + checkpoint
              + " of "
              + checkpoints);
    }
    killAfter = checkpoint;
    return this;
  }

  /// Decides where exactly the primary dies.
  public MigrationPlan seed(long value) {
    seed = value;
    return this;
  }

  /// How long the guest may stand still before the migration is given up.
  public MigrationPlan suspendLimit(Duration value) {
    suspendLimit = value;
    return this;
  }

  /// What of a downtime the source cannot see beforehand: until the guest is suspended, and from
  /// the last octet until it runs at the destination.
  public MigrationPlan fixedDowntime(Duration value) {
    fixedDowntime = value;
    return this;
  }

  /// Says in the stream on which CPU the guest was.
  ///
  /// @param name 7-bit text
  public MigrationPlan savingCpu(String name) {
    savingCpu = name;
    return this;
  }

  /// What the guest does meanwhile.
  ///
  /// @param writesPerSecond pages a second, or [#UNLIMITED]
  public MigrationPlan workload(Workload value, double writesPerSecond) {
    workload = value;
    this.writesPerSecond = writesPerSecond;
    return this;
  }

  /// How long the guest does so where it has arrived, before it is looked at once more.
  public MigrationPlan after(Duration value) {
    after = value;
    return this;
  }

  /// Is told how it goes on.
  public MigrationPlan listener(TransferListener value) {
    listener = value;
    return this;
  }

  /// Is told what the restore meets, on its thread.
  public MigrationPlan restoreListener(RestoreListener value) {
    restoreListener = value;
    return this;
  }

  /// Can be given up.
  public MigrationPlan cancellation(Cancellation value) {
    cancellation = value;
    return this;
  }

  /// How long any output of the source may be waited for, one that keeps the stream included: no
  /// longer than the guest may stand still. To be asked for when all else is said.
  public Patience patience() {
    return new Patience(cancellation, deadline, stall(), nanoTime);
  }

  /// A peer that does nothing for so long is dead: not one that waits for the next checkpoint, nor
  /// one to whom the line is too slow to carry anything sooner.
  Duration stall() {
    BandwidthLimit limit = limit();
    double nanos =
        intervalNanos + (limit == null ? 0 : limit.stride() * SECOND / limit.octetsPerSecond());
    return STALL.plusNanos((long) nanos);
  }

  /// What keeps the line from carrying more, or null.
  @Nullable BandwidthLimit limit() {
    return Double.isInfinite(octetsPerSecond)
        ? null
        : new BandwidthLimit(Math.max(1, Math.round(octetsPerSecond)), nanoTime);
  }

  /// Keeps the stream as well. A page that the guest writes at this very moment may be kept in a
  /// state other than was sent; it is dirty then, and comes again.
  public MigrationPlan record(SaveOutput value) {
    record = Objects.requireNonNull(value);
    return this;
  }
}
