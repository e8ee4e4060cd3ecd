// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.policy;

/// Stops when a round no longer shrinks: another one would send as much again and leave as much
/// again. Stops as well when next to nothing is left.
///
/// The first round, which sends all pfns, is not compared: what it leaves says nothing of the next.
///
/// @param leastShrink the part by which a round has to be smaller than the one before, 0 to 1
/// @param targetDirtyCount it stops below this many dirty pages
/// @param maxIterations the rounds after which it stops in any case
public record ConvergencePolicy(double leastShrink, long targetDirtyCount, int maxIterations)
    implements PrecopyPolicy {
  /// A tenth smaller, 50 pages, thirty rounds.
  public static final ConvergencePolicy DEFAULT =
      new ConvergencePolicy(0.1, 50, DowntimePolicy.DEFAULT_MAX_ITERATIONS);

  @Override
  public Decision decide(PrecopyStats stats) {
    if (stats.iteration() >= maxIterations) {
      return Decision.STOP_AND_COPY;
    }
    long dirty = stats.dirtyCount();
    if (dirty < 0) {
      return Decision.CONTINUE_PRECOPY;
    }
    boolean shrinks =
        stats.iteration() < 2
            || stats.previousDirtyCount() < 0
            || dirty <= stats.previousDirtyCount() * (1 - leastShrink);
    return dirty < targetDirtyCount || !shrinks
        ? Decision.STOP_AND_COPY
        : Decision.CONTINUE_PRECOPY;
  }
}
