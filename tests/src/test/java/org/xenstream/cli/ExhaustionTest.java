// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.Samples;

/// Where the virtual machine has no more memory or stack, a line says so, and the exit code is not
/// that of an unsound image.
class ExhaustionTest {
  private static final List<String> LITTLE = List.of("-Xmx6m");
  private static final String NO_MEMORY =
      "out of memory (Java heap space): XENSTREAM_JAVA_OPTIONS=-Xmx1g lets more be taken\n";

  @TempDir private Path folder;

  @Test
  void isSaidInALine() throws IOException, InterruptedException {
    Path config = Files.writeString(folder.resolve("config"), " ".repeat(4_000_000));
    Path out = folder.resolve("out");
    Process copy =
        Tool.process(
                LITTLE,
                "copy",
                "--layer=xl",
                "--config",
                config,
                Tool.sample("pv32.xlsave.zst"),
                out)
            .start();
    assertEquals("xenstream: " + NO_MEMORY, Tool.finish(copy).exits(2).err());
    assertEquals(false, Files.exists(out));
  }

  /// Of several images the next one is judged.
  @Test
  void endsTheJudgingOfOneImage() throws IOException, InterruptedException {
    String config = "{\"a\":\"" + "b".repeat(4_000_000) + "\"}";
    Path longest =
        Files.write(folder.resolve("long"), Layers.xl(config, Layers.libxl(Samples.hvm())));
    Path sound = Pv32.in(folder).sound();
    Tool.Run run =
        Tool.finish(Tool.process(LITTLE, "verify", "--quiet", longest, sound).start()).exits(2);
    assertEquals("xenstream: " + longest + ": " + NO_MEMORY, run.err());
    assertEquals(sound + ": sound\n1 image: 1 sound, 0 unsound; 1 not judged\n", run.out());
  }

  @Test
  void isFoundInWhatCameOfIt() {
    assertEquals(
        "nested too deep: XENSTREAM_JAVA_OPTIONS=-Xss16m lets more be taken",
        Failure.exhausted(new IllegalStateException(new StackOverflowError())));
    assertNull(Failure.exhausted(new IllegalStateException(new IOException("x"))));
  }
}
