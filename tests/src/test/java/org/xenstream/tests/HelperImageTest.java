// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.PagesShown;
import org.xenstream.legacy.LegacyConversion;
import org.xenstream.legacy.LegacyOptions;
import org.xenstream.legacy.LegacySource;
import org.xenstream.testkit.CapturingChannel;
import org.xenstream.testkit.StreamBuilder;
import org.xenstream.testkit.legacy.LegacyImageBuilder;

/// The save helper's runtime image as an operator has it: made by scripts/link-helper out of the
/// modules under test, copied elsewhere, run without any environment; and copies of it in which
/// something is broken, which have to say so, and nothing that libxl could take for a message.
@Timeout(300)
class HelperImageTest {
  private static final String LAUNCHER = "bin/xenstream-save-helper";

  /// Of nobody, with arguments that are wrong: answered with one message and 255, wherever it runs.
  private static final List<String> WRONG = List.of("--save-domain", "1", "0");

  /// The text of the message, with its terminating zero: its last octets.
  private static final String ANSWER =
      "--save-domain: expected IO_FD RECV_FD DOMID XCFLAGS CBFLAGS STREAM_TYPE, found 1 0\0";

  @TempDir static Path folder;
  private static Path image;

  private record Ended(int code, String out, String err) {}

  private static String module(String type) {
    try {
      URI place = Class.forName(type).getProtectionDomain().getCodeSource().getLocation().toURI();
      return Path.of(place).toString();
    } catch (ClassNotFoundException | URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  @BeforeAll
  static void link() throws Exception {
    Path made = folder.resolve("made");
    ProcessBuilder link =
        new ProcessBuilder(
            DocsText.ROOT.resolve("scripts/link-helper").toString(),
            String.join(
                ":",
                module("org.xenstream.core.format.StreamRecord"),
                module("org.xenstream.x86.Blobs"),
                module("org.xenstream.os.Descriptor"),
                module("org.xenstream.transfer.Hypervisor"),
                module("org.xenstream.xen.SaveHelperMain")),
            module("org.xenstream.cli.Main"),
            module("org.xenstream.legacy.LegacySource"),
            made.toString());
    link.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Ended ended = run(link);
    assertEquals(0, ended.code, () -> ended.out + ended.err);
    // Where an operator would put it, and with a blank, which shells like to stumble over.
    image = folder.resolve("opt/xen stream");
    Files.createDirectories(folder.resolve("opt"));
    Files.move(made, image);
  }

  private static Ended run(ProcessBuilder builder) throws IOException, InterruptedException {
    Path out = Files.createTempFile(folder, "out", "");
    Path err = Files.createTempFile(folder, "err", "");
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    process.getOutputStream().close();
    assertTrue(process.waitFor(240, TimeUnit.SECONDS));
    return new Ended(
        process.exitValue(),
        Files.readString(out, StandardCharsets.ISO_8859_1),
        Files.readString(err, StandardCharsets.ISO_8859_1));
  }

  /// Runs it in an empty environment: no JAVA_HOME, and a path without java.
  private static Ended helper(List<String> command, String... environment) throws Exception {
    List<String> words = new ArrayList<>(command);
    words.addAll(WRONG);
    ProcessBuilder builder = new ProcessBuilder(words).directory(folder.toFile());
    builder.environment().clear();
    builder.environment().put("PATH", "/usr/bin:/bin");
    for (String variable : environment) {
      int sign = variable.indexOf('=');
      builder.environment().put(variable.substring(0, sign), variable.substring(sign + 1));
    }
    return run(builder);
  }

  private static void assertWorks(Ended ended) {
    assertEquals(255, ended.code, ended.err);
    assertTrue(ended.out.endsWith(ANSWER), ended.out);
    assertEquals("", ended.err);
  }

  /// A copy in which a file is to be replaced: of the others it has links.
  private static Path copy(String name) throws IOException {
    Path copy = folder.resolve(name);
    try (Stream<Path> all = Files.walk(image)) {
      for (Path file : all.toList()) {
        Path place = copy.resolve(image.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectory(place);
        } else {
          Files.createLink(place, file);
        }
      }
    }
    return copy;
  }

  private static void assertFailsAloud(Ended ended) {
    assertNotEquals(0, ended.code);
    assertEquals("", ended.out);
    assertNotEquals("", ended.err);
  }

  @Test
  void itRunsWhereItWasCopiedTo() throws Exception {
    assertWorks(helper(List.of(image.resolve(LAUNCHER).toString())));
  }

  @Test
  void itTellsOfItsHost() throws Exception {
    Ended ended = run(new ProcessBuilder(image.resolve("bin/xenstream-host").toString()));
    assertEquals("", ended.err);
    List<String> lines = ended.out.lines().toList();
    assertTrue(lines.getFirst().startsWith("hypervisor           "), ended.out);
    assertTrue(lines.contains("runtime image        " + image.toRealPath()), ended.out);
    boolean ready = lines.contains("save helper          would run");
    assertEquals(ready ? 0 : 1, ended.code, ended.out);
  }

  /// A legacy image from a descriptor that stands behind other octets, into a pipe, as libxl has
  /// it, by the launcher's path alone.
  @Test
  void itsConverterRunsAsLibxlRunsIt() throws Exception {
    byte[] legacy =
        LegacyImageBuilder.image(8)
            .words(0x1000)
            .filledBatch(0, 1, 2)
            .vcpuInfo(0, 0)
            .endOfBody()
            .hvmTail(0xFE, 0xFD, 0xFC, new byte[24])
            .deviceModel(LegacyImageBuilder.QEMU_WITH_LENGTH, new byte[] {'Q', 'E', 'V', 'M', 1})
            .octets();
    Path file = folder.resolve("legacy");
    Files.write(file, StreamBuilder.join("xl's".getBytes(StandardCharsets.US_ASCII), legacy));
    Path link = folder.resolve("convert-legacy-stream");
    Files.createSymbolicLink(link, image.resolve("bin/convert-legacy-stream"));
    ProcessBuilder builder =
        new ProcessBuilder(
            "sh",
            "-c",
            "{ dd bs=4 count=1 <&7 of=/dev/null 2>/dev/null && \"$0\" --in 7 --out 8 --width 64 --guest hvm"
                + " --format libxl 8>&1 1>&2; } 7<\"$1\" | cat",
            link.toString(),
            file.toString());
    builder.environment().clear();
    builder.environment().put("PATH", "/usr/bin:/bin");
    builder.environment().put("JAVA_TOOL_OPTIONS", "-Xbogus");
    Ended ended = run(builder);
    assertEquals("", ended.err);
    CapturingChannel expected = CapturingChannel.whole();
    try (OctetInput input =
            new ChannelInput("legacy", Channels.newChannel(new ByteArrayInputStream(legacy)));
        LegacySource source =
            LegacySource.open(
                input,
                LegacyOptions.builder().pages(PagesShown.LEFT_IN_INPUT).build(),
                note -> {});
        LegacyConversion conversion =
            LegacyConversion.begin(source, input, expected, LegacyConversion.Target.LIBXL)) {
      while (conversion.step()) {}
    }
    assertArrayEquals(expected.octets(), ended.out.getBytes(StandardCharsets.ISO_8859_1));
  }

  @Test
  void itRunsThroughALink() throws Exception {
    Path link = folder.resolve("libxl-save-helper");
    Files.createSymbolicLink(link, image.resolve(LAUNCHER));
    assertWorks(helper(List.of(link.toString())));
  }

  @Test
  void optionsForOtherProgramsAreNotTaken() throws Exception {
    assertWorks(
        helper(
            List.of(image.resolve(LAUNCHER).toString()),
            "JAVA_TOOL_OPTIONS=-Xbogus",
            "JDK_JAVA_OPTIONS=-Xbogus",
            "_JAVA_OPTIONS=-Xbogus"));
  }

  /// With the mode `on` the virtual machine ends where the cache does not fit.
  @Test
  void theCacheIsUsedWhereItWasCopiedTo() throws Exception {
    Ended ended =
        helper(
            List.of(
                image.resolve("bin/java").toString(),
                "@" + image.resolve("lib/xenstream/jvm.options"),
                "-XX:AOTCache=" + image.resolve("lib/xenstream/helper.aot"),
                "-XX:AOTMode=on",
                "-m",
                "org.xenstream.xen/org.xenstream.xen.SaveHelperMain"));
    assertWorks(ended);
  }

  @Test
  void withoutTheCacheItRunsAllTheSame() throws Exception {
    Path copy = copy("uncached");
    Path cache = copy.resolve("lib/xenstream/helper.aot");
    Files.delete(cache);
    Ended ended = helper(List.of(copy.resolve(LAUNCHER).toString()));
    assertEquals(255, ended.code);
    assertTrue(ended.out.endsWith(ANSWER), ended.out);
    byte[] whole = Files.readAllBytes(image.resolve("lib/xenstream/helper.aot"));
    Files.write(cache, Arrays.copyOf(whole, whole.length / 2));
    ended = helper(List.of(copy.resolve(LAUNCHER).toString()));
    assertEquals(255, ended.code);
    assertTrue(ended.out.endsWith(ANSWER), ended.out);
    assertTrue(ended.err.contains("The AOT cache has been truncated"), ended.err);
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 1_000_000, 15_000_000})
  void aTruncatedImageFails(int length) throws Exception {
    Path copy = copy("truncated-" + length);
    Path modules = copy.resolve("lib/modules");
    Path whole = image.resolve("lib/modules");
    Files.delete(modules);
    Files.copy(whole, modules, StandardCopyOption.COPY_ATTRIBUTES);
    modules.toFile().setWritable(true);
    try (RandomAccessFile file = new RandomAccessFile(modules.toFile(), "rw")) {
      file.setLength(length);
    }
    assertFailsAloud(helper(List.of(copy.resolve(LAUNCHER).toString())));
  }

  /// One message that makes a line in libxl's log, and the same on standard error.
  private static void assertTold(String text, Ended ended) {
    assertEquals(255, ended.code);
    byte[] octets = ended.out.getBytes(StandardCharsets.ISO_8859_1);
    ByteBuffer message = ByteBuffer.wrap(octets).order(ByteOrder.LITTLE_ENDIAN);
    assertEquals(octets.length - 2, Short.toUnsignedInt(message.getShort()));
    assertEquals(1, message.getShort(), "the number of LOG");
    assertEquals(8, message.getInt(), "the level of an error");
    assertEquals(-1, message.getInt(), "no errno");
    assertEquals("xenstream-save-helper\0", text(message));
    assertEquals(text + "\0", text(message));
    assertFalse(message.hasRemaining());
  }

  private static String text(ByteBuffer message) {
    byte[] octets = new byte[message.getInt()];
    message.get(octets);
    return new String(octets, StandardCharsets.US_ASCII);
  }

  @ParameterizedTest
  @ValueSource(strings = {"lib/server/libjvm.so", "lib/modules", "lib/xenstream/jvm.options"})
  void aMissingFileIsToldToLibxl(String file) throws Exception {
    Path copy = copy("missing-" + file.replace('/', '-'));
    Files.delete(copy.resolve(file));
    Ended ended = helper(List.of(copy.resolve(LAUNCHER).toString()));
    String text =
        "the runtime image in %s/bin/.. is not whole: %s is missing".formatted(copy, file);
    assertTold(text, ended);
    assertEquals("xenstream-save-helper: " + text + "\n", ended.err);
  }

  /// As where the image was copied to another kind of machine. 3 is the first descriptor that
  /// messages may take, and is the stream here.
  @Test
  void aProgramOfAnotherMachineIsToldToLibxl() throws Exception {
    assumeTrue(
        Path.of("/bin/sh").toRealPath().endsWith("dash"), "what other shells do is not known");
    Path copy = copy("strange");
    Path java = copy.resolve("bin/java");
    Files.delete(java);
    Files.write(java, new byte[] {0x7F, 'E', 'L', 'F'});
    assertTrue(java.toFile().setExecutable(true));
    Ended ended =
        run(new ProcessBuilder(copy.resolve(LAUNCHER).toString(), "--restore-domain", "3"));
    assertTold(copy + "/bin/../bin/java cannot be run", ended);
    assertTrue(ended.err.contains("Exec format error"), ended.err);
  }

  @Test
  void withoutMemoryItFails() throws Exception {
    assertFailsAloud(
        helper(
            List.of(
                "sh",
                "-c",
                "ulimit -v 200000; exec \"$@\"",
                "sh",
                image.resolve(LAUNCHER).toString())));
  }

  @ParameterizedTest
  @ValueSource(strings = {"bin/xenstream-save-helper", "bin/convert-legacy-stream"})
  void scratchFilesGoWhereTheEnvironmentSays(String launcher) throws Exception {
    Path copy = copy("scratch-" + launcher.replace('/', '-'));
    Path java = copy.resolve("bin/java");
    Files.delete(java);
    Files.writeString(java, "#!/bin/sh\nprintf '%s\\n' \"$@\" >&2\n");
    assertTrue(java.toFile().setExecutable(true));
    List<String> command = List.of(copy.resolve(launcher).toString());
    assertTrue(
        helper(command, "TMPDIR=/var/lib/some where")
            .err
            .lines()
            .anyMatch("-Djava.io.tmpdir=/var/lib/some where"::equals));
    assertFalse(helper(command).err.contains("tmpdir"));
  }

  /// As in a tree in which no image was made.
  @Test
  void withoutAnImageItSaysHowToMakeOne() throws Exception {
    Path bin = Files.createDirectories(folder.resolve("tree/bin"));
    Ended ended = helper(List.of(launcherIn(bin)));
    String text =
        "no runtime image in %s/../build/helper: run %s/../scripts/build-helper first"
            .formatted(bin, bin);
    assertTold(text, ended);
    assertEquals("xenstream-save-helper: " + text + "\n", ended.err);
  }

  private static String launcherIn(Path bin) throws IOException {
    Path launcher = bin.resolve("xenstream-save-helper");
    Files.copy(DocsText.ROOT.resolve(LAUNCHER), launcher, StandardCopyOption.COPY_ATTRIBUTES);
    return launcher.toString();
  }

  /// Lengths of more than an octet, and characters whose length a shell may take for another.
  @Test
  void theMessageIsWholeWhateverThePath() throws Exception {
    Path bin = Files.createDirectories(folder.resolve("l".repeat(120)).resolve("bin"));
    assertTold(
        "no runtime image in %s/../build/helper: run %s/../scripts/build-helper first"
            .formatted(bin, bin),
        helper(List.of(launcherIn(bin))));
    // The virtual machine may not be able to name such a folder, but a shell is.
    Ended ended =
        run(
            new ProcessBuilder(
                "sh",
                "-c",
                "mkdir -p \"$1/$(printf '\\303\\274')/bin\" && cd \"$1\"/?*/bin && cp \"$2\" . && \"$PWD/${2##*/}\"",
                "sh",
                Files.createDirectories(folder.resolve("wide")).toString(),
                launcherIn(folder)));
    assertTold("no runtime image that can be run; standard error tells where", ended);
  }
}
