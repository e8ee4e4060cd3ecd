// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// A request to give up a transfer, made by any thread, at any time, as often as it likes.
///
/// The engines look at it between batches; what can block registers a wake-up, so that a transfer
/// stuck on its peer notices as well.
public final class Cancellation {
  private final List<Runnable> wakeUps = new ArrayList<>();
  private final CountDownLatch asked = new CountDownLatch(1);
  private volatile boolean cancelled;

  /// Not asked for yet.
  public Cancellation() {}

  /// Asks for the end.
  public void cancel() {
    List<Runnable> toWake;
    synchronized (wakeUps) {
      cancelled = true;
      toWake = List.copyOf(wakeUps);
    }
    asked.countDown();
    toWake.forEach(Runnable::run);
  }

  /// Sleeps, and wakes up when the end is asked for.
  ///
  /// @param nanos how long at most
  /// @throws TransferCancelledException when the end was asked for
  /// @throws InterruptedIOException when the thread was interrupted
  public void pause(long nanos) throws TransferCancelledException, InterruptedIOException {
    try {
      if (asked.await(nanos, TimeUnit.NANOSECONDS)) {
        throw new TransferCancelledException();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting");
    }
  }

  /// Tells whether the end was asked for.
  public boolean isCancelled() {
    return cancelled;
  }

  /// Throws when the end was asked for.
  ///
  /// @throws TransferCancelledException then
  public void check() throws TransferCancelledException {
    if (cancelled) {
      throw new TransferCancelledException();
    }
  }

  /// Runs `wakeUp` when the end is asked for, at once when it was already, on the thread that asks.
  ///
  /// @return forgets `wakeUp` when closed
  public Registration onCancel(Runnable wakeUp) {
    boolean late;
    synchronized (wakeUps) {
      wakeUps.add(wakeUp);
      late = cancelled;
    }
    if (late) {
      wakeUp.run();
    }
    return () -> {
      synchronized (wakeUps) {
        wakeUps.remove(wakeUp);
      }
    };
  }

  /// A wake-up that is registered until this is closed.
  @FunctionalInterface
  public interface Registration extends AutoCloseable {
    @Override
    void close();
  }
}
