// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xenstream.tests.DocsText;

/// However large an image is, no more than 160 MB of the process are resident, mapped pages
/// included.
class MemoryCeilingTest {
  private static final long CEILING_KIB = 160_000_000 / 1024;
  private static final int GIB = 1 << 18;

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "verify, hvm",
    "info, hvm",
    "verify, pv64",
    "info, pv64",
    "verify, wide",
    "info, wide"
  })
  void isHeld(String verb, String guest) throws IOException, InterruptedException {
    Path image = folder.resolve("image");
    switch (guest) {
      case "hvm" -> SparseImage.hvm(image, 4 * GIB);
      case "pv64" -> SparseImage.pv64(image, 2 * GIB, 2 * GIB);
      // As large a guest as the judge follows, most of which is ballooned out.
      case "wide" -> SparseImage.pv64(image, 2 * GIB, 256 * GIB);
      default -> throw new IllegalArgumentException(guest);
    }
    assertTrue(Files.size(image) > 2L << 30, "the image is large");
    long peak = peak(verb, image);
    // The virtual machine alone takes a good part of it: less was not measured, whatever was.
    assertTrue(peak > 30_000, () -> "measured " + peak + " KiB");
    assertTrue(peak <= CEILING_KIB, () -> peak + " KiB resident, expected at most " + CEILING_KIB);
  }

  /// In KiB, of a run under the launcher's own options that finds the image sound.
  private long peak(String verb, Path image) throws IOException, InterruptedException {
    Path figure = folder.resolve("peak");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    Files.readAllLines(DocsText.ROOT.resolve("config/jvm.options")).stream()
        .filter(line -> !line.startsWith("#") && !line.isBlank())
        .forEach(command::add);
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("java.class.path"),
            PeakMemory.class.getName(),
            figure.toString(),
            verb,
            image.toString()));
    Tool.finish(new ProcessBuilder(command).start()).exits(0);
    return Long.parseLong(Files.readString(figure));
  }
}
