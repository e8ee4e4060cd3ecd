// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// In virtual time: what is asserted is arithmetic, not a machine's speed.
class BandwidthLimitTest {
  private static final long SECOND = 1_000_000_000;

  private long now = 123_456;

  private BandwidthLimit limit(long rate) {
    return new BandwidthLimit(rate, () -> now);
  }

  /// Batches of up to 4 MiB, as much of them as a stride lets go; every sleep lasts too long by up
  /// to a millisecond, as sleeps do, and every write takes up to half the time that the rate
  /// allows.
  @ParameterizedTest
  @ValueSource(
      longs = {
        1_000_000L,
        12_345_678L,
        100_000_000L,
        1_000_000_000L,
        3_333_333_333L,
        10_000_000_000L
      })
  void holdsOnAverage(long rate) {
    BandwidthLimit limit = limit(rate);
    SplittableRandom chance = new SplittableRandom(rate);
    long start = now;
    long sent = 0;
    while (now - start < 20 * SECOND) {
      long batch = chance.nextLong(1, 4 << 20);
      while (batch > 0) {
        long wait = limit.waitNanos();
        if (wait > 0) {
          now += wait + chance.nextLong(1_000_000);
          continue;
        }
        long step = Math.min(batch, limit.stride());
        batch -= step;
        sent += step;
        now += chance.nextLong(1 + step * SECOND / 2 / rate);
        limit.sent(step);
      }
    }
    double average = sent * (double) SECOND / (now - start);
    assertEquals(1, average / rate, 0.05, () -> average + " octets a second");
  }

  /// Never more than what the rate allows, and one stride besides.
  @Test
  void aPeerThatStoodStillIsNotMadeUpFor() {
    long rate = 100_000_000;
    BandwidthLimit limit = limit(rate);
    limit.sent(1_000_000);
    now += 3600 * SECOND;
    long start = now;
    long sent = 0;
    while (now - start < SECOND) {
      long wait = limit.waitNanos();
      now += wait;
      if (wait == 0) {
        sent += limit.stride();
        limit.sent(limit.stride());
      }
    }
    long most = rate + limit.stride();
    long inAll = sent;
    assertTrue(inAll <= most, () -> inAll + " octets in a second, at most " + most);
    assertTrue(inAll >= rate, () -> inAll + " octets in a second, at least " + rate);
  }

  @Test
  void doesNotKeepTheFirstOctetsBack() {
    BandwidthLimit limit = limit(1_000_000);
    assertEquals(0, limit.waitNanos());
    limit.sent(10_000);
    assertEquals(10_000_000, limit.waitNanos());
    now += 4_000_000;
    assertEquals(6_000_000, limit.waitNanos());
    assertEquals(10_000, limit.stride());
    assertEquals(1_000_000, limit.octetsPerSecond());
  }

  @Test
  void aRateIsAtLeastAnOctet() {
    assertEquals(
        "the rate must be at least 1 octet a second, but was 0",
        assertThrows(IllegalArgumentException.class, () -> limit(0)).getMessage());
    BandwidthLimit limit = limit(1);
    assertEquals(4096, limit.stride());
    limit.sent(4096);
    assertEquals(4096 * SECOND, limit.waitNanos());
  }
}
