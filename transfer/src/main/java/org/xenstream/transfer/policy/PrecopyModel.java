// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.policy;

/// A live migration in virtual time: the rounds that a policy makes of a guest that dirties memory
/// in a given manner, on a line of a given bandwidth. It asks the policy call by call as
/// [PrecopyLoop] does for a true one, since it is driven by it.
///
/// @param pages of the guest, all of which the first round sends
/// @param dirty how the guest writes
/// @param octetsPerSecond the line
/// @param fixedDowntimeNanos what suspending, the contexts and the device model's state take
public record PrecopyModel(
    long pages, DirtyModel dirty, double octetsPerSecond, long fixedDowntimeNanos) {

  /// What came of it.
  ///
  /// @param completed false where the policy gave up
  /// @param rounds rounds sent while the guest ran
  /// @param pagesSent pages of all rounds, the last included
  /// @param totalNanos from the first octet to the last
  /// @param downtimeNanos how long the guest stood still; 0 where it was given up
  public record Outcome(
      boolean completed, int rounds, long pagesSent, long totalNanos, long downtimeNanos) {
    /// Tells whether it took longer than can be told in nanoseconds, 292 years: no number but the
    /// rounds means anything then.
    public boolean isBeyondTime() {
      return totalNanos == Long.MAX_VALUE;
    }
  }

  /// Runs it.
  public Outcome run(PrecopyPolicy policy) {
    Line line = new Line();
    PrecopyLoop loop = new PrecopyLoop(policy, () -> line.nanos);
    PrecopyPolicy.Decision decision = loop.run(pages, line);
    if (decision == PrecopyPolicy.Decision.ABORT) {
      return new Outcome(false, line.rounds, line.sent, line.nanos, 0);
    }
    long rest = line.dirtyNow();
    long downtime = sum(fixedDowntimeNanos, line.nanosFor(rest));
    return new Outcome(true, line.rounds, line.sent + rest, sum(line.nanos, downtime), downtime);
  }

  /// Of two times, the longest one that there is where they are longer together.
  private static long sum(long nanos, long more) {
    return nanos > Long.MAX_VALUE - more ? Long.MAX_VALUE : nanos + more;
  }

  /// The guest and the line, as the loop sees them.
  private final class Line implements PrecopyLoop.Rounds<RuntimeException> {
    private long nanos;
    private long cleanedAt;
    private long sent;
    private int rounds;

    private long nanosFor(long count) {
      return (long) (count * PrecopyStats.OCTETS_A_PAGE * 1e9 / octetsPerSecond);
    }

    private long dirtyNow() {
      return (long) dirty.dirtyPages((nanos - cleanedAt) / 1e9);
    }

    @Override
    public double send(int round, long count, PrecopyStats stats) {
      nanos = sum(nanos, nanosFor(count));
      sent += count;
      rounds++;
      return octetsPerSecond;
    }

    @Override
    public long clean() {
      long count = dirtyNow();
      cleanedAt = nanos;
      return count;
    }

    @Override
    public long fixedDowntimeNanos() {
      return fixedDowntimeNanos;
    }
  }
}
