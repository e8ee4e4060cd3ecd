// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
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
  void readsWithoutPassing() throws IOException {
    byte[] octets = some(20 << 20);
    try (OctetInput input = over(octets)) {
      for (int count : new int[] {10, 5000, 3, 70_000, 9 << 20, 100}) {
        assertArrayEquals(
            Arrays.copyOf(octets, count), input.read(count).toArray(ValueLayout.JAVA_BYTE));
      }
      assertEquals(0, input.position());
      assertEquals(octets.length - 50, input.advance(octets.length - 50));
      assertArrayEquals(
          Arrays.copyOfRange(octets, octets.length - 50, octets.length),
          input.read(0xFFFF_FFFFL).toArray(ValueLayout.JAVA_BYTE));
      assertEquals(50, input.advance(50));
      assertEquals(0, input.read(1).byteSize());
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

  @Test
  void movesOctetsIntoMemoryAndPassesThem() throws IOException {
    byte[] octets = some(300_000);
    try (OctetInput input = over(octets);
        Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(400_000);
      input.peek(5000);
      assertEquals(10, input.advance(10));
      assertEquals(200_000, input.take(memory.asSlice(100, 200_000)));
      assertEquals(200_010, input.position());
      assertArrayEquals(
          Arrays.copyOfRange(octets, 200_010, 200_020),
          input.peek(10).toArray(ValueLayout.JAVA_BYTE));
      assertEquals(0, input.take(memory.asSlice(0, 0)));
      assertEquals(99_990, input.take(memory.asSlice(200_100, 150_000)));
      assertEquals(0, input.take(memory));
      assertEquals(300_000, input.position());
      byte[] moved = memory.toArray(ValueLayout.JAVA_BYTE);
      assertArrayEquals(
          Arrays.copyOfRange(octets, 10, 300_000), Arrays.copyOfRange(moved, 100, 300_090));
      assertArrayEquals(new byte[100], Arrays.copyOf(moved, 100));
      assertArrayEquals(new byte[99_910], Arrays.copyOfRange(moved, 300_090, 400_000));
    }
  }

  @Test
  void movesOctetsIntoSeveralPlaces() throws IOException {
    byte[] octets = some(50_000);
    try (OctetInput input = over(octets);
        Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(3 * 10_000);
      MemorySegment other = arena.allocate(30_000);
      MemoryRuns runs = new MemoryRuns();
      runs.add(memory, 20_000, 10_000);
      runs.add(memory, 0, 7);
      runs.add(other, 1, 20_000);
      input.near(100);
      assertEquals(30_007, input.take(runs));
      assertEquals(30_007, input.position());
      byte[] seen = new byte[30_007];
      MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, 20_000, seen, 0, 10_000);
      MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, 0, seen, 10_000, 7);
      MemorySegment.copy(other, ValueLayout.JAVA_BYTE, 1, seen, 10_007, 20_000);
      assertArrayEquals(Arrays.copyOf(octets, 30_007), seen);
      assertEquals(19_993, input.take(runs));
      assertEquals(0, input.take(runs));
      runs.clear();
      assertEquals(0, input.take(runs));
      assertEquals(50_000, input.position());
    }
  }

  /// Far more places than one system call takes, none beside another.
  @Test
  void movesOctetsIntoVeryManyPlaces() throws IOException {
    byte[] octets = some(5000 * 3 + 1);
    try (OctetInput input = over(octets);
        Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(5000 * 4);
      MemoryRuns runs = new MemoryRuns();
      for (int i = 4999; i >= 0; i--) {
        runs.add(memory, 4L * i, 3);
      }
      assertEquals(5000, runs.count());
      assertEquals(15_000, input.take(runs));
      for (int i = 0; i < 5000; i++) {
        assertArrayEquals(
            Arrays.copyOfRange(octets, 3 * i, 3 * i + 3),
            memory.asSlice(4L * (4999 - i), 3).toArray(ValueLayout.JAVA_BYTE));
      }
      assertEquals(1, input.advance(2));
    }
  }

  @Test
  void movesOctetsToAChannelAndPassesThem() throws IOException {
    byte[] octets = some(1_000_000);
    ByteArrayOutputStream moved = new ByteArrayOutputStream();
    WritableByteChannel to = Channels.newChannel(moved);
    try (OctetInput input = over(octets)) {
      input.near(100);
      assertEquals(0, input.moveTo(to, 0));
      assertEquals(10, input.moveTo(to, 10));
      input.peek(300_000);
      assertEquals(20, input.advance(20));
      assertEquals(700_000, input.moveTo(to, 700_000));
      assertEquals(700_030, input.position());
      assertArrayEquals(
          Arrays.copyOfRange(octets, 700_030, 700_040),
          input.peek(10).toArray(ValueLayout.JAVA_BYTE));
      assertEquals(299_970, input.moveTo(to, Long.MAX_VALUE));
      assertEquals(0, input.moveTo(to, 1));
      assertEquals(1_000_000, input.position());
    }
    byte[] wanted = new byte[999_980];
    System.arraycopy(octets, 0, wanted, 0, 10);
    System.arraycopy(octets, 30, wanted, 10, 999_970);
    assertArrayEquals(wanted, moved.toByteArray());
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
