// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.policy;

import java.time.Duration;

/// Stops as soon as the rest could be sent within a target downtime, at the bandwidth that the
/// rounds so far have shown. A guest that never gets there is stopped after a number of rounds all
/// the same, so that a transfer always ends; [AbortPolicy] gives it up in place of that.
///
/// Before anything was sent no bandwidth is known, and the answer is to go on.
///
/// @param targetNanos the downtime wanted, what is fixed of it included
/// @param maxIterations the rounds after which it stops in any case
public record DowntimePolicy(long targetNanos, int maxIterations) implements PrecopyPolicy {
  /// Thirty rounds are many: each sends less than the one before, or the policy has failed.
  public static final int DEFAULT_MAX_ITERATIONS = 30;

  /// Stops after thirty rounds in any case.
  public static DowntimePolicy of(Duration target) {
    return new DowntimePolicy(target.toNanos(), DEFAULT_MAX_ITERATIONS);
  }

  @Override
  public Decision decide(PrecopyStats stats) {
    if (stats.iteration() >= maxIterations) {
      return Decision.STOP_AND_COPY;
    }
    return stats.knowsDowntime() && stats.predictedDowntimeNanos() <= targetNanos
        ? Decision.STOP_AND_COPY
        : Decision.CONTINUE_PRECOPY;
  }
}
