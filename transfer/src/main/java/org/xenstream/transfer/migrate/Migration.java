// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.migrate;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.SaveOutput;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.TransferEvent;
import org.xenstream.transfer.migrate.MigrationOutcome.Survivor;
import org.xenstream.transfer.restore.RestoreResult;
import org.xenstream.transfer.save.SaveCallbacks;
import org.xenstream.transfer.save.SaveOptions;
import org.xenstream.transfer.save.SaveReport;
import org.xenstream.transfer.save.Saver;
import org.xenstream.transfer.sim.GuestLoad;
import org.xenstream.transfer.sim.GuestReport;
import org.xenstream.transfer.sim.SimGuest;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.transfer.sim.SimSource;

/// Moves a running guest from one simulated host to another, or keeps a backup of it there by
/// checkpoints, over a real line between two threads: what `xl migrate` and `xl remus` do around
/// the engines.
///
/// The guest ends up running at exactly one place. A plain migration hands over when the
/// destination has restored the guest and not before; whatever fails until then, an interrupt
/// included, destroys the destination, and the source goes on unharmed. A backup takes over when
/// the primary dies; else it is looked at and destroyed.
public final class Migration {
  private final SimGuest guest;
  private final MigrationPlan plan;
  private final Line line;
  private final Receiver receiver;
  private final @Nullable ColoPair pair;
  private final SimSource source;
  private final MortalOutput output;
  private final List<TransferEvent.RoundEnded> passes = new ArrayList<>();
  private final GuestLoad load;
  private final long begun;
  private boolean settled;
  private int checkpoints;
  private long suspendedAt;
  private long longestNanos;
  private @Nullable IOException failure;
  private @Nullable SaveReport saved;
  private @Nullable RestoreResult restored;

  private Migration(
      SimGuest guest, MigrationPlan plan, Line line, Receiver receiver, @Nullable ColoPair pair) {
    this.guest = guest;
    this.plan = plan;
    this.line = line;
    this.receiver = receiver;
    this.pair = pair;
    this.source = new SimSource(guest, plan.checkpoints, this::interval);
    SaveOutput out = line.output();
    this.output =
        new MortalOutput(
            plan.record == null ? out : new TeeOutput(out, plan.record), plan.killAfter, plan.seed);
    this.load = GuestLoad.start(guest, plan.workload, plan.writesPerSecond, plan.nanoTime, 1);
    this.begun = plan.nanoTime.getAsLong();
  }

  /// Migrates a guest that runs.
  ///
  /// What goes wrong in the migration is told in the outcome, and the guest runs on somewhere. Only
  /// what goes wrong before it began is thrown.
  ///
  /// @param to a host with room for the guest
  /// @throws IOException when it could not begin
  public static MigrationOutcome run(SimGuest guest, SimHost to, MigrationPlan plan)
      throws IOException {
    if (plan.type == StreamType.COLO && !guest.domain().isHvm()) {
      // A page table that the backup has pinned cannot be written; libxl says no, too.
      throw new IllegalArgumentException("COLO is for HVM guests");
    }
    ColoPair pair =
        plan.type == StreamType.COLO ? new ColoPair(plan.cancellation, plan.deadline) : null;
    Cancellation abandoned = new Cancellation();
    try (Line line = SocketLine.open(plan, abandoned);
        Receiver receiver = new Receiver(to, guest.spec(), plan, line, pair, abandoned)) {
      receiver.start();
      return new Migration(guest, plan, line, receiver, pair).run();
    }
  }

  private MigrationOutcome run() throws IOException {
    try {
      save();
      return plan.type == StreamType.PLAIN ? handOver() : settleBackup();
    } finally {
      if (!settled) {
        // A fault of this program; the guest shall not suffer from it.
        source.goOn();
        source.close();
        load.stop();
      }
    }
  }

  private void save() {
    try {
      saved =
          Saver.save(
              guest.host(),
              guest.domain().domid(),
              callbacks(),
              options(),
              output,
              plan.type == StreamType.COLO ? line.backChannel() : null);
    } catch (IOException e) {
      // Of a broken line the source sees no more than that; the destination knows why it hung up.
      IOException there = receiver.failure();
      failure =
          there == null ? e : new IOException("the destination gave up: " + there.getMessage(), e);
    } finally {
      if (pair != null) {
        pair.end();
      }
      hangUp();
    }
  }

  private void hangUp() {
    try {
      line.closeSource();
    } catch (IOException e) {
      failure = failure == null ? e : failure;
    }
  }

