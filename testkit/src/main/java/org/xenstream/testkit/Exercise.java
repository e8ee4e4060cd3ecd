// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageCopy;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.envelope.LibxcRecords;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.HvmContextCursor;
import org.xenstream.core.format.InferStaticDataEnd;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.RecordSource;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamRecord;

/// Sends octets, good or bad, through everything that reads: the layers, the records as values, the
/// view as a version 3 stream, and the copy. Whatever but a [StreamFormatException] comes out fails
/// the test that asked.
public final class Exercise {
  private Exercise() {}

  /// Reads and copies the same octets in every way.
  ///
  /// @param inputs a fresh input over them each time
  /// @return what was met
  public static Trace of(Supplier<OctetInput> inputs) {
    Trace trace = Trace.of(inputs.get());
    try {
      values(inputs.get());
      copy(inputs.get());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return trace;
  }

  /// Asks every record for all that it says.
  ///
  /// @return why the structure could not be followed to the end, or null
  public static @Nullable StreamFormatException values(OctetInput input) throws IOException {
    try (ImageReader image = ImageReader.of(input, Limits.DEFAULT);
        RecordSource source = new InferStaticDataEnd(LibxcRecords.of(image))) {
      for (Framed framed = source.next(); framed != null; framed = source.next()) {
        Records.text(framed.record());
        switch (framed.record()) {
          case StreamRecord.PageData(var entries, var pages) -> {
            entries.repeated();
            for (int i = 0; i < entries.withData(); i++) {
              pages.page(i);
            }
          }
          case StreamRecord.HvmContext(var context) -> {
            HvmContextCursor cursor = HvmContextCursor.over(context);
            while (cursor.next()) {
              cursor.body();
            }
          }
          default -> {}
        }
      }
      return null;
    } catch (StreamFormatException fault) {
      return fault;
    }
  }

  /// Copies an image as it is.
  ///
  /// @return the copy, up to where the structure could no longer be followed
  public static byte[] copy(OctetInput input) throws IOException {
    CapturingChannel out = CapturingChannel.whole();
    try (ImageReader image = ImageReader.of(input, Limits.DEFAULT)) {
      ImageCopy copy = new ImageCopy(image, out, ImageCopy.Options.SAME);
      try {
        for (ImageItem item = image.next(); item != null; item = image.next()) {
          copy.see(item);
        }
      } catch (StreamFormatException fault) {
        copy.end();
        return out.octets();
      }
      copy.end();
    }
    return out.octets();
  }
}
