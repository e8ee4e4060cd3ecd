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

  /// Until the cancellation, however long the peer does nothing and the guest stands still.
  public static Patience endless(Cancellation cancellation, LongSupplier nanoTime) {
    return new Patience(
        cancellation, new Deadline(nanoTime), Duration.ofNanos(Long.MAX_VALUE), nanoTime);
  }

  /// How long a wait may still last that began at `since`.
  long remainingNanos(long since) {
    long stalled = nanoTime.getAsLong() - since;
    return Math.min(deadline.remainingNanos(), stall.toNanos() - stalled);
  }
}
