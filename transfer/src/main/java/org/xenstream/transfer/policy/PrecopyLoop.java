// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.policy;

import java.util.function.LongSupplier;

/// The rounds of pre-copy, call by call as the reference has them (`send_memory_live` in
/// `xg_sr_save.c`): the policy is asked before each round, and again after it, when the dirty count
/// is not known; a stop decided before a round still sends that round while the guest runs, and one
/// decided after it leaves the bitmap unread.
///
/// A true save and the model in virtual time both go through it, so that what is explored is what
/// happens.
public final class PrecopyLoop {
  private final PrecopyPolicy policy;
  private final LongSupplier nanoTime;

  /// @param policy asked twice a round
  /// @param nanoTime a clock that only goes forward
  public PrecopyLoop(PrecopyPolicy policy, LongSupplier nanoTime) {
    this.policy = policy;
    this.nanoTime = nanoTime;
  }

  /// What the loop asks of the guest and the line.
  ///
  /// @param <X> what may go wrong
  public interface Rounds<X extends Exception> {
    /// Sends the pages that are dirty by the bitmap read last; all of them in the first round.
    ///
    /// @param round from 0
    /// @param count how many the bitmap holds
    /// @param stats what the policy was told before
    /// @return the octets a second that the line takes, as far as known by now, else 0
    double send(int round, long count, PrecopyStats stats) throws X;

    /// Reads and clears the log-dirty bitmap.
    ///
    /// @return how many pages it holds
    long clean() throws X;

    /// The part of a downtime that memory has no part in, as far as known by now.
    long fixedDowntimeNanos();
  }

  /// Runs the rounds.
  ///
  /// @param pfns of the guest, all of which the first round sends
  /// @return the decision that ended it, a stop or [PrecopyPolicy.Decision#ABORT]
  public <X extends Exception> PrecopyPolicy.Decision run(long pfns, Rounds<X> rounds) throws X {
    long began = nanoTime.getAsLong();
    long cleaned = began;
    long dirty = pfns;
    long previous = -1;
    long total = 0;
    double octetsPerSecond = 0;
    double dirtyPerSecond = 0;
    int sent = 0;
    while (true) {
      PrecopyStats before =
          new PrecopyStats(
              sent,
              total,
              dirty,
              previous,
              octetsPerSecond,
              dirtyPerSecond,
              nanoTime.getAsLong() - began,
              rounds.fixedDowntimeNanos());
      PrecopyPolicy.Decision decision = policy.decide(before);
      if (dirty > 0 && decision != PrecopyPolicy.Decision.ABORT) {
        octetsPerSecond = rounds.send(sent, dirty, before);
      }
      sent++;
      if (decision != PrecopyPolicy.Decision.CONTINUE_PRECOPY) {
        return decision;
      }
      total += dirty;
      decision =
          policy.decide(
              new PrecopyStats(
                  sent,
                  total,
                  -1,
                  dirty,
                  octetsPerSecond,
                  dirtyPerSecond,
                  nanoTime.getAsLong() - began,
                  rounds.fixedDowntimeNanos()));
      if (decision != PrecopyPolicy.Decision.CONTINUE_PRECOPY) {
        return decision;
      }
      previous = dirty;
      dirty = rounds.clean();
      long now = nanoTime.getAsLong();
      dirtyPerSecond = PrecopyStats.perSecond(dirty, now - cleaned);
      cleaned = now;
    }
  }
}
