// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.xenstream.testkit.CorpusImage;

/// What Xen's own restore code made of the images of the corpus, and where a restore of ours may
/// part from it: the tables of the section of `docs/DIFFERENCES.md` on the restore.
public final class RestoreReference {
  /// C's messages, for whoever watches: ours have words of their own.
  private static final String MESSAGE = "xc: error: ";

  private RestoreReference() {}

  /// The lines that a restore of a good image has to give, as [#compared] leaves them.
  public static List<String> of(CorpusImage image) {
    List<String> lines =
        compared(
            image.lines("c_restore", "result").stream()
                .filter(line -> !line.startsWith(MESSAGE))
                .toList());
    assertFalse(lines.isEmpty(), image.path());
    return lines;
  }

  /// How many lines of a good image are messages, which no restore has to give.
  public static int messages(CorpusImage image) {
    return (int)
        image.lines("c_restore", "result").stream()
            .filter(line -> line.startsWith(MESSAGE))
            .count();
  }

  /// How memory was allocated is no outcome.
  private static List<String> compared(List<String> lines) {
    return lines.stream().map(line -> line.replaceAll(" superpages2M=\\d+", "")).toList();
  }

  /// Only the one who asks for a restore knows that a stream is checkpointed.
  public static boolean isCheckpointed(CorpusImage image) {
    return image.text("guest").contains("remus=1")
        || image.path().startsWith("mutated/ckpt-cut")
        || image.path().contains("remus-")
        || image.path().contains("hvm-remus.libxl");
  }

  /// The lines of a good image that are not the reference's, as rows of a table.
  public static List<String> differences(CorpusImage image, List<String> report) {
    List<String> reference = of(image);
    List<String> ours = compared(report);
    assertEquals(reference.size(), ours.size(), () -> image + ": " + ours);
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < ours.size(); i++) {
      if (!ours.get(i).equals(reference.get(i))) {
        rows.add(row(image, reference.get(i), ours.get(i)));
      }
    }
    return rows;
  }

  /// A row of a table, without its reason.
  public static String row(CorpusImage image, String reference, String ours) {
    return row(image.path().replaceFirst("\\.zst$", ""), reference, ours);
  }

  private static String row(String image, String reference, String ours) {
    return "%s | %s | %s".formatted(image, reference, ours);
  }

  /// The rows of the tables in whose cell of the reference something is found: image, reference,
  /// ours. Each has to have a reason.
  public static List<String> written(String kind) throws IOException {
    Pattern pattern = Pattern.compile(kind);
    List<String> rows = new ArrayList<>();
    for (String line : Files.readAllLines(DocsText.ROOT.resolve("docs/DIFFERENCES.md"))) {
      String @Nullable [] cells = line.split("\\|", -1);
      if (cells.length == 6 && line.contains("/") && pattern.matcher(cells[2]).find()) {
        assertFalse(cells[4].isBlank(), () -> "a difference without a reason: " + line);
        rows.add(row(cells[1].strip(), cells[2].strip(), cells[3].strip()));
      }
    }
    return rows.stream().sorted().toList();
  }
}
