// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// [XenHost] on libraries that stand in for Xen's (`double.c`): what it makes of answers that a
/// sound Xen does not give. Needs a C compiler; where the corpus has to be there, that has to be
/// too.
class XenDoubleTest {
  @TempDir static Path folder;

  @BeforeAll
  static void compile() throws Exception {
    assumeFalse(Files.exists(Path.of("/sys/hypervisor/type")), "a hypervisor is under this kernel");
    Path source = folder.resolve("double.c");
    try (var text = XenDoubleTest.class.getResourceAsStream("double.c")) {
      Files.write(source, Objects.requireNonNull(text).readAllBytes());
    }
    Path library = folder.resolve("libxenctrl.so.4.17");
    int code;
    try {
      code =
          new ProcessBuilder("cc", "-shared", "-fPIC", "-o", library.toString(), source.toString())
              .inheritIO()
              .start()
              .waitFor();
    } catch (IOException e) {
      assumeTrue(Boolean.getBoolean("xenstream.corpus.required"), "no C compiler");
      throw e;
    }
    assertEquals(0, code);
    Files.copy(library, folder.resolve("libxenforeignmemory.so.1"));
  }

  private static String java(List<String> words, String... environment) throws Exception {
    Path out = folder.resolve("out");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path")));
    command.addAll(words);
    ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(out.toFile());
    builder.environment().put("LD_LIBRARY_PATH", folder.toString());
    for (int i = 0; i < environment.length; i += 2) {
      builder.environment().put(environment[i], environment[i + 1]);
    }
    Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    return Files.readString(out).strip();
  }

  private static String probe(String... environment) throws Exception {
    return java(List.of("org.xenstream.xen.DoubleProbe", "100"), environment);
  }

  @Test
  void itIsTakenForXen() throws Exception {
    assertEquals("LogDirtyStats[faultCount=0, dirtyCount=0]", probe());
  }

  /// A Xen that has no domain of the number that is asked for is one all the same.
  @Test
  void noSuchDomainIsNoRefusal() throws Exception {
    assertEquals("LogDirtyStats[faultCount=0, dirtyCount=0]", probe("DOUBLE_DOMCTL", "3"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          1  | EPERM  | this domain may not control others
          13 | EACCES | another version of the domctl interface is meant, or a security policy forbids it
          38 | ENOSYS | XEN_DOMCTL_getdomaininfo failed
          """)
  void whatXenRefusesIsRefused(String number, String name, String why) throws Exception {
    String message =
        "open failed: %s (libxenctrl.so.4.17 is refused by Xen 4.17: %s)".formatted(name, why);
    assertEquals(message, probe("DOUBLE_DOMCTL", number));
    String survey = java(List.of("org.xenstream.xen.HostMain"), "DOUBLE_DOMCTL", number);
    assertTrue(
        survey.contains("save helper          would not run: no runtime image; " + message),
        survey);
  }

  /// As in `send_domain_memory_live`, `suspend_and_send_dirty` and `verify_frames` of
  /// `xg_sr_save.c`.
  @ParameterizedTest
  @CsvSource({"99", "0", "101"})
  void bitsOfOtherPfnsThanAskedForAreNotTaken(String found) throws Exception {
    assertEquals(
        ("readLogDirty of domain 1 failed: EIO (xc_logdirty_control: expected the bits of 100 pfns,"
                + " found those of %s)")
            .formatted(found),
        probe("DOUBLE_LOGDIRTY", found));
  }
}
