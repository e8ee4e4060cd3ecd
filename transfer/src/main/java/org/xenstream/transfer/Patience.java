// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.time.Duration;
import java.util.function.LongSupplier;

/// How long whatever moves octets waits for its peer.
///
/// @param cancellation ends all waiting
/// @param deadline ends it while the guest stands still; the engine sets it
/// @param stall how long the peer may take or give nothing at all before it counts as dead
/// @param nanoTime a clock that only goes forward, in nanoseconds
public record Patience(
    Cancellation cancellation, Deadline deadline, Duration stall, LongSupplier nanoTime) {
  /// A stall that no peer reaches.
  public static final Duration ENDLESS = Duration.ofNanos(Long.MAX_VALUE);

  /// Until the cancellation, however long the peer does nothing and the guest stands still.
  public static Patience endless(Cancellation cancellation, LongSupplier nanoTime) {
    return new Patience(cancellation, new Deadline(nanoTime), ENDLESS, nanoTime);
  }

  /// The same, ended by another deadline.
  public Patience until(Deadline other) {
    return new Patience(cancellation, other, stall, nanoTime);
  }

  /// When a wait begins. The clock is left alone where no peer counts as dead: where the kernel
  /// cannot answer from memory, a look at it is a system call.
  public long begin() {
    return isEndless() ? 0 : nanoTime.getAsLong();
  }

  /// How long a wait may still last.
  ///
  /// @param since what [#begin] gave
  /// @return [Long#MAX_VALUE] for ever
  public long remainingNanos(long since) {
    long left = deadline.remainingNanos();
    return isEndless() ? left : Math.min(left, stall.toNanos() - (nanoTime.getAsLong() - since));
  }

  private boolean isEndless() {
    return stall.equals(ENDLESS);
  }
}
