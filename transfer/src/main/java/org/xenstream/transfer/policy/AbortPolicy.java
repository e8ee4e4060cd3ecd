// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.policy;

import java.time.Duration;

/// Follows another policy, and gives the transfer up where that one would stop a guest for longer
/// than a limit, so that the guest goes on where it is.
///
/// @param other decides as long as the limit holds
/// @param limitNanos the longest downtime that is acceptable, what is fixed of it included
public record AbortPolicy(PrecopyPolicy other, long limitNanos) implements PrecopyPolicy {
  /// With a limit as a duration.
  public static AbortPolicy of(PrecopyPolicy other, Duration limit) {
    return new AbortPolicy(other, limit.toNanos());
  }

  /// A stop while the dirty count is unknown is put off until it is known.
  @Override
  public Decision decide(PrecopyStats stats) {
    Decision decision = other.decide(stats);
    if (decision != Decision.STOP_AND_COPY) {
      return decision;
    }
    if (!stats.knowsDowntime()) {
      return Decision.CONTINUE_PRECOPY;
    }
    return stats.predictedDowntimeNanos() > limitNanos ? Decision.ABORT : Decision.STOP_AND_COPY;
  }
}
