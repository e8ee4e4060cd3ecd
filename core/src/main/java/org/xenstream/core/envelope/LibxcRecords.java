// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.MemoryRuns;
import org.xenstream.core.format.RecordSource;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamHeaders;

/// An image of any kind seen as the records of its libxc stream: the layers around them and the
/// libxl records between them are passed over, or shown to somebody. A legacy image is seen as its
/// translation.
public final class LibxcRecords implements RecordSource {
  /// Sees the whole image pass, from its first layer on.
  @FunctionalInterface
  public interface Passing {
    /// Sees the next item, of whatever layer, before anything is done with it.
    ///
    /// @param item its views die as soon as this returns
    /// @throws IOException ends the reading
    void see(ImageItem item) throws IOException;

    /// Shows it to another behind this one.
    default Passing andThen(Passing other) {
      return item -> {
        see(item);
        other.see(item);
      };
    }
  }

  private final ImageReader image;
  private final StreamHeaders headers;
  private final Passing passing;

  private final boolean inLibxl;

  private LibxcRecords(ImageReader image, StreamHeaders headers, Passing passing, boolean inLibxl) {
    this.image = image;
    this.headers = headers;
    this.passing = passing;
    this.inLibxl = inLibxl;
  }

  /// Reads up to the libxc stream's headers.
  ///
  /// @param image closed with the source
  /// @throws StreamFormatException when the image holds no libxc stream, nor a legacy image that
  ///   somebody translates
  public static LibxcRecords of(ImageReader image) throws IOException {
    return of(image, _ -> {});
  }

  /// The same, and shows each item of the image to somebody.
  ///
  /// @param image closed with the source
  /// @throws StreamFormatException when the image holds no libxc stream, nor a legacy image that
  ///   somebody translates
  public static LibxcRecords of(ImageReader image, Passing passing) throws IOException {
    ImageItem.@Nullable LayerFound legacy = null;
    boolean inLibxl = false;
    while (true) {
      ImageItem item = image.next();
      if (item != null) {
        passing.see(item);
      }
      switch (item) {
        case ImageItem.LibxcBegins(var headers) -> {
          return new LibxcRecords(image, headers, passing, inLibxl && legacy == null);
        }
        case ImageItem.LayerFound found when found.layer() instanceof Layer.LegacyImage ->
            legacy = found;
        case ImageItem.LayerFound(long offset, _, Layer.BackChannel back) ->
            throw none(image, offset, back.title());
        case ImageItem.LayerFound(_, _, Layer.LibxlStream _) -> inLibxl = true;
        case ImageItem.LayerFound _,
            ImageItem.Libxl _,
            ImageItem.Libxc _,
            ImageItem.Remarked _ -> {}
        case ImageItem.Trailing(long offset, _) -> throw none(image, offset, "the end");
        case null -> {
          if (legacy != null) {
            throw none(image, legacy.offset(), legacy.layer().title());
          }
          throw none(image, image.input().position(), "the end");
        }
      }
    }
  }

  private static StreamFormatException none(ImageReader image, long offset, String found) {
    return new StreamFormatException(
        Fault.NOT_AN_IMAGE,
        Location.of(image.name(), offset, "", "image", null),
        "a libxc stream",
        found);
  }

  @Override
  public String name() {
    return image.name();
  }

  @Override
  public StreamHeaders headers() {
    return headers;
  }

  @Override
  public @Nullable Framed next() throws IOException {
    while (true) {
      ImageItem item = image.next();
      if (item == null) {
        return null;
      }
      passing.see(item);
      if (item instanceof ImageItem.Libxc(var framed, _)) {
        return framed;
      }
    }
  }

  /// Behind a CHECKPOINT in a libxl stream: passes over libxl's records that belong to the
  /// checkpoint, up to CHECKPOINT_END, as libxl does before libxc takes the set for complete. What
  /// somebody who sees them has against one is told when all have come. Elsewhere it does nothing.
  ///
  /// @throws StreamFormatException when the image ends before
  public void passCheckpoint() throws IOException {
    if (!inLibxl) {
      return;
    }
    IOException objection = null;
    while (true) {
      ImageItem item = image.next();
      if (item == null) {
        throw new StreamFormatException(
            Fault.TRUNCATED,
            Location.of(image.name(), image.input().position(), "libxl", "record header", null),
            "libxl records up to CHECKPOINT_END",
            "the end");
      }
      try {
        passing.see(item);
      } catch (IOException e) {
        objection = objection == null ? e : objection;
      }
      if (item instanceof ImageItem.Libxl(var frame, _) && endsCheckpoint(frame.type())) {
        if (objection != null) {
          throw objection;
        }
        return;
      }
    }
  }

  /// Behind END or LIBXC_CONTEXT the records of the checkpoint cannot go on.
  private static boolean endsCheckpoint(int type) {
    return type == LibxlRecord.TYPE_CHECKPOINT_END
        || type == LibxlRecord.TYPE_END
        || type == LibxlRecord.TYPE_LIBXC_CONTEXT;
  }

  @Override
  public void takePages(Framed batch, MemoryRuns into) throws IOException {
    image.takePages(batch, into);
  }

  @Override
  public void close() throws IOException {
    image.close();
  }
}
