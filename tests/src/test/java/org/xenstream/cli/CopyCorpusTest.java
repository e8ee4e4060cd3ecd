// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.xenstream.core.envelope.ImageCopy;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Limits;
import org.xenstream.core.verify.Judge;
import org.xenstream.core.verify.Rule;
import org.xenstream.core.verify.Severity;
import org.xenstream.core.verify.Verdict;
import org.xenstream.testkit.Corpus;
import org.xenstream.testkit.CorpusImage;

/// What `copy` makes of every image of the corpus.
class CopyCorpusTest {
  @TempDir private static Path folder;
  private final Path out = folder.resolve("out");
  private final Path back = folder.resolve("back");

  @AfterEach
  void clear() throws IOException {
    Files.deleteIfExists(out);
    Files.deleteIfExists(back);
  }

  private interface Check {
    void on(CorpusImage image) throws IOException;
  }

  private static Stream<DynamicTest> each(Check check, String... folders) {
    return Corpus.here().images(folders).stream()
        .map(image -> dynamicTest(image.path(), of(check, image)));
  }

  private static Executable of(Check check, CorpusImage image) {
    return () -> check.on(image);
  }

  private static boolean isGenuine(CorpusImage image) {
    return !image.text("file").startsWith("neg-");
  }

  private static Tool.Run copy(Path in, Path out, String... options) {
    Object[] all = new Object[options.length + 3];
    all[0] = "copy";
    System.arraycopy(options, 0, all, 1, options.length);
    all[options.length + 1] = in;
    all[options.length + 2] = out;
    return Tool.run(all);
  }

  /// What a verdict has besides notes.
  private static Map<Rule, Long> faults(Path image) throws IOException {
    Map<Rule, Long> faults = new TreeMap<>(verdict(image).counts());
    faults.keySet().removeIf(rule -> rule.severity() == Severity.NOTE);
    return faults;
  }

  private static Verdict verdict(Path image) throws IOException {
    try (ImageReader reader = ImageReader.open(image, Limits.DEFAULT)) {
      return Judge.judge(reader, Judge.Options.DEFAULT);
    }
  }

  private static List<String> recordNames(Path image) {
    return Tool.run("records", "--brief", image).exits(0).lines().stream()
        .filter(line -> line.matches("@0x\\S+ +#\\d+ .*"))
        .map(line -> line.replaceAll("@0x\\S+ +#\\d+ +(\\S+) .*", "$1"))
        .toList();
  }

  /// A file into a file: the same to the octet, or nothing.
  @TestFactory
  Stream<DynamicTest> aCopyIsTheSameOrNotThere() {
    return each(
        image -> {
          Tool.Run run = copy(image.file(), out);
          if (run.code() == 0) {
            assertEquals(-1, Files.mismatch(image.file(), out));
          } else {
            assertFalse(Files.exists(out), run.err());
            assertTrue(run.err().startsWith("xenstream: " + image.file() + " @0x"), run.err());
            // What a copy cannot follow a verification refuses.
            assertEquals(run.code(), Tool.run("verify", "--strict", image.file()).code());
          }
          Files.deleteIfExists(out);
        },
        Corpus.REAL,
        Corpus.MODERN,
        Corpus.FRAMED,
        Corpus.MUTATED,
        Corpus.LEGACY,
        Corpus.LEGACY_MUTATED);
  }

  /// The same through a source without a file behind it.
  @TestFactory
  Stream<DynamicTest> aCopyOfAPipeIsTheSame() {
    return each(
        image -> {
          try (ImageReader reader =
                  ImageReader.of(
                      new ChannelInput(
                          "pipe", FileChannel.open(image.file(), StandardOpenOption.READ)),
                      Limits.DEFAULT);
              FileChannel to =
                  FileChannel.open(
                      out,
                      StandardOpenOption.CREATE,
                      StandardOpenOption.TRUNCATE_EXISTING,
                      StandardOpenOption.WRITE)) {
            ImageCopy copy = new ImageCopy(reader, to, ImageCopy.Options.SAME);
            for (ImageItem item = reader.next(); item != null; item = reader.next()) {
              copy.see(item);
            }
            assertEquals(0, copy.end());
          }
          assertEquals(-1, Files.mismatch(image.file(), out));
        },
        Corpus.REAL,
        Corpus.MODERN,
        Corpus.LEGACY);
  }

  /// Big-endian and back: the same to the octet; in between nothing is wrong but the order.
  @TestFactory
  Stream<DynamicTest> bigEndianThereAndBackIsTheSame() {
    return each(
        image -> {
          if (!isGenuine(image)) {
            return;
          }
          copy(image.file(), out, "--byte-order", "big").quiet().exits(0);
          Map<Rule, Long> expected = faults(image.file());
          expected.put(Rule.IMAGE_BIG_ENDIAN, 1L);
          if (!image.path().startsWith(Corpus.MODERN)) {
            expected.put(Rule.LIBXL_BIG_ENDIAN, 1L);
          }
          assertEquals(expected, faults(out));
          copy(out, back, "--byte-order", "little").quiet().exits(0);
          assertEquals(-1, Files.mismatch(image.file(), back));
        },
        Corpus.REAL,
        Corpus.MODERN,
        Corpus.FRAMED);
  }

