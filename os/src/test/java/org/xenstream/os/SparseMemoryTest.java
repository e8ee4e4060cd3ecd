// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SparseMemoryTest {
  private static final long LENGTH = (1L << 30) + 4096;
  private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG;

  /// What is written is there alone, wherever zeros are shared, and gone when it was discarded.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatNobodyWroteIsZero(boolean sharing) throws IOException {
    MemorySegment dead;
    try (SparseMemory sparse = reserve(sharing)) {
      MemorySegment memory = sparse.memory();
      dead = memory;
      assertEquals(LENGTH, memory.byteSize());
      assertEquals(0, memory.address() % (2 << 20));
      long[] places = {0, 4096, 64 << 20, (128 << 20) - 8, LENGTH - 8};
      for (long place : places) {
        memory.set(U64, place, ~place);
      }
      for (long place : places) {
        assertEquals(~place, memory.get(U64, place));
        long elsewhere = (place + (192 << 20)) % (LENGTH - 8192) & -8;
        assertEquals(0, memory.get(U64, elsewhere), "at " + elsewhere);
      }
      sparse.discard(4096, 64 << 20);
      assertEquals(~0L, memory.get(U64, 0));
      assertEquals(0, memory.get(U64, 4096));
      assertEquals(0, memory.get(U64, 64 << 20));
      assertEquals(~((128L << 20) - 8), memory.get(U64, (128 << 20) - 8));
    }
    assertThrows(IllegalStateException.class, () -> dead.get(U64, 0));
  }

  /// To read what nobody wrote takes 64 MiB, whatever the kernel does of other memory.
  @Test
  void sharedZerosTakeNoMemory() throws IOException {
    try (SparseMemory sparse = reserve(true)) {
      long before = anonymousKibibytes();
      long any = 0;
      for (long at = 0; at < LENGTH; at += 4096) {
        any |= sparse.memory().get(U64, at);
      }
      assertEquals(0, any);
      long taken = anonymousKibibytes() - before;
      assertTrue(taken < 32 << 10, () -> taken + " KiB");
    }
  }

  private static SparseMemory reserve(boolean sharing) throws IOException {
    SparseMemory sparse = SparseMemory.reserve(LENGTH);
    if (sharing) {
      sparse.shareZeros(4096, LENGTH - 4096);
    }
    return sparse;
  }

  private static long anonymousKibibytes() throws IOException {
    String line =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(one -> one.startsWith("RssAnon:"))
            .findFirst()
            .orElseThrow();
    return Long.parseLong(line.replaceAll("\\D", ""));
  }
}
