// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FileSpliceTest {
  private static final int LENGTH = 300_000;
  private static final int PIPE = 1 << 16;
  private static final long FOREVER = Long.MAX_VALUE;

  @TempDir Path folder = Path.of("");
  private final Native here = new Native();
  private byte[] octets = new byte[0];
  private Path in = Path.of("");
  private Path out = Path.of("");

  @BeforeEach
  void make() throws IOException {
    octets = here.some(LENGTH).toArray(ValueLayout.JAVA_BYTE);
    in = Files.write(folder.resolve("in"), octets);
    out = folder.resolve("out");
  }

  @AfterEach
  void free() {
    here.close();
  }

  @Test
  void whatIsWrittenBetweenStaysBetween() throws IOException {
    try (Descriptor from = Descriptor.openToRead(in);
        Descriptor to = Descriptor.openToWrite(out);
        FileSplice splice = FileSplice.open(from.number(), to.number(), PIPE)) {
      MemorySegment head = here.some(7);
      assertEquals(7, to.write(here.over(head), FOREVER, FOREVER));
      moveAll(splice, 5, 100_000);
      assertEquals(7, to.write(here.over(head), FOREVER, FOREVER));
      moveAll(splice, 0, LENGTH);
      assertEquals(0, splice.move(LENGTH, 1), "behind the end");
      assertEquals(3, splice.move(10, 3), "and it goes on");
      byte[] expected = new byte[7 + 100_000 + 7 + LENGTH + 3];
      System.arraycopy(octets, 0, expected, 0, 7);
      System.arraycopy(octets, 5, expected, 7, 100_000);
      System.arraycopy(octets, 0, expected, 100_007, 7);
      System.arraycopy(octets, 0, expected, 100_014, LENGTH);
      System.arraycopy(octets, 10, expected, 100_014 + LENGTH, 3);
      assertArrayEquals(expected, Files.readAllBytes(out));
    }
  }

  private static void moveAll(FileSplice splice, long position, long count) {
    for (long done = 0; done < count; ) {
      long moved = splice.move(position + done, count - done);
      assertTrue(moved > 0 && moved <= PIPE);
      done += moved;
    }
  }

  /// What was put into the pipe and cannot be written is not written later, either.
  @Test
  void onceItFailedItMovesNothing() throws IOException {
    Files.write(out, new byte[0]);
    try (Descriptor from = Descriptor.openToRead(in);
        Descriptor to = Descriptor.openToRead(out);
        FileSplice splice = FileSplice.open(from.number(), to.number(), PIPE)) {
      assertEquals(0, splice.move(0, 10));
      assertEquals(0, splice.move(0, 10));
      assertEquals(0, Files.size(out));
    }
    // A device that is full takes none.
    try (Descriptor from = Descriptor.openToRead(in);
        Descriptor to = Descriptor.openToWrite(Path.of("/dev/full"));
        FileSplice splice = FileSplice.open(from.number(), to.number(), PIPE)) {
      assertEquals(0, splice.move(0, 10));
    }
  }
}
