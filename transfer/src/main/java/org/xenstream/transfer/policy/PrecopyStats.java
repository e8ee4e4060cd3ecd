// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.policy;

/// What a policy decides by. The first three are those of the reference (`struct precopy_stats`);
/// the others are measured by the engine and zero while unknown.
///
/// @param iteration how many rounds have been sent
/// @param totalWritten pages in the rounds so far, as the bitmap counted them
/// @param dirtyCount pages that the next round would send; −1 when unknown
/// @param previousDirtyCount pages that the round before it sent; −1 when there was none
/// @param octetsPerSecond what the line takes, as the rounds so far have shown
/// @param dirtyPagesPerSecond the rate at which the guest dirtied pages in the last round
/// @param elapsedNanos time since the first round began
/// @param fixedDowntimeNanos the part of a downtime that memory has no part in, as far as known
public record PrecopyStats(
    int iteration,
    long totalWritten,
    long dirtyCount,
    long previousDirtyCount,
    double octetsPerSecond,
    double dirtyPagesPerSecond,
    long elapsedNanos,
    long fixedDowntimeNanos) {
  /// What a page takes in a stream: its entry and its octets.
  public static final long OCTETS_A_PAGE = 8 + 4096;

  /// Statistics as the reference has them, with nothing measured.
  public static PrecopyStats of(int iteration, long totalWritten, long dirtyCount) {
    return new PrecopyStats(iteration, totalWritten, dirtyCount, -1, 0, 0, 0, 0);
  }

  /// A rate; zero, which stands for unknown, where no time has passed.
  public static double perSecond(long amount, long nanos) {
    return nanos > 0 ? amount * 1e9 / nanos : 0;
  }

  /// Tells whether a downtime can be predicted: it is known how much is dirty and how fast it goes.
  public boolean knowsDowntime() {
    return dirtyCount >= 0 && octetsPerSecond > 0;
  }

  /// How long the guest would stand still if it were suspended now, as far as [#knowsDowntime].
  public long predictedDowntimeNanos() {
    return fixedDowntimeNanos + (long) (dirtyCount * OCTETS_A_PAGE * 1e9 / octetsPerSecond);
  }
}
