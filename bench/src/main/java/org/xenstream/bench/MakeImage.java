// SPDX-License-Identifier: Apache-2.0
package org.xenstream.bench;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/// Makes an image for `scripts/bench-process`: `MakeImage [--pv] FILE PAGES`.
public final class MakeImage {
  private static final long SEED = 1;

  private MakeImage() {}

  /// Writes the file; it appears when it is complete.
  ///
  /// @throws IOException when it cannot be written
  public static void main(String... arguments) throws IOException {
    boolean pv = arguments.length == 3 && arguments[0].equals("--pv");
    if (!pv && arguments.length != 2) {
      System.err.println("usage: MakeImage [--pv] FILE PAGES");
      System.exit(2);
    }
    Path file = Path.of(arguments[arguments.length - 2]);
    long pages = Long.parseLong(arguments[arguments.length - 1]);
    Path partial = Path.of(file + ".new");
    try (FileChannel out =
        FileChannel.open(
            partial,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      SyntheticImage.write(
          out, pv ? SyntheticImage.Guest.PV64 : SyntheticImage.Guest.HVM, pages, SEED);
    }
    Files.move(partial, file, StandardCopyOption.REPLACE_EXISTING);
  }
}
