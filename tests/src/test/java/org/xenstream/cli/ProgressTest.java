// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What somebody sees who waits at a terminal.
class ProgressTest {
  private static final long SECOND = 1_000_000_000L;
  private static final long GIB = 1L << 30;

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

  /// By a made clock, rate and time left are known: of all that was done since the beginning, not
  /// since the bar came.
  @Test
  void theBarTellsTheRateAndTheTimeLeft() {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    long[] now = {7 * SECOND};
    long[] done = {0};
    try (Progress progress =
        new Progress(watched(err), "verify", 12 * GIB, () -> done[0], () -> now[0])) {
      progress.step();
      now[0] += 2 * SECOND;
      done[0] = 4 * GIB;
      progress.step();
    }
    assertLast("verify", "4096/12288MiB", "2.00 GiB/s, 4 s left", err);
  }

  /// Of a pipe nobody knows how much will come.
  @Test
  void ofAPipeTheRateAloneIsTold() {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    long[] now = {0};
    try (Progress progress =
        new Progress(watched(err), "verify", -1, () -> 3 * GIB / 2, () -> now[0])) {
      now[0] = 3 * SECOND;
      progress.step();
    }
    String text = err.toString(StandardCharsets.UTF_8);
    assertTrue(text.contains("512.0 MiB/s"), text);
    assertFalse(text.contains("left"), text);
  }

  @Test
  void theTimeLeftIsToldInTheUnitsOfItsLength() {
    assertEquals("1.00 GiB/s, 0 s left", Progress.pace(GIB, GIB, SECOND));
    assertEquals("512.0 MiB/s, 1 min 59 s left", Progress.pace(GIB, 121 * GIB / 2, 2 * SECOND));
    assertEquals("1.00 GiB/s, 1 h 01 min left", Progress.pace(GIB, 3661 * GIB, SECOND));
    assertEquals("0 octets/s", Progress.pace(0, GIB, SECOND));
    assertEquals("", Progress.pace(0, GIB, 0));
  }

  private static Console watched(ByteArrayOutputStream err) {
    return new Console(
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        false,
        true,
        SECOND);
  }

  private static void assertLast(String task, String done, String pace, ByteArrayOutputStream err) {
    String text = err.toString(StandardCharsets.UTF_8);
    String last = text.substring(text.lastIndexOf(task));
    assertTrue(last.contains(done) && last.contains(pace), text);
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
