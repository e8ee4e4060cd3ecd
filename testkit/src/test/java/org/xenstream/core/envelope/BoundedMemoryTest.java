// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/// No number in an image, and no length of it, decides how much memory is taken: a process with a
/// heap of 96 MiB reads each of [HostileImages] and never holds more than a bounded number of
/// octets, those outside the heap included.
@EnabledOnOs(OS.LINUX)
class BoundedMemoryTest {
  private static final int MOST_MEBIBYTES = 220;

  @Test
  @Timeout(60)
  void hostileImagesTakeBoundedMemory() throws IOException, InterruptedException {
    List<String> results = new ArrayList<>();
    for (String line : run("-Xmx96m")) {
      int peak = line.lastIndexOf(' ');
      results.add(line.substring(0, peak));
      assertTrue(Integer.parseInt(line.substring(peak + 1)) < MOST_MEBIBYTES, line);
    }
    assertEquals(
        """
        endless pages: no end
        endless small records: no end
        length 0xffffffff: 1 items, TOO_LONG
        length at the limit: 1 items, TRUNCATED
        2^29 entries: 3 items
        2^32-1 entries: 3 items
        2^28 parameters, big-endian: 3 items
        page shift 44: 3 items
        a configuration of 4 GiB: 0 items, TOO_LONG
        a configuration at the limit: 1 items, MARKER
        a configuration that is all a name: unsound
        a gzip bomb: stopped
        an xz bomb: stopped
        a zstd bomb: stopped
        an endless legacy image: no end
        an endless legacy image of a 32-bit toolstack: no end
        a legacy image of 2^28 pfns: 1 items, TRUNCATED
        a legacy HVM context at the limit: MALFORMED_BODY
        a legacy HVM context of 128 MiB: TOO_LONG
        a legacy XSAVE state of 128 MiB: TOO_LONG
        an endless legacy device model: TOO_LONG
        a legacy device model at the limit: EMULATOR_CONTEXT of 50331656 octets
        the same, converted: all of it
        legacy pages for comparison, again and again: 22 items, TRUNCATED, unsound
        TMEM of nothing, again and again: 21 items, TRUNCATED, unsound
        parameters of a PV guest: 23 items, TRUNCATED, unsound
        blocks of nothing: 23 items, MALFORMED_BODY, unsound
        """,
        String.join("\n", results) + "\n");
  }

  /// What is outgrown goes before there is more of it than of what is there: sixteen steps, each
  /// kept until the heap is full, took 500 MiB.
  @Test
  @Timeout(60)
  void aGuestThatGrowsTakesBoundedMemory() throws IOException, InterruptedException {
    String line = run("-Xmx512m", HostileImages.GUEST_IN_STEPS).getFirst();
    int peak = line.lastIndexOf(' ');
    assertEquals(HostileImages.GUEST_IN_STEPS + ": unsound", line.substring(0, peak));
    assertTrue(Integer.parseInt(line.substring(peak + 1)) < 300, line);
  }

  private static List<String> run(String heap, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            heap,
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            HostileImages.class.getName()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output.lines().toList();
  }
}
