// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.xenstream.core.format.HvmContextCursor;
import org.xenstream.core.format.HvmContextCursor.State;

class HvmContextCursorTest {

  private static final String TSC_ADJUST = "1300 0200 08000000 8877665544332211";
  private static final String END = "0000 0000 00000000";

  @Test
  void walksToEndAndSaysSo() {
    HvmContextCursor cursor = HvmContextCursor.over(Blob.ofHex(TSC_ADJUST + END));
    assertEquals(State.UNDERWAY, cursor.state());
    assertTrue(cursor.next());
    assertEquals(0, cursor.offset());
    assertEquals(19, cursor.typecode());
    assertEquals(2, cursor.instance());
    assertEquals(8, cursor.length());
    assertEquals(0x11, cursor.body().get(ValueLayout.JAVA_BYTE, 7));
    assertTrue(cursor.next());
    assertEquals(16, cursor.offset());
    assertEquals(0, cursor.typecode());
    assertEquals(0, cursor.body().byteSize());
    assertFalse(cursor.next());
    assertEquals(State.ENDED_BY_END, cursor.state());
    assertEquals(24, cursor.position());
    assertFalse(cursor.next());
  }

  @Test
  void stopsAtEndThoughOctetsFollow() {
    HvmContextCursor cursor = HvmContextCursor.over(Blob.ofHex(END + TSC_ADJUST));
    assertTrue(cursor.next());
    assertFalse(cursor.next());
    assertEquals(State.ENDED_BY_END, cursor.state());
    assertEquals(8, cursor.position());
  }

  @Test
  void tellsAMissingEndFromACut() {
    HvmContextCursor whole = HvmContextCursor.over(Blob.ofHex(TSC_ADJUST));
    assertTrue(whole.next());
    assertFalse(whole.next());
    assertEquals(State.NO_END, whole.state());
    assertEquals(16, whole.position());

    HvmContextCursor descriptor =
        HvmContextCursor.over(Blob.ofHex(TSC_ADJUST + "0000 0000 000000"));
    assertTrue(descriptor.next());
    assertFalse(descriptor.next());
    assertEquals(State.TRUNCATED, descriptor.state());
    assertEquals(16, descriptor.position());

    HvmContextCursor empty = HvmContextCursor.over(Blob.ofZeroes(0));
    assertFalse(empty.next());
    assertEquals(State.NO_END, empty.state());
  }

  @Test
  void namesTheEntryWhoseBodyIsCut() {
    HvmContextCursor cursor =
        HvmContextCursor.over(Blob.ofHex(TSC_ADJUST + "feff 0100 ffffffff 00"));
    assertTrue(cursor.next());
    assertFalse(cursor.next());
    assertEquals(State.TRUNCATED, cursor.state());
    assertEquals(16, cursor.offset());
    assertEquals(0xfffe, cursor.typecode());
    assertEquals(1, cursor.instance());
    assertEquals(0xffff_ffffL, cursor.length());
    assertEquals(16, cursor.position());
  }

  @Test
  void hasNoBodyWhereThereIsNoEntry() {
    HvmContextCursor cursor = HvmContextCursor.over(Blob.ofHex(TSC_ADJUST));
    IllegalStateException before = assertThrows(IllegalStateException.class, cursor::body);
    assertEquals("the cursor stands on no entry of the HVM context", before.getMessage());
    assertTrue(cursor.next());
    assertEquals(8, cursor.body().byteSize());
    assertFalse(cursor.next());
    assertThrows(IllegalStateException.class, cursor::body);
  }

  @Test
  void endsForAnyOctets() {
    Random random = new Random(19);
    for (int round = 0; round < 2000; round++) {
      byte[] octets = new byte[random.nextInt(200)];
      random.nextBytes(octets);
      for (int i = 0; i < octets.length; i++) {
        if (random.nextInt(3) > 0) {
          octets[i] = 0;
        }
      }
      HvmContextCursor cursor = HvmContextCursor.over(MemorySegment.ofArray(octets));
      long expected = 0;
      while (cursor.next()) {
        assertEquals(expected, cursor.offset());
        assertEquals(cursor.length(), cursor.body().byteSize());
        expected += 8 + cursor.length();
        assertEquals(expected, cursor.position());
      }
      assertTrue(cursor.state() != State.UNDERWAY && cursor.position() <= octets.length);
    }
  }
}
