// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import org.xenstream.os.Descriptor;
import org.xenstream.os.DescriptorPair;
import org.xenstream.os.Errno;
import org.xenstream.os.IoVectors;
import org.xenstream.os.WakeUp;

/// The ways in which two processes may be joined, all blocking as a toolstack leaves them.
enum Line {
  PIPE,
  SOCKETS,
  /// Cannot be asked not to wait.
  NAMED_PIPE;

  /// @param folder holds what has a name
  DescriptorPair open(Path folder) throws IOException {
    return switch (this) {
      case PIPE -> DescriptorPair.pipe();
      case SOCKETS -> DescriptorPair.sockets();
      case NAMED_PIPE -> {
        Path fifo = Files.createTempDirectory(folder, "line").resolve("fifo");
        try {
          int code = new ProcessBuilder("mkfifo", fifo.toString()).inheritIO().start().waitFor();
          if (code != 0) {
            throw new IOException("mkfifo: exit code " + code);
          }
        } catch (InterruptedException e) {
          throw new AssertionError(e);
        }
        try (RandomAccessFile _ = new RandomAccessFile(fifo.toFile(), "rw")) {
          yield new DescriptorPair(Descriptor.openToRead(fifo), Descriptor.openToWrite(fifo));
        }
      }
    };
  }

  /// How many descriptors this process has open.
  static long openDescriptors() throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      return all.count();
    }
  }

  /// Reads so many octets.
  static void skip(Descriptor from, long count) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      IoVectors places = new IoVectors(arena);
      places.add(arena.allocate(count).address(), count);
      while (places.left() > 0) {
        long got = from.read(places, places.left(), Long.MAX_VALUE);
        if (got <= 0) {
          throw new IOException("expected %d more octets, found %d".formatted(count, got));
        }
      }
    }
  }

  /// Reads to the end.
  ///
  /// @return how many octets there were
  static long discard(Descriptor from) throws IOException {
    try (Arena arena = Arena.ofConfined();
        WakeUp never = WakeUp.open()) {
      MemorySegment memory = arena.allocate(1 << 20);
      IoVectors places = new IoVectors(arena);
      long count = 0;
      while (true) {
        places.clear();
        places.add(memory.address(), memory.byteSize());
        long got = from.read(places, memory.byteSize(), Long.MAX_VALUE);
        if (got == 0) {
          return count;
        } else if (got == -Errno.EAGAIN) {
          boolean _ = from.await(Descriptor.Readiness.READ, never, Long.MAX_VALUE);
        } else if (got < 0) {
          throw new IOException("read: error " + -got);
        } else {
          count += got;
        }
      }
    }
  }

  /// Reads to the end, in pieces of any length; the first hundred octets one by one.
  static byte[] drain(Descriptor from, long seed) throws IOException {
    Random chance = new Random(seed);
    var octets = new java.io.ByteArrayOutputStream();
    try (Arena arena = Arena.ofConfined();
        WakeUp never = WakeUp.open()) {
      MemorySegment memory = arena.allocate(1 << 20);
      IoVectors places = new IoVectors(arena);
      while (true) {
        int most = octets.size() < 100 ? 1 : 1 + chance.nextInt(1 << chance.nextInt(20));
        places.clear();
        places.add(memory.address(), most);
        long got = from.read(places, most, Long.MAX_VALUE);
        if (got == 0) {
          return octets.toByteArray();
        } else if (got == -Errno.EAGAIN) {
          from.await(Descriptor.Readiness.READ, never, Long.MAX_VALUE);
        } else if (got < 0) {
          throw Errno.failed("read", (int) -got);
        } else {
          octets.writeBytes(memory.asSlice(0, got).toArray(ValueLayout.JAVA_BYTE));
        }
      }
    }
  }

  /// Writes everything, in pieces of any length.
  static void feed(Descriptor to, byte[] octets, int longest, long seed) throws IOException {
    Random chance = new Random(seed);
    try (Arena arena = Arena.ofConfined();
        WakeUp never = WakeUp.open()) {
      MemorySegment memory = arena.allocate(Math.max(1, octets.length));
      MemorySegment.copy(octets, 0, memory, ValueLayout.JAVA_BYTE, 0, octets.length);
      IoVectors places = new IoVectors(arena);
      if (octets.length > 0) {
        places.add(memory.address(), octets.length);
      }
      while (places.left() > 0) {
        long moved = to.write(places, 1 + chance.nextInt(longest), Long.MAX_VALUE);
        if (moved == -Errno.EAGAIN) {
          to.await(Descriptor.Readiness.WRITE, never, Long.MAX_VALUE);
        } else if (moved < 0) {
          throw Errno.failed("write", (int) -moved);
        }
      }
    }
  }
}
