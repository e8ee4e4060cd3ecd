// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

/// What comes with a log-dirty bitmap (`xc_shadow_op_stats_t`).
///
/// @param faultCount faults since the last CLEAN
/// @param dirtyCount pfns written since then
public record LogDirtyStats(long faultCount, long dirtyCount) {}
