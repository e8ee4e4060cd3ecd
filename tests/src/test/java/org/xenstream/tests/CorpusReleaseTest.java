// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.DomainHeader;
import org.xenstream.core.format.Limits;
import org.xenstream.core.verify.Finding;
import org.xenstream.core.verify.Judge;
import org.xenstream.core.verify.Release;
import org.xenstream.core.verify.Severity;
import org.xenstream.testkit.Corpus;
import org.xenstream.testkit.CorpusImage;

/// The good images of the corpus judged for each release, held against the table at the end of
/// `docs/format/releases.md`, each row of which names the change of Xen on which it rests.
class CorpusReleaseTest {
  private static final Path PAGE = DocsText.ROOT.resolve("docs/format/releases.md");
  private static final Pattern RULE = Pattern.compile("XS3\\d{3}(?:, XS3\\d{3})*");
  private static final int COLUMNS = 4;

  /// Guests that were invented hold what no saver of their release ever got.
  private static final Set<String> REFUSED_BY_THEIR_OWN =
      Set.of("x46-hvm-allparams.v2", "x46-pv64-live.v2");

  /// Some images, and which rules speak of them up to a release.
  private record Row(List<String> rules, List<PathMatcher> images, Release last) {
    boolean names(String image) {
      return images.stream().anyMatch(matcher -> matcher.matches(Path.of(image)));
    }
  }

  private static List<Row> rows() throws IOException {
    List<Row> rows =
        DocsText.rows(PAGE).filter(cells -> isOne(cells)).map(cells -> row(cells)).toList();
    assertTrue(rows.size() > 5, () -> "the table has " + rows.size() + " rows");
    return rows;
  }

  private static boolean isOne(List<String> cells) {
    return cells.size() == COLUMNS && RULE.matcher(cells.getFirst()).matches();
  }

  private static Row row(List<String> cells) {
    assertTrue(!cells.getLast().isBlank(), () -> "a row that rests on nothing: " + cells);
    List<PathMatcher> images =
        Pattern.compile("`([^`]+)`")
            .matcher(cells.get(1))
            .results()
            .map(found -> FileSystems.getDefault().getPathMatcher("glob:" + found.group(1)))
            .toList();
    return new Row(List.of(cells.getFirst().split(", ")), images, Release.parse(cells.get(2)));
  }

  private static List<CorpusImage> images() {
    return Corpus.here().images(Corpus.MODERN, Corpus.REAL);
  }

  private static String name(CorpusImage image) {
    return image.path().replaceFirst(".*/", "").replaceFirst("\\.zst$", "");
  }

  private static List<Finding> judge(CorpusImage image, Release target) throws IOException {
    try (ImageReader reader = ImageReader.open(image.file(), Limits.DEFAULT)) {
      return Judge.judge(reader, new Judge.Options(target, Set.of(), 100)).findings().stream()
          .filter(finding -> finding.severity() != Severity.NOTE)
          .toList();
    }
  }

  @ParameterizedTest
  @EnumSource(Release.class)
  void theRulesSpeakAsTheChangesOfXenHaveIt(Release target) throws IOException {
    Map<String, Set<String>> wanted = new TreeMap<>();
    Map<String, Set<String>> found = new TreeMap<>();
    List<Row> rows = rows();
    for (CorpusImage image : images()) {
      Set<String> expected = new TreeSet<>();
      for (Row row : rows) {
        if (row.names(name(image)) && target.compareTo(row.last()) <= 0) {
          expected.addAll(row.rules());
        }
      }
      wanted.put(name(image), expected);
      Set<String> said = new TreeSet<>();
      judge(image, target).forEach(finding -> said.add(finding.rule().id().substring(0, 6)));
      found.put(name(image), said);
    }
    assertEquals(wanted, found);
  }

  @Test
  void everyRowNamesImages() throws IOException {
    List<String> names = images().stream().map(CorpusReleaseTest::name).toList();
    for (Row row : rows()) {
      for (PathMatcher some : row.images()) {
        assertTrue(
            names.stream().anyMatch(name -> some.matches(Path.of(name))),
            () -> "no image is named by a pattern for " + row.rules());
      }
    }
  }

  /// What a saver wrote its own release takes.
  @Test
  void theReleaseThatSavedAnImageTakesIt() throws IOException {
    List<String> refused = new ArrayList<>();
    for (CorpusImage image : images()) {
      Release own = saver(image);
      if (judge(image, own).stream().anyMatch(finding -> finding.severity() == Severity.ERROR)) {
        refused.add(name(image));
      }
    }
    assertEquals(new TreeSet<>(REFUSED_BY_THEIR_OWN), new TreeSet<>(refused));
  }

  private static Release saver(CorpusImage image) throws IOException {
    DomainHeader domain = null;
    try (ImageReader reader = ImageReader.open(image.file(), Limits.DEFAULT)) {
      for (ImageItem item = reader.next(); item != null && domain == null; item = reader.next()) {
        if (item instanceof ImageItem.LibxcBegins begins) {
          domain = begins.headers().domain();
        }
      }
    }
    assertNotNull(domain, image.path());
    return Release.parse(domain.xenMajor() + "." + domain.xenMinor());
  }
}
