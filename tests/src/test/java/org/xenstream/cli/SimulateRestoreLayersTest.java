// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.StreamBuilder;

/// What `simulate restore` makes of the layers around a stream.
class SimulateRestoreLayersTest {
  @TempDir private static Path folder;

  /// The bare stream of a guest that can be restored.
  private static byte[] hvm;

  @BeforeAll
  static void saveGuest() throws IOException {
    hvm = saved("hvm");
  }

  private static byte[] saved(String kind) throws IOException {
    Path image = folder.resolve(kind);
    Tool.run("simulate", "save", "--memory", "4M", "--guest", kind, image).exits(0);
    return Files.readAllBytes(image);
  }

  private static Tool.Run restore(byte[] image) throws IOException {
    Path file = folder.resolve("image");
    Files.write(file, image);
    return Tool.run("simulate", "restore", file);
  }

  private static List<String> outerLines(byte[] image) throws IOException {
    return restore(image).exits(0).quiet().lines().stream()
        .filter(line -> line.matches("(xl|libxl|restore|trailing).*"))
        .map(line -> line.replaceFirst("^restore .*", "restore"))
        .toList();
  }

  @Test
  void tellsOfEachLayerAndRecord() throws IOException {
    byte[] wire = Layers.wire(Layers.libxl(ByteOrder.LITTLE_ENDIAN, hvm));
    assertEquals(
        List.of(
            "xl header byteorder=01020304 mandatory=3 optional=0 optlen="
                + (4 + Layers.CONFIG.getBytes(java.nio.charset.StandardCharsets.UTF_8).length),
            "libxl header version=2 options=0 first record 1",
            "restore",
            "libxl record 2 len 24 xxh64=665a504f606fc976",
            "libxl record 3 len 18 xxh64=a00c002b22bb0284",
            "libxl record 0 len 0 xxh64=ef46db3751d8e999",
            "trailing_bytes 49"),
        outerLines(StreamBuilder.join(wire, new byte[5])));
  }

  @Test
  void tellsOfNoLayerWhereThereIsNone() throws IOException {
    assertEquals(List.of("restore", "trailing_bytes 0"), outerLines(hvm));
  }
}
