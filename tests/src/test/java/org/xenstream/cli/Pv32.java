// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/// Files made from the smallest sample, each of a verdict of its own.
///
/// @param folder where they lie
/// @param sound without a finding
/// @param warned with a reserved octet set
/// @param broken with a page of a reserved type
/// @param cut in the middle of the memory
/// @param text no image
/// @param absent not there
record Pv32(Path folder, Path sound, Path warned, Path broken, Path cut, Path text, Path absent) {
  /// Where the libxc stream begins.
  static final int LIBXC = 0x371;

  /// Where record #1, the CPUID policy, begins.
  static final int CPUID_POLICY = 0x3a9;

  private static final int PV_INFO_RESERVED = 0x3a7;
  private static final int FIRST_ENTRY_TYPE = 0x8a8;
  static final int CUT = 2_000_000;

  static Pv32 in(Path folder) throws IOException {
    byte[] image = Tool.pv32();
    byte[] warned = image.clone();
    warned[PV_INFO_RESERVED] = 1;
    byte[] broken = image.clone();
    broken[FIRST_ENTRY_TYPE] = 0x50;
    return new Pv32(
        folder,
        Files.write(folder.resolve("sound"), image),
        Files.write(folder.resolve("warned"), warned),
        Files.write(folder.resolve("broken"), broken),
        Files.write(folder.resolve("cut"), Arrays.copyOf(image, CUT)),
        Files.write(
            folder.resolve("text"),
            "Dear reader, this is a letter and no image.\n".getBytes(StandardCharsets.UTF_8)),
        folder.resolve("absent"));
  }
}
