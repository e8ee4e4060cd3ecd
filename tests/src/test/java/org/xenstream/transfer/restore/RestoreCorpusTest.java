// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xenstream.core.format.PagesShown;
import org.xenstream.testkit.Corpus;
import org.xenstream.testkit.CorpusImage;
import org.xenstream.tests.DocsText;
import org.xenstream.tests.RestoreReference;
import org.xenstream.transfer.StreamType;

/// Restores of the corpus, held against what Xen's own restore code made of the same images. Where
/// they part, the section of `docs/DIFFERENCES.md` on the restore says so and why.
class RestoreCorpusTest {

  private static final int REFERENCE_VCPUS = 128;

  /// The synthetic guests of that folder have so many, which one of its images is about.
  private static final int MUTATED_VCPUS = 8;

  /// Every figure of every good image is the reference's, with the pages in view and left in the
  /// input alike.
  @ParameterizedTest
  @EnumSource(PagesShown.class)
  void figuresAreTheReferences(PagesShown pages) throws IOException {
    List<String> found = new ArrayList<>();
    int images = 0;
    int messages = 0;
    for (CorpusImage image : Corpus.here().images(Corpus.MODERN, Corpus.REAL)) {
      List<String> ours = RestoredImage.report(image.file(), type(image), REFERENCE_VCPUS, pages);
      found.addAll(RestoreReference.differences(image, ours));
      messages += RestoreReference.messages(image);
      images++;
    }
    assertEquals(RestoreReference.written("xxh64="), sorted(found));
    counted("`modern` and `real`: %d images) %d lines differ".formatted(images, found.size()));
    counted("%d lines are not compared".formatted(messages));
  }

  /// What C refuses is refused, what it accepts is restored, and where the reference's memory is
  /// known it is the same.
  @Test
  void verdictsAreTheReferences() throws IOException {
    List<String> found = new ArrayList<>();
    int images = 0;
    for (CorpusImage image : Corpus.here().images(Corpus.MUTATED, Corpus.FRAMED)) {
      Boolean accepts = image.accepts("c_restore");
      if (accepts == null) {
        accepts = image.accepts("c_restore_of_the_libxc_part");
      }
      images++;
      String reference = accepts == null ? "?" : accepts ? "accepts" : "refuses";
      String ours = verdict(image);
      if (!reference.equals(ours)) {
        found.add(RestoreReference.row(image, reference, ours));
      }
    }
    assertEquals(RestoreReference.written("(accepts|refuses) "), sorted(found));
    counted(
        "`mutated` and `framed`: %d images) %d verdicts differ".formatted(images, found.size()));
  }

  private static String verdict(CorpusImage image) throws IOException {
    Path file = image.file();
    try {
      List<String> ours =
          RestoredImage.report(file, type(image), MUTATED_VCPUS, PagesShown.LEFT_IN_INPUT);
      if (image.at("c_restore", "memory") instanceof String memory) {
        assertTrue(ours.contains(memory), () -> image + ": " + memory + " is not in " + ours);
      }
      return "accepts";
    } catch (IOException refused) {
      assertTrue(
          refusal(file).matcher(refused.getMessage()).matches(),
          () -> image + ": " + refused.getMessage());
      return "refuses";
    }
  }

  /// Any refusal names its place, and what was expected there or what the hypervisor said.
  private static Pattern refusal(Path file) {
    return Pattern.compile(
        Pattern.quote(file.toString())
            + " @0x[0-9a-f]+ \\([^()]+\\): "
            + "(expected .+, found .+|[a-zA-Z]+ of domain 1 failed: E[A-Z]+ \\(.+\\))");
  }

  private static StreamType type(CorpusImage image) {
    return RestoreReference.isCheckpointed(image) ? StreamType.REMUS : StreamType.PLAIN;
  }

  private static List<String> sorted(List<String> rows) {
    return rows.stream().sorted().toList();
  }

  private static void counted(String sentence) throws IOException {
    String text = Files.readString(DocsText.DIFFERENCES).replaceAll("\\s+", " ");
    assertTrue(text.contains(sentence), () -> "docs/DIFFERENCES.md should say: " + sentence);
  }
}
