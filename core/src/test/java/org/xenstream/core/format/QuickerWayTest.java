// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuickerWayTest {
  @Test
  void givesTheSecondUpEarlyWhereItCostsMoreThanTwice() {
    QuickerWay way = new QuickerWay();
    // The first two do not count.
    take(way, false, 1000);
    take(way, true, 9000);
    take(way, false, 1000);
    take(way, true, 2000);
    take(way, false, 1000);
    take(way, true, 2001);
    take(way, false, 1_000_000);
    take(way, false, 1);
  }

  private static void take(QuickerWay way, boolean second, long nanos) {
    assertEquals(second, way.isSecond());
    way.took(nanos, 4000);
  }

  /// Lumps of different lengths, so that time alone does not tell.
  @ParameterizedTest
  @CsvSource({"1.0, 0.7, true", "0.7, 1.0, false", "1.0, 1.0, false"})
  void triesBothInTurnAndStaysWithTheQuickerOne(double first, double second, boolean chosen) {
    QuickerWay way = new QuickerWay();
    for (int i = 0; i < 16; i++) {
      boolean isSecond = i % 2 == 1;
      assertEquals(isSecond, way.isSecond());
      long octets = isSecond ? 40_000_000 : 4_000_000;
      way.took((long) (octets * (isSecond ? second : first)), octets);
    }
    for (int i = 0; i < 3; i++) {
      assertEquals(chosen, way.isSecond());
      way.took(1, 1_000_000);
    }
  }
}
