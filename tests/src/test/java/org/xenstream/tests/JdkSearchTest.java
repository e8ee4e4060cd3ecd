// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Which JDK `./mvnw` and `./xenstream` run under, and what they say where there is none: with
/// stand-ins for all JDKs, under another root of the file system.
class JdkSearchTest {
  private static final String NONE =
      "xenstream needs a JDK 25 or newer: install temurin-25-jdk or openjdk-25-jdk, or set JAVA_HOME"
          + " to one\n";

  @TempDir private Path folder;
  private Path root;
  private Path path;
  private final Map<String, String> variables = new TreeMap<>();

  /// What came of a run.
  private record Said(int code, String out, String err) {}

  @BeforeEach
  void aSystemWithoutJava() throws IOException {
    root = Files.createDirectory(folder.resolve("root"));
    path = Files.createDirectory(folder.resolve("path"));
    for (String command : new String[] {"sh", "readlink", "dirname", "flock", "grep", "mkdir"}) {
      for (String bin : new String[] {"/usr/bin", "/bin"}) {
        Path there = Path.of(bin, command);
        if (Files.exists(there) && !Files.exists(path.resolve(command))) {
          Files.createSymbolicLink(path.resolve(command), there);
        }
      }
    }
    script(path.resolve("mvn"), "echo \"$JAVA_HOME $*\"");
    variables.put("PATH", path.toString());
    variables.put("HOME", folder.resolve("home").toString());
    variables.put("XENSTREAM_ROOT", root.toString());
  }

  private static void script(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/bin/sh\n" + text + "\n");
    file.toFile().setExecutable(true);
  }

  /// A JDK of a version under the root, whose programs fail when they are called.
  private Path jdk(String home, String version) throws IOException {
    Path jdk = root.resolve(home);
    script(jdk.resolve("bin/java"), "exit 99");
    script(jdk.resolve("bin/javac"), "exit 99");
    Files.writeString(
        jdk.resolve("release"),
        "IMPLEMENTOR=\"somebody\"\nJAVA_VERSION=\"%s\"\nOS_ARCH=\"x86_64\"\n".formatted(version));
    return jdk;
  }

  private Said run(Path program, String... arguments) throws IOException, InterruptedException {
    String[] command = new String[1 + arguments.length];
    command[0] = program.toString();
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().clear();
    builder.environment().putAll(variables);
    Path err = folder.resolve("err");
    Process process = builder.redirectError(err.toFile()).start();
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Said(process.waitFor(), out, Files.readString(err));
  }

  private Said mvnw() throws IOException, InterruptedException {
    return run(DocsText.ROOT.resolve("mvnw"), "verify");
  }

  private static Said found(Path jdk) {
    return new Said(0, jdk + " verify\n", "");
  }

  @Test
  void takesTheOneThatJavaHomeNames() throws Exception {
    jdk("usr/lib/jvm/java-25", "25.0.1");
    Path named = jdk("anywhere", "26-ea");
    variables.put("JAVA_HOME", named.toString());
    assertEquals(found(named), mvnw());
  }

  /// As where the default `java` is 17 and a JDK 25 is installed beside it.
  @Test
  void looksFurtherWhereJavaIs17() throws Exception {
    Path old = jdk("usr/lib/jvm/java-17", "17.0.15");
    jdk("usr/lib/jvm/java-27", "27");
    Path fit = jdk("usr/lib/jvm/temurin-25-jdk-amd64", "25.0.3");
    jdk("opt/jdk-26", "26.0.1");
    Files.createSymbolicLink(path.resolve("java"), old.resolve("bin/java"));
    assertEquals(found(fit), mvnw());
    variables.put("JAVA_HOME", old.toString());
    assertEquals(found(fit), mvnw());
  }

  @Test
  void takesTheOneThatJavaOnThePathBelongsTo() throws Exception {
    jdk("usr/lib/jvm/java-25", "25.0.1");
    Path onPath = jdk("somewhere/java-26", "26");
    Path alternative = root.resolve("alternative");
    Files.createSymbolicLink(alternative, onPath.resolve("bin/java"));
    Files.createSymbolicLink(path.resolve("java"), alternative);
    assertEquals(found(onPath), mvnw());
  }

  @Test
  void looksWhereVersionManagersKeepTheirs() throws Exception {
    Path kept = jdk("../home/.sdkman/candidates/java/25.0.1-tem", "25.0.1").normalize();
    assertEquals(found(kept), mvnw());
  }

  @Test
  void aRuntimeWithoutCompilerIsNone() throws Exception {
    Files.delete(jdk("usr/lib/jvm/java-25", "25.0.1").resolve("bin/javac"));
    jdk("usr/lib/jvm/java-8", "1.8.0_392");
    assertEquals(new Said(2, "", NONE), mvnw());
  }

  @Test
  void saysInOneLineWhatToInstall() throws Exception {
    assertEquals(new Said(2, "", NONE), mvnw());
    Files.delete(path.resolve("mvn"));
    jdk("usr/lib/jvm/java-25", "25.0.1");
    assertEquals(
        new Said(
            2,
            "",
            "xenstream is built with Maven 3.8.6 or newer: install maven, and see that mvn is on the"
                + " path\n"),
        mvnw());
  }

  /// Of a tree that was never built, as after a clone.
  @Test
  void theLauncherSaysSoToo() throws Exception {
    Path tree = folder.resolve("tree");
    Files.createDirectories(tree.resolve("scripts"));
    for (String file : new String[] {"xenstream", "mvnw", "scripts/build", "scripts/find-jdk.sh"}) {
      Path copy = Files.copy(DocsText.ROOT.resolve(file), tree.resolve(file));
      copy.toFile().setExecutable(true);
    }
    jdk("usr/lib/jvm/java-17", "17.0.15");
    assertEquals(new Said(2, "", NONE), run(tree.resolve("xenstream"), "--version"));
  }
}
