// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WireTest {
  private static final byte[] OCTETS = HexFormat.of().parseHex("00f1f2f3f4f5f6f7f8");

  private final MemorySegment octets = MemorySegment.ofArray(OCTETS);

  @Test
  void readsLittleEndianNumbersAtAnyOffset() {
    assertEquals(0xf2f1, Wire.u16(octets, 1));
    assertEquals(0xf4f3f2f1, Wire.u32(octets, 1));
    assertEquals(0xf8f7f6f5f4f3f2f1L, Wire.u64(octets, 1));
  }

  @Test
  void readsEitherOrder() {
    assertEquals(0xf2f1, Wire.u16(octets, 1, LITTLE_ENDIAN));
    assertEquals(0xf1f2, Wire.u16(octets, 1, BIG_ENDIAN));
    assertEquals(0xf4f3f2f1, Wire.u32(octets, 1, LITTLE_ENDIAN));
    assertEquals(0xf1f2f3f4, Wire.u32(octets, 1, BIG_ENDIAN));
    assertEquals(0xf8f7f6f5f4f3f2f1L, Wire.u64(octets, 1, LITTLE_ENDIAN));
    assertEquals(0xf1f2f3f4f5f6f7f8L, Wire.u64(octets, 1, BIG_ENDIAN));
  }

  @Test
  void writesEitherOrder() {
    assertArrayEquals(HexFormat.of().parseHex("00cdab00000000000000"), written(LITTLE_ENDIAN, 2));
    assertArrayEquals(HexFormat.of().parseHex("00abcd00000000000000"), written(BIG_ENDIAN, 2));
    assertArrayEquals(
        HexFormat.of().parseHex("00cdab896700000000" + "00"), written(LITTLE_ENDIAN, 4));
    assertArrayEquals(HexFormat.of().parseHex("006789abcd00000000" + "00"), written(BIG_ENDIAN, 4));
    assertArrayEquals(
        HexFormat.of().parseHex("00cdab8967452301ef" + "00"), written(LITTLE_ENDIAN, 8));
    assertArrayEquals(HexFormat.of().parseHex("00ef0123456789abcd" + "00"), written(BIG_ENDIAN, 8));
  }

  private static byte[] written(java.nio.ByteOrder order, int width) {
    byte[] into = new byte[10];
    MemorySegment segment = MemorySegment.ofArray(into);
    long value = 0xef01_2345_6789_abcdL;
    switch (width) {
      case 2 -> Wire.putU16(segment, 1, (int) value, order);
      case 4 -> Wire.putU32(segment, 1, (int) value, order);
      default -> Wire.putU64(segment, 1, value, order);
    }
    return into;
  }

  @ParameterizedTest
  @CsvSource({"0,0", "1,7", "2,6", "7,1", "8,0", "9,7", "4294967295,1", "4294967288,0"})
  void padsToEightOctets(long length, int padding) {
    assertEquals(padding, Wire.padding(length));
  }

  @Test
  void refusesToReadBeyondTheOctetsThatAreThere() {
    assertThrows(IndexOutOfBoundsException.class, () -> Wire.u64(octets, 2));
  }
}
