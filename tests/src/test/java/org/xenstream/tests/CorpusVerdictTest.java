// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.Limits;
import org.xenstream.core.verify.Finding;
import org.xenstream.core.verify.Judge;
import org.xenstream.core.verify.Severity;
import org.xenstream.core.verify.Verdict;
import org.xenstream.testkit.Corpus;
import org.xenstream.testkit.CorpusImage;

/// The verdict of the rules on every modern image of the corpus, held against those of the C
/// restore and of the Python verifier. Where they part, `docs/DIFFERENCES.md` says so and why.
class CorpusVerdictTest {
  /// What is said of an image: by either reference, by the rules, and which rules spoke.
  private record Said(String restore, String verifier, String rules, String which) {
    /// What the rules should say by what the references say.
    String wanted() {
      return restore.equals("refuses") ? "error" : verifier.equals("refuses") ? "warning" : "clean";
    }
  }

  @Test
  void differsFromTheReferencesOnlyWhereItIsWritten() throws IOException {
    Map<String, Said> written = written();
    Map<String, Said> found = new LinkedHashMap<>();
    int images = 0;
    for (CorpusImage image :
        Corpus.here().images(Corpus.MUTATED, Corpus.FRAMED, Corpus.MODERN, Corpus.REAL)) {
      Said said = said(image);
      images++;
      if (!said.rules().equals(said.wanted())) {
        found.put(image.path().replaceFirst("\\.zst$", ""), said);
      }
    }
    assertEquals(sorted(written), sorted(found));
    String text = Files.readString(DocsText.DIFFERENCES).replaceAll("\\s+", " ");
    String counted =
        "`real`: %d images) the rules depart from that for %d images"
            .formatted(images, found.size());
    assertTrue(text.contains(counted), () -> "docs/DIFFERENCES.md should say: " + counted);
  }

  private static List<String> sorted(Map<String, Said> differences) {
    return differences.entrySet().stream()
        .map(entry -> entry.getKey() + ": " + entry.getValue())
        .sorted()
        .toList();
  }

  private static Said said(CorpusImage image) throws IOException {
    Boolean restore = image.accepts("c_restore");
    if (restore == null) {
      restore = image.accepts("c_restore_of_the_libxc_part");
    }
    Boolean verifier = image.accepts("python_verifier_with_its_bugs_fixed");
    if (verifier == null) {
      verifier = image.accepts("python_verifier");
    }
    Verdict verdict = judge(image, Judge.Options.DEFAULT);
    Set<String> which = new LinkedHashSet<>();
    for (Finding finding : verdict.findings()) {
      if (finding.severity() != Severity.NOTE) {
        which.add(finding.rule().id());
      }
    }
    return new Said(
        word(restore, image),
        word(verifier, image),
        !verdict.isSound() ? "error" : !verdict.isClean() ? "warning" : "clean",
        which.isEmpty() ? "–" : String.join(", ", which));
  }

  private static String word(@Nullable Boolean accepts, CorpusImage image) {
    if (accepts == null) {
      throw new AssertionError("the manifest lacks a verdict on " + image.path());
    }
    return accepts ? "accepts" : "refuses";
  }

  private static Verdict judge(CorpusImage image, Judge.Options options) throws IOException {
    try (ImageReader reader = ImageReader.open(image.file(), Limits.DEFAULT)) {
      return Judge.judge(reader, options);
    }
  }

  /// The rows of the table: image, C restore, Python verifier, rules, which, why.
  private static Map<String, Said> written() throws IOException {
    Map<String, Said> rows = new LinkedHashMap<>();
    for (String line : Files.readAllLines(DocsText.DIFFERENCES)) {
      String[] cells = line.split("\\|", -1);
      if (cells.length == 8 && cells[1].contains("/")) {
        assertTrue(!cells[6].isBlank(), () -> "a difference without a reason: " + line);
        Said said =
            new Said(cells[2].strip(), cells[3].strip(), cells[4].strip(), cells[5].strip());
        assertEquals(null, rows.put(cells[1].strip(), said), line);
      }
    }
    return rows;
  }
}
