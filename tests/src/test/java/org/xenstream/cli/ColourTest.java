// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// Colour is for terminals, and `NO_COLOR` forbids it there as well.
class ColourTest {
  private static final Path SCRIPT = Path.of("/usr/bin/script");
  private static final String ESCAPE = "\033[";

  private final Path sample = Tool.sample("pv32.xlsave.zst");

  @Test
  void aPipeSeesNone() throws Exception {
    for (String verb : new String[] {"info", "verify", "records"}) {
      Tool.Run run = Tool.finish(Tool.process(verb, sample).start()).quiet().exits(0);
      assertFalse(run.out().contains(ESCAPE), verb);
    }
  }

  /// Runs the tool on a terminal made by `script` of util-linux. Its standard error is not that
  /// terminal, for where the machine is busy a run takes long enough to show its progress there.
  private Tool.Run onATerminal(ProcessBuilder tool) throws IOException, InterruptedException {
    assumeTrue(Files.isExecutable(SCRIPT), "no `script` to make a terminal with");
    String command =
        tool.command().stream()
            .map(word -> "'" + word.replace("'", "'\\''") + "'")
            .collect(Collectors.joining(" "));
    tool.command(SCRIPT.toString(), "-qec", command + " 2>/dev/null", "/dev/null");
    return Tool.finish(tool.redirectInput(Path.of("/dev/null").toFile()).start());
  }

  @Test
  void aTerminalSeesIt() throws Exception {
    Tool.Run run = onATerminal(Tool.process("verify", sample));
    assertEquals(sample + ": \033[32msound\033[0m\r\n", run.exits(0).out());
  }

  @Test
  void aTerminalSeesNoneWhereItIsForbidden() throws Exception {
    ProcessBuilder tool = Tool.process("verify", sample);
    tool.environment().put("NO_COLOR", "1");
    assertEquals(sample + ": sound\r\n", onATerminal(tool).exits(0).out());
    tool = Tool.process("verify", sample);
    tool.environment().put("NO_COLOR", "");
    assertEquals(
        sample + ": \033[32msound\033[0m\r\n",
        onATerminal(tool).out(),
        "an empty NO_COLOR is none (no-color.org)");
  }
}
