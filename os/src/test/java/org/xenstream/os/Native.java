// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// Native memory, and descriptors, for the tests of one method.
final class Native implements AutoCloseable {
  final Arena arena = Arena.ofShared();
  final IoVectors places = new IoVectors(arena);

  /// Octets whose values follow from their places.
  MemorySegment some(int length) {
    MemorySegment memory = arena.allocate(length, 8);
    for (int i = 0; i < length; i++) {
      memory.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 31 + (i >> 8)));
    }
    return memory;
  }

  /// One place.
  IoVectors over(MemorySegment memory) {
    places.clear();
    places.add(memory.address(), memory.byteSize());
    return places;
  }

  static Path fifo(Path folder) throws IOException {
    Path fifo = folder.resolve("fifo");
    try {
      int code = new ProcessBuilder("mkfifo", fifo.toString()).inheritIO().start().waitFor();
      if (code != 0) {
        throw new IOException("mkfifo: exit code " + code);
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    return fifo;
  }

  /// How many descriptors this process has open.
  static long open() throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      return all.count();
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
