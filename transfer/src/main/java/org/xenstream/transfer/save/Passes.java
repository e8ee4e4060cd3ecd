// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.io.IOException;
import org.xenstream.transfer.PfnBitmap;
import org.xenstream.transfer.SaveOutput;
import org.xenstream.transfer.TransferEvent;
import org.xenstream.transfer.TransferEvent.Pass;
import org.xenstream.transfer.policy.PrecopyStats;

/// Passes over memory, told to the listener and timed.
final class Passes {
  private static final double NANOS = 1e9;

  private final PageSender sender;
  private final SaveOutput out;
  private final SaveOptions options;
  private double octetsPerSecond;

  Passes(PageSender sender, SaveOutput out, SaveOptions options) {
    this.sender = sender;
    this.out = out;
    this.options = options;
  }

  /// Sends the pages whose bits are set.
  ///
  /// @param expected how many they should be
  /// @param dirtyPagesPerSecond as measured, for the listener
  /// @return octets sent
  long send(Pass pass, int round, PfnBitmap dirty, long expected, double dirtyPagesPerSecond)
      throws IOException {
    long downtime =
        octetsPerSecond > 0
            ? (long) (expected * PrecopyStats.OCTETS_A_PAGE * NANOS / octetsPerSecond)
            : 0;
    options
        .listener()
        .on(new TransferEvent.RoundBegun(pass, round, expected, dirtyPagesPerSecond, downtime));
    long octetsBefore = out.written();
    long begun = options.nanoTime().getAsLong();
    long sent = sender.send(dirty, pass, round, expected);
    long nanos = options.nanoTime().getAsLong() - begun;
    long octets = out.written() - octetsBefore;
    if (nanos > 0) {
      octetsPerSecond = octets * NANOS / nanos;
    }
    options
        .listener()
        .on(new TransferEvent.RoundEnded(pass, round, sent, octets, nanos, octetsPerSecond));
    return octets;
  }
}
