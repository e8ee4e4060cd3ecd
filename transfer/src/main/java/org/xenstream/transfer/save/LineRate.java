// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import org.xenstream.transfer.policy.PrecopyStats;

/// How many octets a second the line takes, as passes over memory show it.
///
/// What lies on the way, a pipe or the buffers of sockets, takes the first octets of a pass at
/// once. So the first quarter of a pass is left out, and a short pass, all of which may have been
/// taken so, counts only until there is a longer one; or where it shows a line that has become
/// slower, which no buffer does.
final class LineRate {
  /// A pass of so many octets shows the rate, whatever was shown before: a quarter of it is more
  /// than a pipe and a socket have room for, unless they were made larger than usual.
  static final long TELLING = 16 << 20;

  /// A pass of so many may be believed that the line has become slower. Of fewer, what each pass
  /// takes besides would make it seem so.
  static final long WARNING = 4 << 20;

  private double octetsPerSecond;

  /// How long the pass was that has shown it.
  private long shownBy;

  private Mark start = new Mark(0, 0);
  private Mark from = start;
  private long firstQuarter;

  /// @param nanos by a clock that only goes forward
  /// @param octets of the stream by then
  private record Mark(long nanos, long octets) {}

  /// A pass begins.
  ///
  /// @param nanos by a clock that only goes forward
  /// @param written octets of the stream by now
  /// @param expected about how many octets the pass will add
  void begin(long nanos, long written, long expected) {
    start = new Mark(nanos, written);
    from = start;
    firstQuarter = expected / 4;
  }

  /// A part of the pass was sent.
  void sent(long nanos, long written) {
    if (from.octets == start.octets && written - start.octets >= firstQuarter) {
      from = new Mark(nanos, written);
    }
  }

  /// The pass is over.
  void end(long nanos, long written) {
    // Of a pass that was sent in one piece there is no rest.
    Mark since = from.octets < written ? from : start;
    long octets = written - start.octets;
    if (nanos <= since.nanos || octets == 0) {
      return;
    }
    double rate = PrecopyStats.perSecond(written - since.octets, nanos - since.nanos);
    if (octets >= TELLING || octets >= shownBy || (octets >= WARNING && rate < octetsPerSecond)) {
      octetsPerSecond = rate;
      shownBy = octets;
    }
  }

  /// The rate; 0 while it is not known.
  double octetsPerSecond() {
    return octetsPerSecond;
  }
}
