// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class LineRateTest {
  private static final long MILLI = 1_000_000;
  private static final long MEBIBYTE = 1 << 20;
  private static final double RATE = 100.0 * MEBIBYTE;

  private final LineRate rate = new LineRate();
  private long nanos;
  private long written;

  /// A pass in pieces of 1 MiB.
  ///
  /// @param swallowed how many of them take no time
  /// @param millis how long each of the others takes
  private void pass(int pieces, int swallowed, long millis) {
    rate.begin(nanos, written, pieces * MEBIBYTE);
    for (int i = 0; i < pieces; i++) {
      nanos += i < swallowed ? 0 : millis * MILLI;
      written += MEBIBYTE;
      rate.sent(nanos, written);
    }
    rate.end(nanos, written);
  }

  @Test
  void isUnknownAtFirst() {
    assertEquals(0, rate.octetsPerSecond());
    pass(0, 0, 0);
    assertEquals(0, rate.octetsPerSecond());
    pass(20, 20, 0);
    assertEquals(0, rate.octetsPerSecond());
  }

  @Test
  void whatIsSwallowedAtOnceIsLeftOut() {
    pass(16, 4, 10);
    assertEquals(RATE, rate.octetsPerSecond(), 1);
    pass(40, 10, 5);
    assertEquals(2 * RATE, rate.octetsPerSecond(), 1);
  }

  @Test
  void aShortPassDoesNotMakeTheLineFaster() {
    pass(16, 0, 10);
    for (int i = 0; i < 100; i++) {
      pass(15, 14, 10);
    }
    assertEquals(RATE, rate.octetsPerSecond(), 1);
  }

  @Test
  void aShortPassMayShowThatTheLineIsSlower() {
    pass(64, 0, 10);
    pass(3, 0, 40);
    assertEquals(RATE, rate.octetsPerSecond(), 1);
    pass(4, 0, 40);
    assertEquals(RATE / 4, rate.octetsPerSecond(), 1);
    // And one that is no shorter, that it is as fast again.
    pass(4, 0, 10);
    assertEquals(RATE, rate.octetsPerSecond(), 1);
  }

  @Test
  void aPassInOnePieceCountsWhole() {
    pass(1, 0, 10);
    assertEquals(RATE, rate.octetsPerSecond(), 1);
    pass(2, 0, 20);
    assertEquals(RATE / 2, rate.octetsPerSecond(), 1);
  }
}
