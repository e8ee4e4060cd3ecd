// SPDX-License-Identifier: Apache-2.0
package org.xenstream.bench;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;

/// Makes an image for `scripts/bench-process`: `MakeImage [--pv | --pv-linux | --legacy |
/// --legacy-pv | --remus] FILE PAGES`. The pages of `--remus` are those of all checkpoints behind
/// the first, of a guest of 32 MiB.
public final class MakeImage {
  private static final long SEED = 1;
  private static final int REMUS_PAGES = 8192;

  private MakeImage() {}

  /// Writes the file; it appears when it is complete.
  ///
  /// @throws IOException when it cannot be written
  public static void main(String... arguments) throws IOException {
    String kind = arguments.length == 3 ? arguments[0] : "";
    if (arguments.length < 2
        || arguments.length > 3
        || !List.of("", "--pv", "--pv-linux", "--legacy", "--legacy-pv", "--remus")
            .contains(kind)) {
      System.err.println(
          "usage: MakeImage [--pv | --pv-linux | --legacy | --legacy-pv | --remus] FILE PAGES");
      System.exit(2);
    }
    Path file = Path.of(arguments[arguments.length - 2]);
    long pages = Long.parseLong(arguments[arguments.length - 1]);
    Path partial = Path.of(file + ".new");
    SyntheticImage.Guest guest =
        switch (kind) {
          case "--pv", "--legacy-pv" -> SyntheticImage.Guest.PV64;
          case "--pv-linux" -> SyntheticImage.Guest.PV64_LINUX;
          default -> SyntheticImage.Guest.HVM;
        };
    switch (kind) {
      case "--legacy", "--legacy-pv" -> LegacyImage.plain(partial, guest, pages);
      case "--remus" ->
          LegacyImage.remus(
              partial, REMUS_PAGES, Math.toIntExact(1 + Math.max(1, pages / REMUS_PAGES)));
      default -> modern(partial, guest, pages);
    }
    Files.move(partial, file, StandardCopyOption.REPLACE_EXISTING);
  }

  private static void modern(Path file, SyntheticImage.Guest guest, long pages) throws IOException {
    try (FileChannel out =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      SyntheticImage.write(out, guest, pages, SEED);
    }
  }
}
