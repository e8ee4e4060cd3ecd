// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

/// Whether a second way to move large lumps is quicker here than the usual one: told by trying both
/// in turn.
///
/// To copy from a mapping beats read(2) by a third or more where the processor can write past its
/// caches and page faults are cheap, and is several times slower where a page fault is dear, as in
/// some virtual machines: there it is given up early, before the trial costs what it may never
/// gain.
final class QuickerWay {
  /// Lumps by each way: with those of 4 MiB, as a saver sends them, a window of [MappedInput].
  private static final int TRIALS = 8;

  /// So many times the cost of the usual way are too many to go on with the trial.
  private static final double HOPELESS = 2;

  private double usual;
  private double second;
  private int tried;

  /// Tells by which way the next lump goes.
  boolean isSecond() {
    return tried < 2 * TRIALS ? (tried & 1) == 1 : second < usual;
  }

  /// Takes what the lump cost for which [#isSecond] was asked. The first by each way does not
  /// count: it pays for what is done but once.
  void took(long nanos, long octets) {
    if (tried == 2 * TRIALS) {
      return;
    }
    double cost = tried < 2 ? 0 : (double) nanos / octets;
    if (isSecond()) {
      second += cost;
    } else {
      usual += cost;
    }
    tried++;
    if ((tried & 1) == 0 && second > HOPELESS * usual) {
      tried = 2 * TRIALS;
    }
  }
}
