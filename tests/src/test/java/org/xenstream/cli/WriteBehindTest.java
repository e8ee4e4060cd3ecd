// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What is written behind somebody's back is there in order, and a failure is not lost.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WriteBehindTest {
  private static final int CHUNK = 1 << 20;
  private static final int LENGTH = 9 * CHUNK + 4321;

  @TempDir private Path folder;
  private Path in;
  private Path out;
  private byte[] octets;

  @BeforeEach
  void make() throws IOException {
    octets = new byte[LENGTH];
    new Random(1).nextBytes(octets);
    in = Files.write(folder.resolve("in"), octets);
    out = folder.resolve("out");
  }

  private FileChannel create() throws IOException {
    return FileChannel.open(out, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  /// Behind what is in the file already, at an odd place or where a chunk ends.
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4097, CHUNK - 1, CHUNK, 2 * CHUNK + 7})
  void inOrder(int before) throws IOException {
    Random random = new Random(before);
    ByteArrayOutputStream expected = new ByteArrayOutputStream();
    try (FileChannel source = FileChannel.open(in);
        FileChannel file = create()) {
      file.write(ByteBuffer.wrap(octets, 0, before));
      expected.write(octets, 0, before);
      try (WriteBehind output = WriteBehind.on(file)) {
        for (int i = 0; i < 40; i++) {
          int length = random.nextInt(random.nextBoolean() ? 100 : CHUNK + 5000);
          int from = random.nextInt(LENGTH - length);
          expected.write(octets, from, length);
          switch (random.nextInt(3)) {
            case 0 -> assertEquals(length, output.takeFrom(source, from, length));
            case 1 -> assertEquals(length, output.write(ByteBuffer.wrap(octets, from, length)));
            default -> {
              ByteBuffer[] parts = {
                ByteBuffer.wrap(octets, from, length / 3),
                ByteBuffer.wrap(octets, from + length / 3, length - length / 3)
              };
              assertEquals(length, output.write(parts));
              assertEquals(0, parts[0].remaining() + parts[1].remaining());
            }
          }
        }
        output.finish();
      }
      assertTrue(file.isOpen());
    }
    assertArrayEquals(expected.toByteArray(), Files.readAllBytes(out));
  }

  @Test
  void asManyAsTheFileHas() throws IOException {
    try (FileChannel source = FileChannel.open(in);
        FileChannel file = create();
        WriteBehind output = WriteBehind.on(file)) {
      assertEquals(LENGTH - 5, output.takeFrom(source, 5, Long.MAX_VALUE - 5));
      assertEquals(0, output.takeFrom(source, LENGTH, 1));
      output.finish();
    }
    assertEquals(LENGTH - 5, Files.size(out));
  }

  /// Long before the end, or there at the latest.
  @ParameterizedTest
  @ValueSource(ints = {1, CHUNK, LENGTH})
  void aFailureIsTold(int length) throws IOException {
    try (FileChannel full = FileChannel.open(Path.of("/dev/full"), StandardOpenOption.WRITE);
        WriteBehind output = WriteBehind.on(full)) {
      IOException e =
          assertThrows(
              IOException.class,
              () -> {
                output.write(ByteBuffer.wrap(octets, 0, length));
                output.finish();
              });
      assertEquals("No space left on device", e.getMessage());
    }
  }

  @Test
  void isGivenUp() throws Exception {
    try (FileChannel file = create();
        WriteBehind output = WriteBehind.on(file)) {
      output.write(ByteBuffer.wrap(octets));
      Thread.currentThread().interrupt();
      assertThrows(InterruptedIOException.class, output::finish);
      assertTrue(Thread.interrupted());
    }
  }
}
