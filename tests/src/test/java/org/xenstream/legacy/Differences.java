// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.xenstream.tests.DocsText;

/// Differences that were found, each with the images that show it, held against a table of
/// `docs/DIFFERENCES.md` of the form
///
/// | images | line | theirs | ours | why |
final class Differences {
  /// A file of the reference, and what stands there.
  private static final Pattern LINE_OF_REFERENCE =
      Pattern.compile("`[a-z0-9_/.-]+\\.(c|h|py)`|`convert-legacy-stream`");

  private static final String NOTHING = "–";

  private final TreeMap<String, TreeSet<String>> found = new TreeMap<>();

  /// Takes down that an image shows a difference.
  void add(String image, String line, String theirs, String ours) {
    String row = "%s | %s | %s".formatted(line, theirs, ours);
    found.computeIfAbsent(row, _ -> new TreeSet<>()).add(image);
  }

  /// Takes down the lines in which two reports differ; a line is known by what stands before its
  /// first figure.
  void addLines(String image, List<String> theirs, List<String> ours) {
    Map<String, String> left = byName(theirs);
    Map<String, String> right = byName(ours);
    TreeSet<String> names = new TreeSet<>(left.keySet());
    names.addAll(right.keySet());
    for (String name : names) {
      String their = left.getOrDefault(name, NOTHING);
      String our = right.getOrDefault(name, NOTHING);
      if (!their.equals(our)) {
        add(image, name, their, our);
      }
    }
  }

  private static Map<String, String> byName(List<String> lines) {
    TreeMap<String, String> named = new TreeMap<>();
    for (String line : lines) {
      int end = line.startsWith("hvmparam ") ? line.indexOf(' ', 9) : line.indexOf(' ');
      assertEquals(null, named.put(line.substring(0, end), line.substring(end + 1).strip()), line);
    }
    return named;
  }

  /// How many differences there are over all images.
  int count() {
    return found.values().stream().mapToInt(TreeSet::size).sum();
  }

  private List<String> rows() {
    List<String> rows = new ArrayList<>();
    found.forEach((row, images) -> rows.add(String.join(", ", images) + " | " + row));
    return rows.stream().sorted().toList();
  }

  /// The table under a heading has just what was found, and a reason for each row.
  void assertWritten(String heading) throws IOException {
    assertEquals(String.join("\n", written(heading)), String.join("\n", rows()), heading);
  }

  /// The rows of the table under a heading, without their reasons.
  private static List<String> written(String heading) throws IOException {
    List<String> rows = new ArrayList<>();
    boolean here = false;
    for (String line : Files.readAllLines(DocsText.DIFFERENCES)) {
      if (line.startsWith("#")) {
        here = line.equals(heading);
      } else if (here && line.startsWith("|")) {
        String[] cells = line.split("\\|", -1);
        assertEquals(7, cells.length, line);
        if (!cells[1].startsWith(" images") && !cells[1].startsWith(":")) {
          assertTrue(
              LINE_OF_REFERENCE.matcher(cells[5]).find(),
              () -> "a difference without a line of the reference: " + line);
          rows.add(
              "%s | %s | %s | %s"
                  .formatted(
                      cells[1].strip(), cells[2].strip(), cells[3].strip(), cells[4].strip()));
        }
      }
    }
    return rows.stream().sorted().toList();
  }

  /// The page says a sentence.
  static void assertSaid(String sentence) throws IOException {
    String text = Files.readString(DocsText.DIFFERENCES).replaceAll("\\s+", " ");
    assertTrue(text.contains(sentence), () -> "docs/DIFFERENCES.md should say: " + sentence);
  }
}
