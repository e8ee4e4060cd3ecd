// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// What every [OctetInput] promises.
public abstract class OctetInputContract {
  /// An input over these octets, called "test".
  protected abstract OctetInput over(byte[] octets) throws IOException;

  /// Tells whether the input knows how long its source is.
  protected abstract boolean knowsItsSize();

  private static byte[] some(int count) {
    byte[] octets = new byte[count];
    new Random(count).nextBytes(octets);
    return octets;
  }

  @Test
  void showsWithoutPassing() throws IOException {
    byte[] octets = some(100);
    try (OctetInput input = over(octets)) {
      assertArrayEquals(octets, input.peek(100).toArray(ValueLayout.JAVA_BYTE));
      assertEquals(0, input.position());
      assertArrayEquals(Arrays.copyOf(octets, 7), input.peek(7).toArray(ValueLayout.JAVA_BYTE));
      assertEquals(0, input.peek(0).byteSize());
    }
  }

  @Test
  void showsFewerAtTheEndWhateverIsAskedFor() throws IOException {
    byte[] octets = some(100);
    try (OctetInput input = over(octets)) {
      assertEquals(60, input.advance(60));
      byte[] rest = Arrays.copyOfRange(octets, 60, 100);
      for (long count : new long[] {41, 0xFFFF_FFFFL, Long.MAX_VALUE}) {
        assertArrayEquals(rest, input.peek(count).toArray(ValueLayout.JAVA_BYTE));
      }
    }
  }

  @Test
  void passesNoFurtherThanTheEnd() throws IOException {
    try (OctetInput input = over(some(100))) {
      assertEquals(40, input.advance(40));
      assertEquals(0, input.advance(0));
      assertEquals(60, input.advance(Long.MAX_VALUE));
      assertEquals(100, input.position());
      assertEquals(0, input.advance(1));
      assertEquals(0, input.peek(1).byteSize());
      assertEquals(100, input.position());
    }
  }

  @Test
  void anEmptySourceHasNothing() throws IOException {
    try (OctetInput input = over(new byte[0])) {
      assertEquals(0, input.peek(16).byteSize());
      assertEquals(0, input.advance(16));
      assertEquals(0, input.position());
    }
  }

  @Test
  void saysWhatItIs() throws IOException {
    try (OctetInput input = over(some(100))) {
      assertEquals(knowsItsSize() ? 100 : -1, input.size());
      assertEquals("test", input.name());
    }
  }

  /// Steps of any length, over far more octets than a first buffer holds.
  @Test
  void givesEveryOctetInItsPlace() throws IOException {
    byte[] octets = some(3_000_000);
    Random chance = new Random(1);
    try (OctetInput input = over(octets)) {
      int at = 0;
      while (at < octets.length) {
        int count = chance.nextInt(chance.nextInt(6) == 0 ? 700_000 : 900);
        int there = Math.min(count, octets.length - at);
        assertEquals(at, input.position());
        byte[] seen = input.peek(count).toArray(ValueLayout.JAVA_BYTE);
        assertArrayEquals(Arrays.copyOfRange(octets, at, at + there), seen);
        int step = chance.nextInt(count + 1000);
        int passed = Math.min(step, octets.length - at);
        assertEquals(passed, input.advance(step));
        at += passed;
      }
    }
  }
}
