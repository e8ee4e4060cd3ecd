// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.legacy.HostileLegacyImages;
import org.xenstream.testkit.legacy.HostileLegacyImages.Case;

/// Hostile legacy images through the command line, out of files and pipes: each is refused with the
/// exit code for it and the library's own message behind the name of the source, and leaves
/// nothing.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileLegacyVerbsTest {
  /// What is said where several kinds of image were thought of.
  private static final String NO_IMAGE =
      "@0x0 (image.signature): expected an image of a known kind, found octets that no kind of image"
          + " begins with";

  @TempDir private Path folder;
  private Path in;
  private Path out;
  private Path scratch;

  @BeforeEach
  void make() throws IOException {
    in = folder.resolve("in");
    out = folder.resolve("out");
    scratch = Files.createDirectory(folder.resolve("scratch"));
  }

  static List<Case> cases() {
    return HostileLegacyImages.all();
  }

  static List<Case> casesOfPipes() {
    return cases().stream().filter(Case::isOfPipes).toList();
  }

  private static String message(Case hostile) {
    return hostile.isNoImage() ? NO_IMAGE : hostile.message();
  }

  /// 2 where it is no image at all.
  private static int code(Case hostile) {
    return hostile.isNoImage() ? 2 : 1;
  }

  /// Puts the image into a file; where a plain one could be read once more, into a compressed one.
  ///
  /// @return what the source is called
  private String file(Case hostile) throws IOException {
    Files.write(in, hostile.isOfPipes() ? Layers.gzip(hostile.image()) : hostile.image());
    return hostile.isOfPipes() ? in + " [gzip]" : in.toString();
  }

  /// The last line says what is wrong, and each where; nothing else is said, and nothing is left.
  private void assertRefused(Tool.Run run, String source, Case hostile) {
    assertEquals("", run.out());
    List<String> lines = run.err().lines().toList();
    assertEquals(source + " " + message(hostile), lines.getLast());
    assertLocated(run, source);
    assertNothingLeft();
  }

  private static void assertLocated(Tool.Run run, String source) {
    assertTrue(
        run.err().lines().allMatch(line -> line.startsWith(source + " @0x")), () -> run.err());
  }

  private void assertNothingLeft() {
    Set<String> files = Set.of(folder.toFile().list());
    assertEquals(Files.exists(in) ? Set.of("in", "scratch") : Set.of("scratch"), files);
    assertEquals(0, scratch.toFile().list().length);
  }

  private Tool.Run convert(Object source) {
    return Tool.run("convert", "--scratch", scratch, source, out);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void noFileIsConverted(Case hostile) throws IOException {
    String source = file(hostile);
    assertRefused(convert(in).exits(code(hostile)), "xenstream: " + source, hostile);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void noPipeIsConverted(Case hostile) throws IOException {
    try (FilledPipe pipe = FilledPipe.of(hostile.image())) {
      Tool.Run run = convert(pipe.name()).exits(code(hostile));
      assertRefused(run, "xenstream: " + pipe.name(), hostile);
    }
  }

  /// In a process of its own, of some that differ: much in front of the fault and none, a scratch
  /// file, no image.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "no pfns",
        "extended info of 4 GiB",
        "a difference from a page that was not kept",
        "a long device model of which half is there"
      })
  void norIsStandardInput(String name) throws Exception {
    Case hostile =
        cases().stream().filter(one -> one.name().equals(name)).findFirst().orElseThrow();
    Tool.Run run =
        Tool.piped(hostile.image(), "convert", "--scratch", scratch, "-", out).exits(code(hostile));
    assertRefused(run, "xenstream: standard input", hostile);
  }

  /// In a plain file the pages are found that came before; what is wrong then is that the image
  /// ends amid a checkpoint, which costs that one alone.
  @ParameterizedTest
  @MethodSource("casesOfPipes")
  void aPlainFileIsReadOnceMore(Case hostile) throws IOException {
    Files.write(in, hostile.image());
    Tool.Run run = convert(in).exits(0);
    assertEquals(
        """
        xenstream: IN @0x14 (legacy batch.pages): pages that compressed checkpoints change are kept \
        in a scratch file in SCRATCH
        xenstream: IN @0x%x (legacy HVM tail.ioreq pfn): the image ends amid checkpoint 2, which is \
        left out: expected 8 octets, found 0 octets before the end
        """
            .formatted(hostile.image().length),
        run.err().replace(in.toString(), "IN").replace(scratch.toString(), "SCRATCH"));
    assertTrue(Files.exists(out));
  }

  /// Whoever asks for the state in front of the damage gets it.
  @ParameterizedTest
  @MethodSource("casesOfPipes")
  void aStateBeforeTheDamageCanBeTaken(Case hostile) throws IOException {
    try (FilledPipe pipe = FilledPipe.of(hostile.image())) {
      Tool.Run run = Tool.run("convert", "--checkpoints", "1", pipe.name(), out).exits(0);
      assertTrue(run.err().contains("the state of checkpoint 1 is carried: what follows, "));
    }
    assertTrue(Files.exists(out));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void noFileIsSound(Case hostile) throws IOException {
    String source = file(hostile);
    assertUnsound(in, source, hostile);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void noPipeIsSound(Case hostile) throws IOException {
    try (FilledPipe pipe = FilledPipe.of(hostile.image())) {
      assertUnsound(pipe.name(), pipe.name().toString(), hostile);
    }
  }

  private void assertUnsound(Path image, String source, Case hostile) {
    Tool.Run run = Tool.run("verify", "--scratch", scratch, image).exits(code(hostile));
    String finding = source + " " + message(hostile).replaceFirst("\\): ", "): error: ") + " [XS";
    assertTrue(run.lines().stream().anyMatch(line -> line.startsWith(finding)), run::out);
    String verdict = image + (hostile.isNoImage() ? ": no image (" : ": unsound (");
    assertTrue(run.lines().getLast().startsWith(verdict), run::out);
    assertLocated(run, "xenstream: " + source);
    assertNothingLeft();
  }

  /// As libxl runs it, whose exit codes know no difference.
  private Tool.Run stream(Object source) {
    return Tool.run(
            "convert-legacy-stream",
            "--in",
            source,
            "--out",
            out,
            "--width",
            "64",
            "--guest",
            "hvm",
            "--format",
            "libxl")
        .exits(1);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void libxlGetsNothingOfAFile(Case hostile) throws IOException {
    String source = file(hostile);
    assertRefused(stream(in), source, hostile);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void libxlGetsNothingOfADescriptor(Case hostile) throws IOException {
    try (FilledPipe pipe = FilledPipe.of(hostile.image())) {
      assertRefused(stream(pipe.number()), "descriptor " + pipe.number(), hostile);
    }
  }
}