  /// Version 3 as version 2: nothing is wrong that was not wrong before, and no policy is lost in
  /// silence.
  @TestFactory
  Stream<DynamicTest> version3IsCopiedAsVersion2() {
    return each(
        image -> {
          if (!isGenuine(image) || !recordNames(image.file()).contains("STATIC_DATA_END")) {
            return;
          }
          List<String> names = recordNames(image.file());
          List<String> expected =
              names.stream()
                  .filter(name -> !name.equals("STATIC_DATA_END") && !name.endsWith("_POLICY"))
                  .toList();
          Tool.Run run = copy(image.file(), out, "--to-version", "2");
          if (names.stream().anyMatch(name -> name.endsWith("_POLICY"))) {
            String first = names.stream().filter(n -> n.endsWith("_POLICY")).findFirst().get();
            assertTrue(
                run.exits(1).err().contains(" " + first + "): expected a record"), run.err());
            assertFalse(Files.exists(out));
            assertEquals(
                1,
                copy(image.file(), out, "--to-version=2", "--drop-policies")
                    .exits(0)
                    .err()
                    .lines()
                    .count());
          } else {
            run.quiet().exits(0);
          }
          assertEquals(expected, recordNames(out));
          assertEquals(faults(image.file()), faults(out));
          Files.delete(out);
        },
        Corpus.REAL,
        Corpus.MODERN,
        Corpus.FRAMED);
  }

  /// Version 2 as version 3 has STATIC_DATA_END in its place, and back it is the same.
  @TestFactory
  Stream<DynamicTest> version2IsCopiedAsVersion3() {
    List<CorpusImage> images =
        Corpus.here().images(Corpus.MODERN).stream()
            .filter(image -> image.text("file").endsWith(".v2.zst"))
            .toList();
    assertTrue(images.size() > 20);
    return images.stream()
        .map(image ->
            dynamicTest(
                image.path(),
                () -> {
                  copy(image.file(), out, "--to-version", "3").quiet().exits(0);
                  List<String> names = recordNames(out);
                  int at = names.indexOf("STATIC_DATA_END");
                  assertTrue(
                      names.get(at + 1).equals("PAGE_DATA")
                          || names.get(at + 1).equals("X86_PV_P2M_FRAMES"),
                      names.toString());
                  assertFalse(
                      names.subList(0, at).stream()
                          .anyMatch(n -> n.equals("PAGE_DATA") || n.endsWith("P2M_FRAMES")));
                  assertEquals(faults(image.file()), faults(out));
                  copy(out, back, "--to-version", "2").quiet().exits(0);
                  assertEquals(-1, Files.mismatch(image.file(), back));
                }));
  }

  /// The bare libxc stream in a libxl stream again: what libxc holds is the same, Remus included.
  @TestFactory
  Stream<DynamicTest> layersAreTakenOffAndPutOnAgain() {
    return each(
        image -> {
          if (!isGenuine(image)) {
            return;
          }
          Tool.Run stripped = copy(image.file(), out, "--strip-layers").exits(0);
          assertEquals(
              Tool.run("info", image.file()).out().contains("  device  "),
              stripped.err().contains("left out: libxl EMULATOR_CONTEXT"),
              stripped.err());
          List<String> names = recordNames(image.file());
          assertEquals(names, recordNames(out));
          Map<Rule, Long> bare = faults(out);
          Tool.Run wrapped = copy(out, back, "--layer", "libxl").exits(0);
          if (wrapped.err().contains("missing: the state of the guest's device model")) {
            // What was taken off with the layer does not come back.
            assertTrue(stripped.err().contains("left out: libxl EMULATOR_CONTEXT"), stripped.err());
            bare.merge(Rule.EMULATOR_CONTEXT_MISSING, 1L, Long::sum);
          } else {
            wrapped.quiet();
          }
          assertEquals(names, recordNames(back));
          assertEquals(bare, faults(back));
          Path again = folder.resolve("again");
          copy(back, again, "--layer", "libxc").quiet().exits(0);
          assertEquals(-1, Files.mismatch(out, again));
          Files.delete(again);
          String extent = image.lines("records").isEmpty() ? "" : image.lines("records").getLast();
          if (extent.matches(".*; libxc 0x\\p{XDigit}+\\.\\.0x\\p{XDigit}+")
              && !names.contains("CHECKPOINT")) {
            String[] ends = extent.replaceAll(".*; libxc ", "").split("\\.\\.", -1);
            long length = Long.decode(ends[1]) - Long.decode(ends[0]);
            assertEquals(length, Files.size(out), "as another reader saw it");
          }
        },
        Corpus.REAL,
        Corpus.FRAMED);
  }
}
