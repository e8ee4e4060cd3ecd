// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.xenstream.testkit.Corpus;
import org.xenstream.testkit.CorpusImage;

/// `convert` on images that the savers of Xen 4.1 to 4.5 wrote.
class ConvertCorpusTest {
  /// The Remus images of the corpus have as many checkpoints.
  private static final List<String> CHECKPOINTS = List.of("keep", "last", "1", "2", "3");

  /// Of these so little is there that it could begin anything.
  private static final Set<String> NO_IMAGE = Set.of("cut-p2m");

  private static final Set<String> DAMAGED =
      Set.of(
          "batch-1025",
          "chunk-22",
          "cut-batch",
          "cut-ext",
          "cut-hvm-magic",
          "cut-shinfo",
          "cut-sig",
          "ext-overshoot",
          "hvmctx-0",
          "qemu-badsig",
          "qemu-cut",
          "tmem",
          "toolstack-cut",
          "toolstack-v2",
          "vcpu-5000",
          "xl-badmagic");

  @TempDir private Path folder;

  private interface Check {
    void of(CorpusImage image) throws Exception;
  }

  private static Stream<DynamicTest> each(String corpus, Check check) {
    return Corpus.here().images(corpus).stream()
        .map(image -> DynamicTest.dynamicTest(image.path(), () -> check.of(image)));
  }

  /// What is made is sound, for the oldest and the newest release that takes it.
  @TestFactory
  Stream<DynamicTest> whatIsMadeIsSound() {
    return each(
        Corpus.LEGACY,
        image -> {
          for (String to : new String[] {"libxc", "libxl"}) {
            Path out = folder.resolve(to);
            Tool.run("convert", "--to", to, image.file(), out).exits(0);
            Tool.run("verify", "--quiet", "--strict", out).exits(0);
            Tool.run("verify", "--quiet", "--for", "4.17", out).exits(0);
          }
          Tool.run("convert", "--checkpoints", "keep", image.file(), folder.resolve("kept"))
              .exits(0);
          Tool.run("verify", "--quiet", folder.resolve("kept")).exits(0);
        });
  }

  /// One with checkpoints gives no more to be warned of than one without.
  @TestFactory
  Stream<DynamicTest> checkpointsReadAsTheyAreAreSound() {
    return each(
        Corpus.LEGACY,
        image -> {
          if (image.path().contains("remus")) {
            Tool.Run verify = Tool.run("verify", "--strict", image.file());
            assertEquals(0, verify.code(), verify.out());
          }
        });
  }

  /// From a file pages go to the output by another way than from a compressed one.
  @TestFactory
  Stream<DynamicTest> aFileAndAStreamGiveTheSame() {
    return each(
        Corpus.LEGACY,
        image -> {
          Path file = folder.resolve("file");
          Path stream = folder.resolve("stream");
          Tool.run("convert", image.file(), file).exits(0);
          Tool.run("convert", image.compressed(), stream).exits(0);
          assertEquals(-1, Files.mismatch(file, stream));
          for (String which : image.path().contains("remus") ? CHECKPOINTS : List.<String>of()) {
            Tool.run("convert", "--checkpoints", which, image.file(), file).exits(0);
            Tool.run("convert", "--checkpoints", which, image.compressed(), stream).exits(0);
            assertEquals(-1, Files.mismatch(file, stream), which);
          }
        });
  }

  /// What is damaged is refused by all programs alike, with a place in the message and exit code 1,
  /// or 2 for what is no image at all; nothing is left behind. Of what is only odd all make a sound
  /// image.
  @TestFactory
  Stream<DynamicTest> damageIsRefusedAndLeavesNothing() {
    return each(
        Corpus.LEGACY_MUTATED,
        image -> {
          String odd =
              image.path().replaceFirst("^legacy-mutated/t..-", "").replaceFirst("\\..*", "");
          int code = NO_IMAGE.contains(odd) ? 2 : DAMAGED.contains(odd) ? 1 : 0;
          Path out = folder.resolve("out");
          Tool.Run convert = Tool.run("convert", image.file(), out).exits(code);
          Tool.Run verify = Tool.run("verify", image.file()).exits(code);
          Tool.Run info = Tool.run("info", image.file()).exits(code);
          String arguments = String.valueOf(image.at("python_conversions"));
          Tool.Run stream =
              Tool.run(
                      "convert-legacy-stream",
                      "-i",
                      image.file(),
                      "-o",
                      folder.resolve("stream"),
                      arguments.contains("-w 32") ? "-w32" : "-w64",
                      arguments.contains("-g hvm") ? "-ghvm" : "-gpv",
                      "-flibxl")
                  .exits(Math.min(code, 1));
          if (code == 0) {
            Tool.run("verify", "--quiet", out).exits(0);
            Tool.run("verify", "--quiet", folder.resolve("stream")).exits(0);
            Files.delete(folder.resolve("stream"));
            Files.delete(out);
          } else {
            assertTrue(convert.err().contains(" @0x"), convert.err());
            assertTrue(stream.err().contains(" @0x"), stream.err());
            assertTrue((verify.out() + verify.err()).contains(" @0x"), verify.out());
            assertTrue((info.out() + info.err()).contains("@0x"), info.out());
          }
          try (Stream<Path> left = Files.list(folder)) {
            assertEquals(List.of(), left.toList());
          }
        });
  }
}
