// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.testkit.legacy.LegacySamples;

/// `simulate restore` of what comes through a pipe, named or not, in whatever layers.
@Timeout(value = 180, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RestoreFromPipeTest {
  /// Twice what a pipe holds, so that whoever has written so much knows that the image is read.
  private static final int BEGINNING = 2 << 20;

  @TempDir private Path folder;

  private Path fifo() throws IOException, InterruptedException {
    Path fifo = folder.resolve("fifo");
    assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor());
    return fifo;
  }

  private static byte[] image(String form) throws IOException {
    return switch (form) {
      case "xl" -> Tool.pv32();
      case "zstd" -> Files.readAllBytes(Tool.sample("hvm.xlsave.zst"));
      case "gzip" -> {
        ByteArrayOutputStream octets = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(octets)) {
          gzip.write(Tool.pv32());
        }
        yield octets.toByteArray();
      }
      case "xend" -> Files.readAllBytes(Tool.sample("hvm.xend.zst"));
      case "legacy" -> LegacySamples.all().getFirst().image();
      default -> throw new IllegalArgumentException(form);
    };
  }

  @ParameterizedTest
  @ValueSource(strings = {"xl", "zstd", "gzip", "xend", "legacy"})
  void aPipeGivesTheLinesOfAFile(String form) throws Exception {
    byte[] image = image(form);
    Path file = Files.write(folder.resolve("image"), image);
    Tool.Run ofFile = Tool.run("simulate", "restore", file).exits(0);
    assertEquals(ofFile, Tool.piped(image, "simulate", "restore", "-"));

    Path fifo = fifo();
    Thread writer =
        Thread.ofPlatform()
            .start(() -> {
              try (OutputStream out = new FileOutputStream(fifo.toFile())) {
                out.write(image);
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    assertEquals(ofFile, Tool.run("simulate", "restore", fifo));
    writer.join();
  }

  @Test
  void aCutPipeIsTold() throws Exception {
    byte[] beginning = new byte[BEGINNING];
    System.arraycopy(Tool.pv32(), 0, beginning, 0, BEGINNING);
    Tool.Run run = Tool.piped(beginning, "simulate", "restore", "-").exits(1);
    assertEquals("", run.out());
    assertTrue(run.err().startsWith("xenstream: standard input @0x"), run.err());
  }

  /// Its writer is there, and says no more.
  @ParameterizedTest
  @CsvSource({"xl, false", "xl, true", "zstd, false", "zstd, true"})
  void aRestoreThatIsStuckIsGivenUp(String form, boolean named) throws Exception {
    String name = named ? fifo().toString() : "-";
    byte[] image = image(form);
    Process process = Tool.process("simulate", "restore", name).start();
    try (OutputStream out = named ? new FileOutputStream(name) : process.getOutputStream()) {
      out.write(image, 0, BEGINNING);
      out.flush();
      process.toHandle().destroy(); // the streams stay open
      assertTrue(process.waitFor(15, TimeUnit.SECONDS), "the process ends in good order");
      assertEquals(
          "xenstream: the transfer was cancelled: nothing was restored\n",
          new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
      assertEquals(0, process.getInputStream().readAllBytes().length);
    } finally {
      process.destroyForcibly();
    }
  }
}
