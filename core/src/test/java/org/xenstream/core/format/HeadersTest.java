// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class HeadersTest {
  @Test
  void aSaverNamesTheOrderInTheOptions() {
    assertEquals(new ImageHeader(3, 0, 0), ImageHeader.of(3, LITTLE_ENDIAN));
    assertEquals(new ImageHeader(2, 1, 0), ImageHeader.of(2, BIG_ENDIAN));
  }

  @Test
  void onlyTheLowestOptionBitTellsTheOrder() {
    assertEquals(LITTLE_ENDIAN, new ImageHeader(3, 0xFFFE, 0).order());
    assertEquals(BIG_ENDIAN, new ImageHeader(3, 0xFFFF, 0).order());
  }

  @Test
  void aSaverWritesPagesOfFourKibibytes() {
    assertEquals(new DomainHeader(1, 12, 0, 4, 17), DomainHeader.of(1, 4, 17));
  }

  @Test
  void namesTheKindOfGuest() {
    DomainHeader pv = DomainHeader.of(1, 4, 17);
    DomainHeader hvm = DomainHeader.of(2, 4, 17);
    DomainHeader other = DomainHeader.of(0xFFFFFFFF, 4, 17);
    assertTrue(pv.isPv() && !pv.isHvm());
    assertTrue(hvm.isHvm() && !hvm.isPv());
    assertFalse(other.isPv() || other.isHvm());
    assertEquals("x86 PV", pv.typeName());
    assertEquals("x86 HVM", hvm.typeName());
    assertEquals("type 0xffffffff", other.typeName());
  }

  @Test
  void majorZeroTellsAConvertedStream() {
    assertTrue(DomainHeader.of(1, 0, 1).isConverted());
    assertFalse(DomainHeader.of(1, 4, 0).isConverted());
  }

  @Test
  void theDomainHeaderStandsBehindTheImageHeader() {
    StreamHeaders headers =
        new StreamHeaders(100, ImageHeader.of(3, BIG_ENDIAN), DomainHeader.of(1, 4, 17));
    assertEquals(124, headers.domainOffset());
    assertEquals(BIG_ENDIAN, headers.order());
  }
}
