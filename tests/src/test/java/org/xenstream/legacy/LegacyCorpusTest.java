// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.MappedInput;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.verify.Finding;
import org.xenstream.core.verify.Severity;
import org.xenstream.testkit.Corpus;
import org.xenstream.testkit.CorpusImage;
import org.xenstream.transfer.StreamType;

/// Every image that a saver of Xen 4.1 to 4.5 wrote for the corpus is translated, and what comes
/// out is held against the restore code of those releases and against Xen's own converter. Where
/// they part, `docs/DIFFERENCES.md` says so and why.
class LegacyCorpusTest {
  private static final int REFERENCE_VCPUS = 128;

  @TempDir private Path folder;

  static List<CorpusImage> images() {
    return Corpus.here().images(Corpus.LEGACY);
  }

  /// The judge finds nothing wrong in what comes out.
  @ParameterizedTest
  @MethodSource("images")
  void isSound(CorpusImage image) throws IOException {
    Translated translated = Translated.of(image, LegacyOptions.DEFAULT);
    assertEquals(
        List.of(),
        translated.verdict().findings().stream()
            .filter(finding -> finding.severity() != Severity.NOTE)
            .map(Finding::toString)
            .toList());
    assertEquals(0, translated.trailing());
  }

  /// Width and kind are found by the content alone, and are what the manifest says.
  @ParameterizedTest
  @MethodSource("images")
  void knowsWhatItIs(CorpusImage image) throws IOException {
    String guest = image.text("guest");
    LegacyFacts facts = Translated.of(image, LegacyOptions.DEFAULT).facts();
    assertEquals(
        image.text("saver").contains("32-bit") ? WordWidth.BITS_32 : WordWidth.BITS_64,
        facts.toolstackWidth());
    boolean hvm = guest.startsWith("type=hvm");
    assertEquals(hvm ? GuestKind.HVM : GuestKind.PV, facts.guestKind());
    if (!hvm) {
      assertEquals(
          guest.startsWith("type=pv32") ? WordWidth.BITS_32 : WordWidth.BITS_64,
          facts.guestWidth());
    }
    assertEquals(guest.contains("debug=1"), facts.verifies());
    assertEquals(guest.contains("compress=1"), facts.compressed());
  }

  /// Restored, each gives the figures of the legacy restore, line by line.
  @Test
  void figuresAreThoseOfTheLegacyRestore() throws IOException {
    Differences differences = new Differences();
    int images = 0;
    for (CorpusImage image : images()) {
      List<String> reference = compared(image.lines("legacy_c_restore", "result"));
      assertFalse(reference.isEmpty(), image.path());
      Translated translated = Translated.of(image, LegacyOptions.DEFAULT);
      List<String> ours = compared(translated.report(StreamType.PLAIN, REFERENCE_VCPUS));
      differences.addLines(name(image), reference, ours);
      images++;
    }
    differences.assertWritten("## Figures of the legacy restore");
    Differences.assertSaid(
        "Of the good images (folder `legacy`: %d images) %d lines differ"
            .formatted(images, differences.count()));
  }

  /// Where Xen's own converter managed, a restore of what it wrote gives the same figures, and its
  /// libxl records are ours.
  @Test
  void figuresAreThoseOfTheConverter() throws IOException {
    Differences differences = new Differences();
    int conversions = 0;
    for (CorpusImage image : images()) {
      Translated translated = Translated.of(image, LegacyOptions.DEFAULT);
      List<String> ours = new ArrayList<>(translated.report(StreamType.PLAIN, REFERENCE_VCPUS));
      ours.removeIf(line -> line.startsWith("qemu_state"));
      for (Map<?, ?> conversion : conversions(image)) {
        if (Long.valueOf(0).equals(conversion.get("exit"))) {
          conversions++;
          List<String> theirs = new ArrayList<>(lines(conversion));
          boolean libxl = String.valueOf(conversion.get("arguments")).contains("libxl");
          if (libxl) {
            assertEquals(
                libxlRecords(theirs), LibxlRecords.of(translated.deviceModel()), image::path);
          }
          theirs.removeIf(line -> line.startsWith("libxl ") || line.startsWith("trailing_bytes"));
          List<String> figures = new ArrayList<>(ours);
          figures.removeIf(line -> line.startsWith("trailing_bytes"));
          differences.addLines(name(image), compared(theirs), compared(figures));
        }
      }
    }
    differences.assertWritten("## Figures of Xen's converter");
    Differences.assertSaid(
        "Of the %d conversions that Xen's converter brought to their end".formatted(conversions));
  }

