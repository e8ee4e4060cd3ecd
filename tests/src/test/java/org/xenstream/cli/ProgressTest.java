// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What somebody sees who waits at a terminal.
class ProgressTest {
  @TempDir private Path folder;

  @Test
  void readingIsShownAndItsEnd() throws IOException {
    Path image = Files.write(folder.resolve("image"), Tool.pv32());
    assertEquals("4/4MiB", last("verify", Tool.watched("verify", image).exits(0)));
  }

  /// A mapped image is read once for its structure, which takes no time, and once for its pages,
  /// which does.
  @Test
  void aDigestIsShownByWhatIsHashed() throws IOException {
    Path image = Files.write(folder.resolve("image"), Tool.pv32());
    Tool.Run run = Tool.watched("info", "--digest", image).exits(0);
    assertEquals("4/4MiB", last("info", run));
    assertEquals("4/4MiB", last("digest", run));
    assertTrue(run.err().indexOf("digest") > run.err().lastIndexOf("info"), run.err());
  }

  /// How far the last state of a bar is.
  private static String last(String task, Tool.Run run) {
    Matcher bars = Pattern.compile(task + " .*?([0-9]+/[0-9]+MiB)").matcher(run.err());
    String found = "no bar of " + task;
    while (bars.find()) {
      found = bars.group(1);
    }
    return found;
  }
}
