// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.policy;

/// The reference's own policy (`simple_precopy_policy` in `xg_sr_save.c`): stop when fewer than 50
/// pages are dirty, or after five rounds. An unknown dirty count decides nothing.
///
/// @param maxIterations the rounds after which it stops in any case (`SPP_MAX_ITERATIONS`)
/// @param targetDirtyCount it stops below this many dirty pages (`SPP_TARGET_DIRTY_COUNT`)
public record XenPolicy(int maxIterations, long targetDirtyCount) implements PrecopyPolicy {
  /// With the reference's figures.
  public static final XenPolicy DEFAULT = new XenPolicy(5, 50);

  @Override
  public Decision decide(PrecopyStats stats) {
    boolean few = stats.dirtyCount() >= 0 && stats.dirtyCount() < targetDirtyCount;
    return few || stats.iteration() >= maxIterations
        ? Decision.STOP_AND_COPY
        : Decision.CONTINUE_PRECOPY;
  }
}
