// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.ZstdInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.xenstream.tests.DocsText;

/// Runs of the tool: in this process with captured streams, or in one of its own where the
/// process's standard streams or signals matter.
final class Tool {
  /// What came of a run.
  record Run(int code, String out, String err) {
    /// Without a word to standard error.
    Run quiet() {
      assertEquals("", err);
      return this;
    }

    Run exits(int expected) {
      assertEquals(expected, code, () -> out + err);
      return this;
    }

    List<String> lines() {
      return out.lines().toList();
    }
  }

  private Tool() {}

  static Run run(Object... arguments) {
    return run(false, arguments);
  }

  static Run inColour(Object... arguments) {
    return run(true, arguments);
  }

  /// With somebody who watches standard error and has no patience: progress is shown at once.
  static Run watched(Object... arguments) {
    return run(false, true, arguments);
  }

  private static Run run(boolean colour, Object... arguments) {
    return run(colour, false, arguments);
  }

  private static Run run(boolean colour, boolean watched, Object... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code =
        Main.run(
            new Console(
                new PrintStream(out, false, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                colour,
                watched,
                0),
            strings(arguments));
    return new Run(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private static String[] strings(Object... arguments) {
    String[] strings = new String[arguments.length];
    for (int i = 0; i < arguments.length; i++) {
      strings[i] = arguments[i].toString();
    }
    return strings;
  }

  /// The words with which a shell runs the tool.
  static String shell(Object... arguments) {
    return process(arguments).command().stream()
        .map(word -> "'" + word + "'")
        .collect(Collectors.joining(" "));
  }

  /// A process of the tool, not yet started.
  static ProcessBuilder process(Object... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xshare:auto",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName()));
    command.addAll(List.of(strings(arguments)));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().remove("NO_COLOR");
    return builder;
  }

  /// Runs a process whose standard input is a pipe.
  ///
  /// @param input what is written into it; the process may stop reading early
  static Run piped(byte[] input, Object... arguments) throws IOException, InterruptedException {
    Process process = process(arguments).start();
    Thread writer =
        Thread.startVirtualThread(() -> {
          try (OutputStream in = process.getOutputStream()) {
            in.write(input);
          } catch (IOException e) {
            // The process has read enough.
          }
        });
    Run run = finish(process);
    writer.join();
    return run;
  }

  /// Waits for a process and takes what it said.
  static Run finish(Process process) throws IOException, InterruptedException {
    byte[][] err = new byte[1][];
    Thread reader =
        Thread.startVirtualThread(() -> {
          try {
            err[0] = process.getErrorStream().readAllBytes();
          } catch (IOException e) {
            err[0] = e.toString().getBytes(StandardCharsets.UTF_8);
          }
        });
    byte[] out = process.getInputStream().readAllBytes();
    reader.join();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the process ends");
    return new Run(
        process.exitValue(),
        new String(out, StandardCharsets.ISO_8859_1),
        new String(err[0], StandardCharsets.UTF_8));
  }

  /// A sample of the project: "pv32.xlsave.zst".
  static Path sample(String name) {
    return DocsText.ROOT.resolve("samples").resolve(name);
  }

  /// The octets of the smallest sample, a sound save of a 32-bit PV guest inside libxl and xl.
  static byte[] pv32() throws IOException {
    try (InputStream in = new ZstdInputStream(Files.newInputStream(sample("pv32.xlsave.zst")))) {
      return in.readAllBytes();
    }
  }
}
