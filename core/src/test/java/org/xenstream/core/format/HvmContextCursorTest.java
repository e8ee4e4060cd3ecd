// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HvmContextCursorTest {
  /// Type 2, instance 0x0103, three octets; type 0x14, instance 0, none; END.
  private static final String TWO = "0200" + "0301" + "03000000" + "a1a2a3";

  private static final String NONE = "1400" + "0000" + "00000000";
  private static final String END = "0000" + "0000" + "00000000";

  private static HvmContextCursor over(String hex) {
    return HvmContextCursor.over(MemorySegment.ofArray(HexFormat.of().parseHex(hex)));
  }

  @Test
  void walksOverEveryEntryEndIncluded() {
    HvmContextCursor cursor = over(TWO + NONE + END);
    assertEquals(HvmContextCursor.State.UNDERWAY, cursor.state());

    assertTrue(cursor.next());
    assertEquals(0, cursor.offset());
    assertEquals(2, cursor.typecode());
    assertEquals(0x0103, cursor.instance());
    assertEquals(3, cursor.length());
    assertEquals(11, cursor.position());
    assertArrayEquals(
        HexFormat.of().parseHex("a1a2a3"), cursor.body().toArray(ValueLayout.JAVA_BYTE));

    assertTrue(cursor.next());
    assertEquals(11, cursor.offset());
    assertEquals(0x14, cursor.typecode());
    assertEquals(0, cursor.body().byteSize());

    assertTrue(cursor.next());
    assertEquals(HvmContextCursor.END, cursor.typecode());
    assertEquals(HvmContextCursor.State.UNDERWAY, cursor.state());

    assertFalse(cursor.next());
    assertEquals(HvmContextCursor.State.ENDED_BY_END, cursor.state());
    assertEquals(27, cursor.position());
    assertFalse(cursor.next());
  }

  @Test
  void leavesWhatIsBehindEnd() {
    HvmContextCursor cursor = over(END + TWO);
    assertTrue(cursor.next());
    assertFalse(cursor.next());
    assertEquals(HvmContextCursor.State.ENDED_BY_END, cursor.state());
    assertEquals(8, cursor.position());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", TWO})
  void saysThatThereIsNoEnd(String context) {
    HvmContextCursor cursor = over(context);
    while (cursor.next()) {
      assertEquals(2, cursor.typecode());
    }
    assertEquals(HvmContextCursor.State.NO_END, cursor.state());
    assertEquals(context.length() / 2, cursor.position());
  }

  @Test
  void stopsAtADescriptorThatDoesNotFit() {
    HvmContextCursor cursor = over(TWO + "02000000000000");
    assertTrue(cursor.next());
    assertFalse(cursor.next());
    assertEquals(HvmContextCursor.State.TRUNCATED, cursor.state());
    assertEquals(11, cursor.position());
  }

  @ParameterizedTest
  @ValueSource(strings = {"04000000", "ffffffff", "ffffff7f"})
  void namesTheEntryWhoseBodyDoesNotFit(String length) {
    HvmContextCursor cursor = over(NONE + "0500" + "0700" + length + "a1a2a3");
    assertTrue(cursor.next());
    assertFalse(cursor.next());
    assertEquals(HvmContextCursor.State.TRUNCATED, cursor.state());
    assertEquals(5, cursor.typecode());
    assertEquals(7, cursor.instance());
    assertEquals(8, cursor.offset());
    assertEquals(8, cursor.position());
    assertEquals(
        "the cursor stands on no entry of the HVM context",
        assertThrows(IllegalStateException.class, cursor::body).getMessage());
  }

  @Test
  void hasNoBodyBeforeTheFirstEntry() {
    assertEquals(
        "the cursor stands on no entry of the HVM context",
        assertThrows(IllegalStateException.class, over(TWO)::body).getMessage());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void comesToAnEndForAnyOctets(long seed) {
    RandomGenerator chance = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    for (int round = 0; round < 500; round++) {
      byte[] octets = new byte[chance.nextInt(200)];
      for (int i = 0; i < octets.length; i++) {
        octets[i] = (byte) (chance.nextInt(3) == 0 ? chance.nextInt(20) : 0);
      }
      HvmContextCursor cursor = HvmContextCursor.over(MemorySegment.ofArray(octets));
      long before = 0;
      while (cursor.next()) {
        assertEquals(before, cursor.offset());
        assertTrue(cursor.position() >= before + 8 && cursor.position() <= octets.length);
        assertEquals(cursor.length(), cursor.body().byteSize());
        before = cursor.position();
      }
      assertTrue(cursor.state() != HvmContextCursor.State.UNDERWAY, "seed " + seed);
    }
  }
}
