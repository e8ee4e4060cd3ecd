// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappedInputTest extends OctetInputContract {
  @TempDir private Path folder;

  private FileChannel channel(byte[] octets) throws IOException {
    return FileChannel.open(Files.write(folder.resolve("octets"), octets), StandardOpenOption.READ);
  }

  @Override
  protected OctetInput over(byte[] octets) throws IOException {
    return MappedInput.of("test", channel(octets));
  }

  @Override
  protected boolean knowsItsSize() {
    return true;
  }

  @Test
  void isCalledAsItsFile() throws IOException {
    Path file = Files.write(folder.resolve("domain.img"), new byte[3]);
    try (MappedInput input = MappedInput.open(file)) {
      assertEquals(file.toString(), input.name());
    }
  }

  @Test
  void doesNotHideThatThereIsNoFile() {
    assertThrows(NoSuchFileException.class, () -> MappedInput.open(folder.resolve("none")));
  }

  @Test
  void startsWhereTheChannelStands() throws IOException {
    FileChannel channel = channel(new byte[] {1, 2, 3});
    channel.position(2);
    try (OctetInput input = MappedInput.of("test", channel)) {
      assertEquals(2, input.position());
      assertEquals(3, input.peek(9).get(ValueLayout.JAVA_BYTE, 0));
      assertEquals(1, input.advance(9));
      assertEquals(3, input.position());
    }
  }

  @Test
  void hasNothingWhereTheChannelStandsBehindTheEnd() throws IOException {
    FileChannel channel = channel(new byte[] {1, 2, 3});
    channel.position(9);
    try (OctetInput input = MappedInput.of("test", channel)) {
      assertEquals(0, input.peek(4).byteSize());
      assertEquals(0, input.advance(4));
      assertEquals(9, input.position());
    }
  }

  /// More lumps than are tried, of odd lengths, between other reads: each by one way or the other.
  @Test
  void takesLumpsEitherWay() throws IOException {
    byte[] octets = new byte[80_000_000];
    new Random(1).nextBytes(octets);
    MemorySegment expected = MemorySegment.ofArray(octets);
    try (MappedInput input = MappedInput.of("test", channel(octets));
        Arena arena = Arena.ofConfined()) {
      // A clock by which to read a lump takes longer than to copy it.
      AtomicLong time = new AtomicLong();
      AtomicInteger asked = new AtomicInteger();
      input.timeLumps(() -> time.addAndGet(asked.incrementAndGet() % 4 == 2 ? 1000 : 1));
      MemorySegment into = arena.allocate(5 << 20);
      for (int lump = 0; input.position() < octets.length; lump++) {
        long at = input.position();
        assertEquals(octets[(int) at], input.near(1).get(ValueLayout.JAVA_BYTE, 0));
        long wanted = lump % 7 == 6 ? 100_003 : (3 << 20) + 1111L * lump;
        long taken = input.take(into.asSlice(0, wanted));
        assertEquals(Math.min(wanted, octets.length - at), taken);
        assertEquals(at + taken, input.position());
        assertEquals(-1, MemorySegment.mismatch(expected, at, at + taken, into, 0, taken));
      }
      assertTrue(asked.get() > 2 * 16, "more lumps than are tried");
      assertEquals(0, input.take(into));
    }
  }

  /// A sparse file several windows long, with an octet before, on and behind each edge.
  @Test
  void slidesOverAFileOfAnyLength() throws IOException {
    Path file = folder.resolve("sparse");
    long size = 3 * MappedInput.WINDOW + 5;
    try (FileChannel out =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (int i = 1; i <= 3; i++) {
        out.write(
            ByteBuffer.wrap(new byte[] {(byte) i, (byte) (i + 10)}), i * MappedInput.WINDOW - 1);
      }
      out.write(ByteBuffer.wrap(new byte[] {99}), size - 1);
    }
    try (MappedInput input = MappedInput.open(file)) {
      for (int i = 1; i <= 3; i++) {
        input.advance(i * MappedInput.WINDOW - 1 - input.position());
        MemorySegment pair = input.peek(2);
        assertEquals(i, pair.get(ValueLayout.JAVA_BYTE, 0));
        assertEquals(i + 10, pair.get(ValueLayout.JAVA_BYTE, 1));
      }
      input.advance(5);
      assertEquals(99, input.peek(100).get(ValueLayout.JAVA_BYTE, 0));
      assertEquals(1, input.peek(100).byteSize());
    }
  }

  @Test
  void mapsMoreThanAWindowWhereOneViewAsksForIt() throws IOException {
    Path file = folder.resolve("sparse");
    long size = 2 * MappedInput.WINDOW;
    try (FileChannel out =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      out.write(ByteBuffer.wrap(new byte[] {99}), size - 1);
    }
    try (MappedInput input = MappedInput.open(file)) {
      MemorySegment whole = input.peek(Long.MAX_VALUE);
      assertEquals(size, whole.byteSize());
      assertEquals(99, whole.get(ValueLayout.JAVA_BYTE, size - 1));
    }
  }

  @Test
  void viewsDieWithIt() throws IOException {
    OctetInput input = over(new byte[8]);
    MemorySegment view = input.peek(8);
    input.close();
    assertFalse(view.scope().isAlive());
    assertThrows(IllegalStateException.class, () -> view.get(ValueLayout.JAVA_BYTE, 0));
  }
}
