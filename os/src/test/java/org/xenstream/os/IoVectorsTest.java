// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class IoVectorsTest {
  private static IoVectors three(Arena arena) {
    IoVectors places = new IoVectors(arena);
    places.add(1000, 10);
    places.add(2000, 20);
    places.add(3000, 30);
    return places;
  }

  @Test
  void passesOverOctetsWithinAndAcrossPlaces() {
    try (Arena arena = Arena.ofConfined()) {
      IoVectors places = three(arena);
      assertEquals(60, places.left());
      assertEquals(1000, places.address());
      places.passed(4);
      assertEquals(1004, places.address());
      assertEquals(6, places.length());
      places.passed(6);
      assertEquals(2000, places.address());
      places.passed(25);
      assertEquals(3005, places.address());
      assertEquals(25, places.length());
      assertEquals(25, places.left());
      places.passed(25);
      assertEquals(0, places.left());
      places.clear();
      places.add(7, 1);
      assertEquals(7, places.address());
      assertEquals(1, places.left());
    }
  }

  @Test
  void aLimitShortensTheLastPlaceForOneCall() {
    try (Arena arena = Arena.ofConfined()) {
      for (int[] expected :
          new int[][] {{1, 1}, {9, 1}, {10, 1}, {11, 2}, {30, 2}, {31, 3}, {60, 3}, {99, 3}}) {
        IoVectors places = three(arena);
        int count = places.limit(expected[0]);
        assertEquals(expected[1], count, () -> "most " + expected[0]);
        assertEquals(Math.min(60, expected[0]), lengths(places, count));
        places.restore();
        assertEquals(60, lengths(places, 3));
        places.restore();
        assertEquals(60, lengths(places, 3));
      }
    }
  }

  private static long lengths(IoVectors places, int count) {
    MemorySegment array = Memory.at(places.pointer(), 16L * count);
    long sum = 0;
    for (int i = 0; i < count; i++) {
      sum += array.get(ValueLayout.JAVA_LONG, 16L * i + 8);
    }
    return sum;
  }

  @Test
  void holdsAsManyAsOneCallTakes() {
    try (Arena arena = Arena.ofConfined()) {
      IoVectors places = new IoVectors(arena);
      for (int i = 0; i < IoVectors.MOST; i++) {
        assertFalse(places.isFull());
        places.add(i + 1L, 1);
      }
      assertTrue(places.isFull());
      assertThrows(IndexOutOfBoundsException.class, () -> places.add(5, 1));
      assertEquals(IoVectors.MOST, places.left());
    }
  }

  @Test
  void copiesBothWays() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocateFrom("octets");
      IoVectors places = new IoVectors(arena);
      places.add(memory.address(), 7);
      MemorySegment copy = arena.allocate(7);
      places.copyTo(copy);
      assertEquals("octets", copy.getString(0));
      places.copyFrom(arena.allocateFrom("other!"));
      assertEquals("other!", memory.getString(0));
      assertEquals(7, places.left());
    }
  }

  /// Memory by its address.
  private static final class Memory {
    @SuppressWarnings("restricted") // an array of this test's own
    static MemorySegment at(long address, long length) {
      return MemorySegment.ofAddress(address).reinterpret(length);
    }
  }
}
