// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.xenstream.core.format.MappedInput;
import org.xenstream.testkit.StreamBuilder;

/// Octets of a file get into another one the same way round, whichever way they go.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SplicedOutputTest {
  private static final int LENGTH = 3_000_000;

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

  @Test
  void inOrderBeforeItIsReadyAndAfterwards() throws Exception {
    byte[] head = "head".getBytes(US_ASCII);
    try (MappedInput input = MappedInput.open(in);
        SplicedOutput output = SplicedOutput.of(create(), out, input.channel(), in)) {
      output.write(ByteBuffer.wrap(head));
      input.moveTo(output, 1000);
      while (!output.isReady()) {
        Thread.sleep(1);
      }
      input.moveTo(output, 2_000_001);
      output.write(new ByteBuffer[] {ByteBuffer.wrap(head), ByteBuffer.wrap(head)});
      input.moveTo(output, LENGTH);
    }
    assertArrayEquals(
        StreamBuilder.join(
            head,
            Arrays.copyOf(octets, 2_001_001),
            head,
            head,
            Arrays.copyOfRange(octets, 2_001_001, LENGTH)),
        Files.readAllBytes(out));
  }

  /// Whoever has put another file in the place of one is not read by mistake.
  @Test
  void anotherFileInItsPlaceIsNotTaken() throws Exception {
    try (MappedInput input = MappedInput.open(in)) {
      Files.delete(in);
      Files.write(in, new byte[LENGTH]);
      try (SplicedOutput output = SplicedOutput.of(create(), out, input.channel(), in)) {
        output.awaitEnd();
        assertFalse(output.isReady());
        input.moveTo(output, LENGTH);
      }
    }
    assertArrayEquals(octets, Files.readAllBytes(out));
  }
}
