// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// The project's pages as the tests of them read them.
public final class DocsText {
  /// The root of the project.
  public static final Path ROOT =
      Path.of(System.getProperty("xenstream.root", "..")).toAbsolutePath().normalize();

  /// Where the project differs from the references.
  public static final Path DIFFERENCES = ROOT.resolve("docs/DIFFERENCES.md");

  private DocsText() {}

  /// What stands between two marks, the first of each that comes.
  static String between(String text, String begin, String end) {
    int from = text.indexOf(begin) + begin.length();
    int to = text.indexOf(end, from);
    if (from < begin.length() || to < 0) {
      throw new AssertionError("the page has no " + begin.strip() + " … " + end.strip());
    }
    return text.substring(from, to);
  }

  /// The cells of each row of the tables of a page, without their heads' rulers.
  static Stream<List<String>> rows(Path page) throws IOException {
    return Files.readAllLines(page).stream()
        .filter(line -> line.startsWith("|") && !line.startsWith("|:") && !line.startsWith("|-"))
        .map(line -> line.substring(1, line.lastIndexOf('|')))
        .map(line -> Stream.of(line.split("\\|", -1)).map(String::strip).toList());
  }
}
