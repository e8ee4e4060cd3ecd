// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

/// Which of two ways to move large lumps is the quicker one here: told by trying both in turn.
///
/// To copy from a mapping beats read(2) by a third or more where the processor can write past its
/// caches and page faults are cheap, and is several times slower where a page fault is dear, as in
/// some virtual machines.
final class QuickerWay {
  /// Lumps by each way: with those of 4 MiB, as a saver sends them, a window of [MappedInput].
  private static final int TRIALS = 8;

  private final double[] nanosAnOctet = new double[2];
  private int tried;

  /// Tells by which way the next lump goes.
  boolean isSecond() {
    return tried < 2 * TRIALS ? (tried & 1) == 1 : nanosAnOctet[1] < nanosAnOctet[0];
  }

  /// Takes what the lump cost for which [#isSecond] was asked.
  void took(long nanos, long octets) {
    if (tried < 2 * TRIALS) {
      nanosAnOctet[tried & 1] += (double) nanos / octets;
      tried++;
    }
  }
}
