// SPDX-License-Identifier: Apache-2.0
package org.xenstream.codecs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ZstdFrameTest {
  @ParameterizedTest
  @CsvSource({
    // A descriptor of the window: 2^(10 + 0), 2^(10 + 17), 2^(10 + 14) and 3 eighths, the largest.
    "28b52ffd0000, 1024",
    "28b52ffd0488, 134217728",
    "28b52ffd0073, 23068672",
    "28b52ffdc0ff, 4123168604160",
    // A single segment, whose content is of 1, 2, 4 and 8 octets, behind dictionaries' numbers.
    "28b52ffd20ff, 255",
    "28b52ffd60ff00, 511",
    "28b52ffd600001, 512",
    "28b52ffda100000000f0, 4026531840",
    "28b52ffd231122334407, 7",
    "28b52ffde200000000000000000001, 72057594037927936",
    "28b52ffde0ffffffffffffffff, 9223372036854775807",
    // Cut, and none.
    "28b52ffda1000000, 0",
    "28b52ffd00, 0",
    "502a4d180400000000, 0"
  })
  void tellsTheWindow(String header, long window) {
    ByteBuffer in = ByteBuffer.wrap(HexFormat.of().parseHex(header));
    assertEquals(window, ZstdFrame.window(in));
    assertEquals(0, in.position());
  }
}
