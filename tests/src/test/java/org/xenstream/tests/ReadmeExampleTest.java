// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.envelope.LibxcRecords;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.verify.Judge;
import org.xenstream.core.verify.Verdict;

/// The Java example of the README: it stands in this file octet for octet, compiles, and does on a
/// sample what it says.
class ReadmeExampleTest {
  static void report(Path file) throws IOException {
    try (ImageReader image = ImageReader.open(file, Limits.DEFAULT)) {
      Verdict verdict = Judge.judge(image, Judge.Options.DEFAULT);
      verdict.findings().forEach(System.out::println);
      System.out.println(verdict.isSound() ? "sound" : "unsound");
    }
    long pages = 0;
    try (ImageReader image = ImageReader.open(file, Limits.DEFAULT)) {
      LibxcRecords records = LibxcRecords.of(image); // whatever layers are around them
      for (Framed framed = records.next(); framed != null; framed = records.next()) {
        if (framed.record() instanceof StreamRecord.PageData(var entries, _)) {
          pages += entries.withData();
        }
      }
    }
    System.out.println(pages + " pages sent");
  }

  @Test
  void theReadmeShowsThisVeryCode() throws IOException {
    String readme = Files.readString(DocsText.ROOT.resolve("README.md"));
    String shown = DocsText.between(readme, "```java\n", "```\n");
    String source =
        Files.readString(
            DocsText.ROOT.resolve(
                "tests/src/test/java/org/xenstream/tests/ReadmeExampleTest.java"));
    assertTrue(source.contains(shown.indent(2)), shown);
  }

  @Test
  void itDoesWhatItSays() throws IOException {
    Path sample = DocsText.ROOT.resolve("samples/hvm.xlsave.zst");
    PrintStream before = System.out;
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    try {
      System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
      report(sample);
    } finally {
      System.setOut(before);
    }
    assertEquals(
        """
        note XS0335-hvm-context-before-params %s @0x27f79f9 (record #1024 HVM_CONTEXT): HVM_CONTEXT before HVM_PARAMS
        sound
        8187 pages sent
        """
            .formatted(sample),
        said.toString(StandardCharsets.UTF_8));
  }
}
