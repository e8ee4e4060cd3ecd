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
  private final PageSender sender;
  private final SaveOutput out;
  private final SaveOptions options;
  private final DowntimeForecast forecast;

  Passes(PageSender sender, SaveOutput out, SaveOptions options, DowntimeForecast forecast) {
    this.sender = sender;
    this.out = out;
    this.options = options;
    this.forecast = forecast;
  }

  /// Sends the pages whose bits are set.
  ///
  /// @param expected how many they should be
  /// @param dirtyPagesPerSecond as measured, for the listener
  void send(Pass pass, int round, PfnBitmap dirty, long expected, double dirtyPagesPerSecond)
      throws IOException {
    options.listener.on(
        new TransferEvent.RoundBegun(
            pass, round, expected, dirtyPagesPerSecond, forecast.nanos(expected)));
    LineRate rate = forecast.rate();
    long octetsBefore = out.written();
    long begun = options.nanoTime.getAsLong();
    rate.begin(begun, octetsBefore, expected * PrecopyStats.OCTETS_A_PAGE);
    long sent = sender.send(dirty, pass, round, expected, rate);
    long ended = options.nanoTime.getAsLong();
    rate.end(ended, out.written());
    forecast.leftUnread(out.unread());
    long nanos = ended - begun;
    long octets = out.written() - octetsBefore;
    options.listener.on(
        new TransferEvent.RoundEnded(
            pass, round, sent, octets, nanos, PrecopyStats.perSecond(octets, nanos)));
  }
}
