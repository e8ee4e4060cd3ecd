// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.envelope.LibxlRecord;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamRecord;

/// An image read to its end and written down, a line for each item, its octets by their CRC: two
/// ways to read the same image have to give the same lines.
///
/// @param lines what was met
/// @param fault why the structure could not be followed to the end, or null
public record Trace(List<String> lines, @Nullable StreamFormatException fault) {

  /// Reads an image to its end under the default limits.
  ///
  /// @param input closed at the end
  public static Trace of(OctetInput input) {
    try (ImageReader image = ImageReader.of(input, Limits.DEFAULT)) {
      return of(image);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Reads an image to its end.
  ///
  /// @throws IOException when the octets cannot be had
  public static Trace of(ImageReader image) throws IOException {
    List<String> lines = new ArrayList<>();
    try {
      for (ImageItem item = image.next(); item != null; item = image.next()) {
        lines.add(line(item));
      }
      return new Trace(lines, null);
    } catch (StreamFormatException fault) {
      return new Trace(lines, fault);
    }
  }

  private static String line(ImageItem item) {
    return switch (item) {
      case ImageItem.LayerFound(long offset, long length, var layer) ->
          "@0x%x +%d %s".formatted(offset, length, layer.title());
      case ImageItem.LibxcBegins(var headers) ->
          "@0x%x %s %s".formatted(headers.offset(), headers.image(), headers.domain());
      case ImageItem.Libxc(Framed(var frame, var record), _) ->
          "@0x%x #%d %s +%d %s%s"
              .formatted(
                  frame.offset(),
                  frame.index(),
                  frame.typeName(),
                  frame.length(),
                  crc(frame.octets()),
                  record instanceof StreamRecord.Malformed(_, _, var why)
                      ? " " + why.getMessage()
                      : "");
      case ImageItem.Libxl(var frame, var record) ->
          "@0x%x #%d libxl %s +%d %s%s"
              .formatted(
                  frame.offset(),
                  frame.index(),
                  frame.typeName(),
                  frame.length(),
                  crc(frame.octets()),
                  record instanceof LibxlRecord.Malformed(_, _, var why)
                      ? " " + why.getMessage()
                      : "");
      case ImageItem.Remarked(var remark) ->
          "@0x%x %s: %s".formatted(remark.location().offset(), remark.kind(), remark.text());
      case ImageItem.Trailing(long offset, long length) ->
          "@0x%x +%d trailing".formatted(offset, length);
    };
  }

  private static String crc(MemorySegment octets) {
    CRC32C crc = new CRC32C();
    crc.update(octets.asByteBuffer());
    return "%08x".formatted(crc.getValue());
  }

  /// The lines, and the fault as the last one.
  @Override
  public String toString() {
    return String.join("\n", lines) + (fault == null ? "" : "\n" + fault.getMessage());
  }
}
