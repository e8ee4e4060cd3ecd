// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit.legacy;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.envelope.Layer;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.MappedInput;
import org.xenstream.testkit.Layers;

/// Rewrites the guest of a modern image as the saver of Xen 4.5 would have written it, for trials
/// on a real host. In front of it may stand the header of xl 4.5, whose configuration is the JSON
/// of the modern one (`--xl`), that of xl 4.1 to 4.4, whose configuration is a text (`--xl-text`),
/// or xend's, whose configuration is an S-expression (`--xend`); both are read from a file.
public final class RewriteImage {
  private static final int BUFFER = 1 << 20;

  private RewriteImage() {}

  /// Writes the file, and says what it does not tell of the guest.
  ///
  /// @throws IOException when a file cannot be read or written
  public static void main(String... arguments) throws IOException {
    int width = 8;
    boolean xl = false;
    @Nullable Path text = null;
    @Nullable Path xend = null;
    int at = 0;
    while (at < arguments.length - 2) {
      switch (arguments[at]) {
        case "--width" -> width = Integer.parseInt(arguments[++at]);
        case "--xl" -> xl = true;
        case "--xend" -> xend = Path.of(arguments[++at]);
        case "--xl-text" -> text = Path.of(arguments[++at]);
        default -> throw new IllegalArgumentException("no option " + arguments[at]);
      }
      at++;
    }
    if (arguments.length - at != 2) {
      System.err.println(
          "usage: RewriteImage [--width 4|8] [--xl | --xl-text CONFIG | --xend CONFIG] MODERN LEGACY");
      System.exit(2);
    }
    Path modern = Path.of(arguments[at]);
    try (OutputStream out =
        new BufferedOutputStream(Files.newOutputStream(Path.of(arguments[at + 1])), BUFFER)) {
      if (xend != null) {
        out.write(Layers.xend(Files.readString(xend), new byte[0]));
      } else if (text != null) {
        out.write(Layers.xlOfText(Files.readString(text), new byte[0]));
      } else if (xl) {
        out.write(Layers.xlOfJson(config(modern), new byte[0]));
      }
      List<String> leftOut =
          LegacyRewriter.rewrite(
              () -> MappedInput.open(modern), LegacyVariety.reference(width), out);
      leftOut.forEach(what -> System.err.println("left out: " + what));
    }
  }

  /// The configuration in the xl header of a modern image.
  private static String config(Path modern) throws IOException {
    try (ImageReader image = ImageReader.open(modern, Limits.DEFAULT)) {
      for (ImageItem item = image.next(); item != null; item = image.next()) {
        if (item instanceof ImageItem.LayerFound(_, _, Layer.XlSave header)) {
          return header.config();
        }
      }
    }
    throw new IllegalArgumentException(modern + " has no xl header");
  }
}
