// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import org.xenstream.transfer.policy.PrecopyStats;

/// How long the guest would stand still, as far as that can be told while it runs: what memory has
/// no part in, and the memory that is left.
final class DowntimeForecast {
  private static final double SECOND = 1e9;

  private final LineRate rate = new LineRate();
  private final long givenNanos;
  private long stateNanos;
  private long stateOctets;
  private long bitmapNanos;
  private long unread;

  /// @param givenNanos what the toolstack and the receiver are said to take
  DowntimeForecast(long givenNanos) {
    this.givenNanos = givenNanos;
  }

  /// What the line takes.
  LineRate rate() {
    return rate;
  }

  /// The guest's state other than memory was read, to see what that takes.
  ///
  /// @param nanos how long it took
  /// @param octets what it takes in the stream
  void stateRead(long nanos, long octets) {
    stateNanos = nanos;
    stateOctets = octets;
  }

  /// The log-dirty bitmap was read, as it is once more while the guest stands still.
  ///
  /// @param nanos how long it took
  void bitmapRead(long nanos) {
    bitmapNanos = nanos;
  }

  /// A pass is over.
  ///
  /// @param octets what was sent and not yet taken by then: it leaves before all that follows
  void leftUnread(long octets) {
    unread = octets;
  }

  /// What memory has no part in.
  long fixedNanos() {
    return givenNanos + stateNanos + bitmapNanos + nanosFor(stateOctets + unread);
  }

  /// All of it, if this many pages were left; 0 while the rate is not known.
  long nanos(long pages) {
    return rate.octetsPerSecond() > 0
        ? fixedNanos() + nanosFor(pages * PrecopyStats.OCTETS_A_PAGE)
        : 0;
  }

  private long nanosFor(long octets) {
    double octetsPerSecond = rate.octetsPerSecond();
    return octetsPerSecond > 0 ? (long) (octets * SECOND / octetsPerSecond) : 0;
  }
}
