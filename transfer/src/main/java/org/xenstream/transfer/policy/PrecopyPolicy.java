// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.policy;

/// Decides when pre-copy ends: a pure function of statistics, asked twice a round as the reference
/// does (`precopy_policy` of `tools/include/xenguest.h`; `send_memory_live` in `xg_sr_save.c`):
/// once before a round is sent, and once after it, when how much is dirty is not known yet.
@FunctionalInterface
public interface PrecopyPolicy {
  /// What to do next.
  Decision decide(PrecopyStats stats);

  /// The answers, `XGS_POLICY_*`.
  enum Decision {
    /// Send another round while the guest runs.
    CONTINUE_PRECOPY,
    /// Suspend the guest and send the rest. Where a round was about to be sent, it is still sent
    /// first.
    STOP_AND_COPY,
    /// Give the transfer up; the guest goes on here.
    ABORT
  }
}
