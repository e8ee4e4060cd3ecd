// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.xenstream.core.format.RecordType;
import org.xenstream.core.verify.Rule;

/// `docs/FORMAT_COVERAGE.md` against the code.
class CoverageDocTest {
  private static final Path PAGE = DocsText.ROOT.resolve("docs/FORMAT_COVERAGE.md");
  private static final int READ = 1;
  private static final int RULED = 3;
  private static final int TESTED = 4;
  private static final int COLUMNS = 5;

  private static final Pattern RECORD = Pattern.compile("\\*\\*([A-Z][A-Z0-9_]+)\\*\\*.*");
  private static final Pattern QUOTED = Pattern.compile("`([^`]+)`");
  private static final Pattern DECLARED =
      Pattern.compile("\\b(?:class|interface|record|enum) ([A-Z]\\w*)");

  /// The rows of the part on the libxc stream, or of all parts.
  private static List<List<String>> rows(boolean libxcAlone) throws IOException {
    List<List<String>> rows = DocsText.rows(PAGE).toList();
    if (!libxcAlone) {
      return rows;
    }
    int heads = 0;
    int end = 0;
    while (end < rows.size() && (!isHead(rows.get(end)) || heads++ == 0)) {
      end++;
    }
    return rows.subList(0, end);
  }

  private static boolean isHead(List<String> row) {
    return row.get(READ).equals("read");
  }

  private static Set<String> quoted(int column, boolean withDots) throws IOException {
    return rows(false).stream()
        .flatMap(row -> QUOTED.matcher(row.get(column)).results())
        .map(found -> found.group(1))
        .map(name -> withDots ? name : name.replaceAll("\\..*", ""))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String slug(Rule rule) {
    return rule.id().substring(rule.id().indexOf('-') + 1);
  }

  /// Every name that a source file under a folder of each module declares.
  private static Set<String> declared(String folder) throws IOException {
    Set<String> names = new TreeSet<>();
    try (Stream<Path> modules = Files.list(DocsText.ROOT)) {
      for (Path sources : modules.map(module -> module.resolve(folder)).toList()) {
        if (!Files.isDirectory(sources)) {
          continue;
        }
        try (Stream<Path> files = Files.walk(sources)) {
          for (Path file : files.filter(one -> one.toString().endsWith(".java")).toList()) {
            DECLARED
                .matcher(Files.readString(file))
                .results()
                .map((MatchResult found) -> found.group(1))
                .forEach(names::add);
          }
        }
      }
    }
    return names;
  }

  private static Set<String> without(Set<String> some, Set<String> others) {
    Set<String> left = new TreeSet<>(some);
    left.removeAll(others);
    return left;
  }

  @Test
  void everyRowIsWhole() throws IOException {
    List<List<String>> rows = rows(false);
    assertTrue(rows.size() > 100, () -> rows.size() + " rows");
    for (List<String> row : rows) {
      assertEquals(COLUMNS, row.size(), row::toString);
      assertEquals(
          List.of(), row.stream().filter(cell -> cell.matches("|\\?")).toList(), row::toString);
    }
  }

  @Test
  void everyRecordTypeHasOneRow() throws IOException {
    List<String> rows =
        rows(true).stream()
            .map(row -> RECORD.matcher(row.getFirst()))
            .filter(found -> found.matches())
            .map(found -> found.group(1))
            .toList();
    assertEquals(
        Stream.of(RecordType.values()).map(Enum::name).sorted().toList(),
        rows.stream().sorted().toList());
  }

  @Test
  void everyRuleIsNamedAndNoOther() throws IOException {
    Set<String> rules =
        Arrays.stream(Rule.values())
            .map(CoverageDocTest::slug)
            .collect(Collectors.toCollection(TreeSet::new));
    Set<String> named = quoted(RULED, true);
    assertEquals(Set.of(), without(named, rules), "named, and no rule");
    assertEquals(Set.of(), without(rules, named), "rules, and not named");
  }

  @Test
  void everyClassThatReadsIsThere() throws IOException {
    assertEquals(Set.of(), without(quoted(READ, false), declared("src/main/java")));
  }

  @Test
  void everyTestIsThere() throws IOException {
    assertEquals(Set.of(), without(quoted(TESTED, false), declared("src/test/java")));
  }
}
