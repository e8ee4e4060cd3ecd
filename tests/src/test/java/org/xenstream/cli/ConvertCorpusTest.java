// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.xenstream.testkit.Corpus;
import org.xenstream.testkit.CorpusImage;

/// `convert` on images that the savers of Xen 4.1 to 4.5 wrote.
class ConvertCorpusTest {
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
        });
  }

  /// An image that is damaged leaves nothing behind, and verification says the same of it.
  @TestFactory
  Stream<DynamicTest> damageLeavesNothing() {
    return each(
        Corpus.LEGACY_MUTATED,
        image -> {
          Path out = folder.resolve("out");
          Tool.Run run = Tool.run("convert", image.file(), out);
          assertEquals(run.code() == 0, Files.exists(out), run.err());
          if (run.code() != 0) {
            assertTrue(run.err().contains(" @0x"), run.err());
            assertFalse(Tool.run("verify", image.file()).code() == 0, run.err());
            try (Stream<Path> left = Files.list(folder)) {
              assertEquals(0, left.count());
            }
          }
          Files.deleteIfExists(out);
        });
  }
}
