// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What java has of the standard descriptors when the launchers are run with some of them closed,
/// under each shell that may be a system's own.
@Timeout(60)
class ClosedDescriptorsTest {
  private static final List<String> LAUNCHERS =
      List.of("xenstream", "bin/convert-legacy-stream", "bin/xenstream-save-helper");

  /// Which scripts/link-helper writes.
  private static final String HOST = "bin/xenstream-host";

  /// Stands in for java, which would die or write to its own files; tells which descriptors are
  /// closed.
  private static final String JAVA =
      """
      #!/bin/sh
      closed=none
      for number in 0 1 2; do
        [ -e "/proc/$$/fd/$number" ] || closed="$closed, $number"
      done
      echo "$closed" >"$REPORT"
      """;

  @TempDir private Path tree;

  @BeforeEach
  void plant() throws IOException {
    for (String launcher : LAUNCHERS) {
      put(launcher, Files.readString(DocsText.ROOT.resolve(launcher)));
    }
    String linker = Files.readString(DocsText.ROOT.resolve("scripts/link-helper"));
    int begin = linker.indexOf("#!/bin/sh", 1);
    put(HOST, linker.substring(begin, linker.indexOf("\nEND\n", begin)));
    put("bin/java", JAVA);
    for (String file : List.of("modules", "server/libjvm.so", "xenstream/jvm.options")) {
      put("lib/" + file, "");
    }
    launch(tree.resolve("bin/java").toString(), "none");
  }

  private void launch(String java, String classPath) throws IOException {
    put(
        "build/run/launch",
        "root='%s' java='%s' classpath='%s' options=-Xlog:aot=off\n"
            .formatted(tree, java, classPath));
  }

  private void put(String name, String text) throws IOException {
    Path file = tree.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    assertTrue(file.toFile().setExecutable(true));
  }

  private Process start(String shell, String launcher, String arguments) throws IOException {
    String line = "exec %s \"$0\" %s".formatted(shell, arguments);
    ProcessBuilder builder =
        new ProcessBuilder("sh", "-c", line, tree.resolve(launcher).toString());
    builder.environment().put("REPORT", tree.resolve("report").toString());
    return builder.redirectErrorStream(true).start();
  }

  private static String said(Process process, int code) throws Exception {
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(code, process.waitFor(), said);
    return said;
  }

  @ParameterizedTest
  @ValueSource(strings = {"dash", "bash", "busybox sh"})
  void javaHasThemAll(String shell) throws Exception {
    String program = shell.split(" ", -1)[0];
    assumeTrue(Files.exists(Path.of("/bin", program)), () -> "there is no " + program);
    for (String closed : List.of("", "<&-", ">&-", "2>&-", "<&- 2>&-", "<&- >&- 2>&-")) {
      for (String launcher : Stream.concat(LAUNCHERS.stream(), Stream.of(HOST)).toList()) {
        assertEquals("", said(start(shell, launcher, closed), 0));
        assertEquals(
            "none\n", Files.readString(tree.resolve("report")), () -> launcher + " with " + closed);
        Files.delete(tree.resolve("report"));
      }
    }
  }

  /// They are opened so that whoever wants to use them fails, and is not told that all went well.
  @ParameterizedTest
  @CsvSource({
    "xenstream, convert - - <&-, 2, 'xenstream: - to -: Bad file descriptor\n'",
    "xenstream, verify - <&-, 2, 'xenstream: -: Bad file descriptor\n'",
    "xenstream, rules >&-, 2, 'xenstream: standard output cannot be written, as on a full disk\n'",
    "xenstream, rules >&- 2>&-, 2, ''"
  })
  void whoUsesThemIsTold(String launcher, String arguments, int code, String complaint)
      throws Exception {
    launch(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        System.getProperty("java.class.path"));
    assertEquals(complaint, said(start("sh", launcher, arguments), code));
  }
}
