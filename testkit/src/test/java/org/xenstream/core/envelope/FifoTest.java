// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Limits;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.Samples;
import org.xenstream.testkit.Trace;

/// A real FIFO with another process at its other end.
@EnabledOnOs(OS.LINUX)
@Timeout(20)
class FifoTest {
  private static final byte[] IMAGE = Layers.xl(Layers.libxl(Samples.hvm()));

  @TempDir private Path folder;

  private Trace read(String writer) throws IOException, InterruptedException {
    Files.write(folder.resolve("image"), IMAGE);
    run("mkfifo fifo");
    Process process = start(writer);
    try (ImageReader image = ImageReader.open(folder.resolve("fifo"), Limits.DEFAULT)) {
      return Trace.of(image);
    } finally {
      assertTrue(process.waitFor(10, SECONDS), "the writer goes on");
    }
  }

  private void run(String script) throws IOException, InterruptedException {
    assertEquals(0, start(script).waitFor());
  }

  private Process start(String script) throws IOException {
    return new ProcessBuilder("sh", "-c", script).directory(folder.toFile()).inheritIO().start();
  }

  @Test
  void isReadAsItComes() throws IOException, InterruptedException {
    Trace slow =
        read(
            "{ head -c 10 image; sleep 0.1; tail -c +11 image | head -c 1000; sleep 0.1; "
                + "tail -c +1011 image; } > fifo");
    assertEquals(
        Trace.of(
            new org.xenstream.core.format.ChannelInput(
                "a", org.xenstream.testkit.ChunkedChannel.of(IMAGE, 100, 1))),
        slow);
  }

  @Test
  void saysWhereItsWriterDied() throws IOException, InterruptedException {
    Trace trace = read("exec > fifo; head -c 3000 image; kill -9 $$");
    assertNotNull(trace.fault());
    assertEquals(
        folder.resolve("fifo")
            + " @0xbb8 (record #3 PAGE_DATA): expected 4144 octets of header, body and padding, "
            + "found 2732 octets before the end",
        trace.fault().getMessage());
    assertEquals(Fault.TRUNCATED, trace.fault().fault());
    assertTrue(trace.lines().getLast().contains("STATIC_DATA_END"), trace.toString());
  }

  @Test
  void saysThatItsWriterWroteNothing() throws IOException, InterruptedException {
    Trace trace = read(": > fifo");
    assertNotNull(trace.fault());
    assertEquals(
        folder.resolve("fifo") + " @0x0 (image.signature): expected an image, found nothing",
        trace.fault().getMessage());
  }
}
