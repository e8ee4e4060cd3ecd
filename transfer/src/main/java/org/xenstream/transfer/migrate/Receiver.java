// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.migrate;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.StreamReader;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.restore.RestoreCallbacks;
import org.xenstream.transfer.restore.RestoreRequest;
import org.xenstream.transfer.restore.RestoreResult;
import org.xenstream.transfer.restore.Restorer;
import org.xenstream.transfer.sim.GuestReport;
import org.xenstream.transfer.sim.GuestSpec;
import org.xenstream.transfer.sim.SimDestination;
import org.xenstream.transfer.sim.SimDomain;
import org.xenstream.transfer.sim.SimGuest;
import org.xenstream.transfer.sim.SimHost;

/// The receiving host of a migration: a domain made for the guest, and a thread that restores into
/// it. When it is closed, the domain is gone, unless the guest has been let go on in it.
final class Receiver implements AutoCloseable {
  private static final long LOOK_NANOS = 20_000_000;

  private final SimHost host;
  private final MigrationPlan plan;
  private final Line line;
  private final @Nullable ColoPair pair;
  private final SimDestination toolstack;
  private final @Nullable ColoBackup colo;
  private final Cancellation abandoned;
  private final CompletableFuture<RestoreResult> result = new CompletableFuture<>();
  private final Thread thread;
  private boolean kept;

  /// @param abandoned ends the restore, and all waiting on the line
  Receiver(
      SimHost host,
      GuestSpec spec,
      MigrationPlan plan,
      Line line,
      @Nullable ColoPair pair,
      Cancellation abandoned)
      throws IOException {
    this.host = host;
    this.plan = plan;
    this.line = line;
    this.abandoned = abandoned;
    this.pair = pair;
    SimDomain domain = SimDestination.createDomain(host, spec);
    this.toolstack = new SimDestination(host, domain);
    this.colo = pair == null ? null : new ColoBackup(host, toolstack, pair, plan);
    this.thread =
        Thread.ofPlatform().daemon().name("receiver-" + domain.domid()).unstarted(this::receive);
  }

  void start() {
    thread.start();
  }

  private void receive() {
    try {
      SimDomain domain = toolstack.domain();
      RestoreRequest request =
          RestoreRequest.of(
              domain.domid(),
              plan.type,
              domain.allocateEventChannel(),
              domain.allocateEventChannel());
      RestoreCallbacks callbacks = colo == null ? toolstack : colo;
      StreamReader reader = StreamReader.open(line.input(), Limits.DEFAULT);
      result.complete(
          new Restorer(
                  host,
                  request,
                  callbacks,
                  plan.restoreListener,
                  abandoned,
                  plan.type == StreamType.COLO ? line.backOutput() : null)
              .restore(reader));
    } catch (Throwable e) {
      result.completeExceptionally(e);
    } finally {
      hangUp();
    }
  }

  /// The source shall not write to nobody.
  private void hangUp() {
    if (pair != null) {
      pair.end();
    }
    try {
      line.closeDestination();
    } catch (IOException e) {
      // The stream was read as far as it will be.
    }
  }

  /// Waits until the restore is over.
  ///
  /// @param untilNanos by the plan's clock; [Long#MAX_VALUE] for any time
  /// @throws IOException why it failed, or that it took too long
  RestoreResult await(long untilNanos) throws IOException {
    while (true) {
      try {
        return result.get(LOOK_NANOS, TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        plan.cancellation.check();
        if (untilNanos != Long.MAX_VALUE && plan.nanoTime.getAsLong() - untilNanos >= 0) {
          throw new IOException("the receiver did not end in time", e);
        }
      } catch (ExecutionException e) {
        if (e.getCause() instanceof IOException failure) {
          throw failure;
        }
        throw new IllegalStateException("the restore failed: " + e.getCause(), e.getCause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted as the receiver was waited for", e);
      }
    }
  }

  /// Why the restore failed, if it did and is over.
  @Nullable IOException failure() {
    return result.isCompletedExceptionally() && result.exceptionNow() instanceof IOException e
        ? e
        : null;
  }

  /// Lets the guest that came go on here.
  SimGuest goOn() throws IOException {
    SimGuest guest = toolstack.arrived();
    toolstack.goOn();
    kept = true;
    return guest;
  }

  /// COLO: the guest runs here already, or was suspended for a checkpoint that never came.
  SimGuest takeOver() throws IOException {
    if (colo != null) {
      colo.close();
    }
    SimGuest guest = toolstack.takeOver();
    kept = true;
    return guest;
  }

  /// Looks at the guest that came, which does not go on.
  GuestReport checkBackup() throws IOException {
    if (colo == null) {
      return SimGuest.attach(host, toolstack.domain()).check();
    }
    colo.close();
    return toolstack.takeOver().check();
  }

  /// Stops the device model; and, where the guest was not let go on, ends the restore if it still
  /// is on its way, and destroys the domain.
  @Override
  public void close() throws IOException {
    abandoned.cancel();
    if (pair != null) {
      pair.end();
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    try {
      if (colo != null) {
        colo.close();
      }
    } finally {
      toolstack.close();
      if (!kept) {
        toolstack.domain().destroy();
      }
    }
  }
}
