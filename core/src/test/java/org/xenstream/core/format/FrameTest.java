// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class FrameTest {
  @Test
  void separatesHeaderBodyAndPadding() {
    byte[] octets = HexFormat.of().parseHex("0b00000003000000" + "aabbcc" + "0102030405");
    Frame frame = new Frame(40, 7, 0x0B, MemorySegment.ofArray(octets), 3);
    assertEquals(48, frame.bodyOffset());
    assertEquals(56, frame.end());
    assertEquals("TOOLSTACK", frame.typeName());
    assertArrayEquals(
        HexFormat.of().parseHex("aabbcc"), frame.body().toArray(ValueLayout.JAVA_BYTE));
    assertArrayEquals(
        HexFormat.of().parseHex("0102030405"), frame.padding().toArray(ValueLayout.JAVA_BYTE));
  }
}
