// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every command that the README shows gives what the README shows, `…` for any lines.
class ReadmeCommandsTest {
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```console\n(.*?)^```$");
  private static final String TOOL = "./xenstream ";
  private static final String CODE = "echo $?";

  /// A command and the lines behind it.
  private record Shown(String command, List<String> lines) {}

  @Test
  void commandsGiveWhatIsShown(@TempDir Path folder) throws IOException, InterruptedException {
    copySamples(Files.createDirectory(folder.resolve("samples")));
    List<Shown> all = shown(Files.readString(DocsText.ROOT.resolve("README.md")));
    assertTrue(all.size() > 5, all::toString);
    int code = 0;
    for (Shown one : all) {
      if (one.command().equals(CODE)) {
        assertEquals(String.join("\n", one.lines()), Integer.toString(code));
        continue;
      }
      if (!one.command().startsWith(TOOL)) {
        fail("a command of the README that is none of the tool: " + one.command());
      }
      Process process = start(folder, one.command().substring(TOOL.length()));
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      code = process.waitFor();
      if (!pattern(one.lines()).matcher(said).matches()) {
        assertEquals(String.join("\n", one.lines()), said, one.command());
      }
    }
  }

  private static void copySamples(Path to) throws IOException {
    try (Stream<Path> samples = Files.list(DocsText.ROOT.resolve("samples"))) {
      for (Path sample : samples.toList()) {
        Files.copy(sample, to.resolve(sample.getFileName()));
      }
    }
  }

  private static List<Shown> shown(String readme) {
    List<Shown> all = new ArrayList<>();
    BLOCK
        .matcher(readme)
        .results()
        .flatMap(block -> block.group(1).lines())
        .forEach(line -> {
          if (line.startsWith("$ ")) {
            all.add(new Shown(line.substring(2), new ArrayList<>()));
          } else {
            all.getLast().lines().add(line);
          }
        });
    return all;
  }

  private static Pattern pattern(List<String> lines) {
    StringBuilder pattern = new StringBuilder();
    for (String line : lines) {
      pattern.append(line.equals("…") ? "(?:.*\n)+?" : Pattern.quote(line) + "\n");
    }
    return Pattern.compile(pattern.toString());
  }

  private static Process start(Path folder, String arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add("org.xenstream.cli.Main");
    command.addAll(List.of(arguments.split(" ")));
    return new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
  }
}