  private SaveCallbacks callbacks() {
    return pair == null ? source : new ColoPrimary(source, pair, plan.checkpoints, this::interval);
  }

  private void interval() {
    Pause.of(plan.intervalNanos, plan.cancellation);
  }

  private SaveOptions options() {
    SaveOptions options =
        new SaveOptions(plan.policy, plan.nanoTime)
            .live()
            .type(plan.type)
            .fixedDowntime(plan.fixedDowntime)
            .suspendLimit(plan.suspendLimit, plan.deadline)
            .listener(this::see)
            .cancellation(plan.cancellation);
    if (plan.savingCpu != null) {
      options.savingCpu(plan.savingCpu);
    }
    if (plan.verify) {
      options.verify();
    }
    return options;
  }

  private void see(TransferEvent event) {
    switch (event) {
      case TransferEvent.RoundEnded pass -> passes.add(pass);
      case TransferEvent.Suspended _ -> suspendedAt = plan.nanoTime.getAsLong();
      case TransferEvent.Checkpoint(int number, _, _) -> checkpoints = number;
      case TransferEvent.Resumed(long nanos) -> longestNanos = Math.max(longestNanos, nanos);
      default -> {
        // For the other listener alone.
      }
    }
    plan.listener.on(event);
  }

  // ---- A guest that moves

  private MigrationOutcome handOver() throws IOException {
    SimGuest arrived = null;
    if (saved != null && failure == null) {
      try {
        restored = receiver.await(suspendedAt + plan.suspendLimit.toNanos());
        arrived = receiver.goOn();
      } catch (IOException e) {
        failure = e;
      }
    }
    if (arrived == null) {
      return stay(null);
    }
    settled = true;
    long now = plan.nanoTime.getAsLong();
    load.stop();
    source.destroy();
    return outcome(Survivor.DESTINATION, now, now - suspendedAt, runThere(arrived), null);
  }

  /// The guest goes on where it is.
  ///
  /// @param backup how the backup was, if there was one to look at
  private MigrationOutcome stay(@Nullable GuestReport backup) throws IOException {
    receiver.close();
    boolean stood = guest.host().domainInfo(guest.domain().domid()).isSuspended();
    source.goOn();
    settled = true;
    long now = plan.nanoTime.getAsLong();
    long downtime = stood ? Math.max(longestNanos, now - suspendedAt) : longestNanos;
    Pause.of(plan.after.toNanos(), plan.cancellation);
    load.stop();
    GuestReport check = guest.check();
    source.close();
    return outcome(Survivor.SOURCE, now, downtime, check, backup);
  }

  /// Looks at a guest that has arrived, lets it work, and looks again.
  ///
  /// @return the first look, unless the second finds more
  private GuestReport runThere(SimGuest arrived) throws IOException {
    GuestReport first = arrived.check();
    GuestLoad there =
        GuestLoad.start(arrived, plan.workload, plan.writesPerSecond, plan.nanoTime, 1);
    Pause.of(plan.after.toNanos(), plan.cancellation);
    there.stop();
    GuestReport second = arrived.check();
    return first.survived() ? second : first;
  }

  // ---- A guest with a backup

  private MigrationOutcome settleBackup() throws IOException {
    if (output.isDead()) {
      settled = true;
      failure = null;
      load.stop();
      source.destroy();
      return takeOver();
    }
    // A planned end, or one that the source survives: it goes on, and the backup is not needed.
    GuestReport backup = null;
    if (saved != null) {
      try {
        restored = receiver.await(Long.MAX_VALUE);
        backup = receiver.checkBackup();
      } catch (IOException e) {
        failure = e;
      }
    }
    return stay(backup);
  }

  private MigrationOutcome takeOver() throws IOException {
    SimGuest backup;
    try {
      restored = receiver.await(Long.MAX_VALUE);
      backup = pair == null ? receiver.goOn() : receiver.takeOver();
    } catch (IOException e) {
      failure = e;
      return outcome(Survivor.NONE, plan.nanoTime.getAsLong(), 0, null, null);
    }
    long now = plan.nanoTime.getAsLong();
    return outcome(Survivor.DESTINATION, now, longestNanos, runThere(backup), null);
  }

  private MigrationOutcome outcome(
      Survivor survivor,
      long endedAt,
      long downtimeNanos,
      @Nullable GuestReport check,
      @Nullable GuestReport backup) {
    return new MigrationOutcome(
        survivor,
        failure,
        saved,
        restored,
        passes,
        checkpoints,
        output.written(),
        endedAt - begun,
        downtimeNanos,
        load.pagesWritten(),
        check,
        backup);
  }
}
