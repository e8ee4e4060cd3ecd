// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.util.function.LongSupplier;

/// Keeps a stream from being faster than a rate, on average: every octet has its moment, and none
/// leaves before it. What was lost by a wait that lasted too long is made up for, but not what was
/// lost as nothing was sent, or as a peer stood still: a burst behind a pause would look as if the
/// line were faster than it is.
///
/// One thread at a time uses it.
public final class BandwidthLimit {
  /// How far a wait may let the stream lag behind its moments so that it still catches up.
  private static final long MOST_LAG = 50_000_000;

  private static final long STRIDES_A_SECOND = 100;
  private static final long LEAST_STRIDE = 4096;
  private static final double SECOND = 1e9;

  private final LongSupplier nanoTime;
  private final long octetsPerSecond;
  private long next;
  private double fraction;

  /// Whether the last answer was to wait.
  private boolean waiting;

  /// What a wait that lasted too long has lost, and is not made up for yet.
  private long lost;

  /// @param octetsPerSecond at least 1
  /// @param nanoTime a clock that only goes forward, in nanoseconds
  public BandwidthLimit(long octetsPerSecond, LongSupplier nanoTime) {
    if (octetsPerSecond < 1) {
      throw new IllegalArgumentException(
          "the rate must be at least 1 octet a second, but was " + octetsPerSecond);
    }
    this.octetsPerSecond = octetsPerSecond;
    this.nanoTime = nanoTime;
    this.next = nanoTime.getAsLong();
  }

  /// The rate.
  public long octetsPerSecond() {
    return octetsPerSecond;
  }

  /// The most octets that should leave between two waits, so that the stream is even.
  public long stride() {
    return Math.max(LEAST_STRIDE, octetsPerSecond / STRIDES_A_SECOND);
  }

  /// How long to wait until the next octet may leave; 0 when it may now.
  public long waitNanos() {
    long now = nanoTime.getAsLong();
    long lag = Math.max(0, now - next);
    lost = Math.min(lag, waiting ? MOST_LAG : lost);
    next = Math.max(next, now - lost);
    waiting = next > now;
    return Math.max(0, next - now);
  }

  /// Octets have left.
  public void sent(long octets) {
    double nanos = fraction + octets * SECOND / octetsPerSecond;
    long whole = (long) nanos;
    fraction = nanos - whole;
    next += whole;
  }
}