  /// The octets of its output are those that come of our records: of the first state, as it drops
  /// all that comes behind.
  @Test
  void octetsAreThoseOfTheConverter() throws Exception {
    LegacyOptions first = LegacyOptions.builder().checkpoints(Checkpoints.number(1)).build();
    int conversions = 0;
    List<String> differing = new ArrayList<>();
    for (CorpusImage image : images()) {
      Translated translated = Translated.of(image, first);
      for (Map<?, ?> conversion : conversions(image)) {
        if (Long.valueOf(0).equals(conversion.get("exit"))) {
          String arguments = String.valueOf(conversion.get("arguments"));
          byte[] ours = ConverterForm.of(translated, arguments);
          String digest =
              HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(ours));
          conversions++;
          if (!digest.equals(conversion.get("output_sha256"))) {
            differing.add("%s %s".formatted(name(image), arguments));
          }
        }
      }
    }
    assertEquals(List.of(), differing);
    assertEquals(55, conversions);
  }

  /// What a conversion writes, whose pages stay in the image until they are moved from there to the
  /// output, is what its records say with their pages in view: out of a file and out of a pipe, of
  /// the last state, of each, and of all.
  @ParameterizedTest
  @MethodSource("images")
  void conversionWritesWhatTheRecordsSay(CorpusImage image) throws IOException {
    List<Checkpoints> all = new ArrayList<>(List.of(Checkpoints.LAST, Checkpoints.KEEP));
    int states = Translated.of(image, LegacyOptions.DEFAULT).facts().checkpoints();
    assertEquals(image.text("guest").contains("remus=1"), states > 1, image.text("guest"));
    for (int n = 1; n <= states; n++) {
      all.add(Checkpoints.number(n));
    }
    for (Checkpoints which : all) {
      LegacyOptions options = LegacyOptions.builder().checkpoints(which).build();
      byte[] said = Translated.written(Translated.open(image), options);
      if (which.equals(Checkpoints.LAST)) {
        assertArrayEquals(Translated.of(image, options).octets(), said, image::path);
      }
      assertArrayEquals(said, converted(Translated.open(image), options), image + " " + which);
      assertArrayEquals(said, converted(pipe(image), options), image + " piped, " + which);
      assertArrayEquals(said, Translated.written(pipe(image), options), image + " read, " + which);
    }
  }

  private byte[] converted(OctetInput input, LegacyOptions options) throws IOException {
    LegacyOptions left = options.toBuilder().pages(PagesShown.LEFT_IN_INPUT).build();
    Path out = folder.resolve("converted");
    try (LegacySource source = LegacySource.open(input, left, _ -> {});
        FileChannel file =
            FileChannel.open(
                out,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE);
        LegacyConversion conversion =
            LegacyConversion.begin(source, input, file, LegacyConversion.Target.LIBXC)) {
      while (conversion.step()) {}
    }
    return Files.readAllBytes(out);
  }

  private static ChannelInput pipe(CorpusImage image) throws IOException {
    long start;
    try (MappedInput file = Translated.open(image)) {
      start = file.position();
    }
    ChannelInput input =
        new ChannelInput(image.path(), Channels.newChannel(Files.newInputStream(image.file())));
    input.advance(start);
    return input;
  }

  private static List<Map<?, ?>> conversions(CorpusImage image) {
    List<Map<?, ?>> conversions = new ArrayList<>();
    for (Object conversion : (List<?>) Objects.requireNonNull(image.at("python_conversions"))) {
      conversions.add((Map<?, ?>) conversion);
    }
    return conversions;
  }

  private static List<String> lines(Map<?, ?> conversion) {
    return conversion.get("c_restore_result") instanceof List<?> lines
        ? lines.stream().map(String::valueOf).toList()
        : List.of();
  }

  private static List<String> libxlRecords(List<String> lines) {
    return lines.stream().filter(line -> line.matches("libxl record [23] .*")).toList();
  }

  private static String name(CorpusImage image) {
    return image.path().replaceFirst("^legacy/", "").replaceFirst("\\.legacy\\.zst$", "");
  }

  /// How memory was allocated, and the wording of C's messages, is no outcome.
  private static List<String> compared(List<String> lines) {
    return lines.stream()
        .filter(line -> !line.startsWith("xc: "))
        .map(line -> line.replaceAll(" superpages2M=\\d+", ""))
        .toList();
  }
}
