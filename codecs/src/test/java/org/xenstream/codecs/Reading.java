// SPDX-License-Identifier: Apache-2.0
package org.xenstream.codecs;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.envelope.Layer;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.StreamFormatException;

/// What the reader of images finds in octets, as text that compares.
final class Reading {
  private Reading() {}

  /// A checked-in file.
  static byte[] resource(String name) throws IOException {
    try (InputStream in = Reading.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException("no resource " + name);
      }
      return in.readAllBytes();
    }
  }

  static List<String> of(byte[] octets) throws IOException {
    return of(octets, Limits.DEFAULT);
  }

  static List<String> of(byte[] octets, Limits limits) throws IOException {
    return of(new ByteArrayInputStream(octets), limits);
  }

  static List<String> of(InputStream octets, Limits limits) throws IOException {
    List<String> seen = new ArrayList<>();
    try (ImageReader reader =
        ImageReader.of(new ChannelInput("image", Channels.newChannel(octets)), limits)) {
      for (ImageItem item = reader.next(); item != null; item = reader.next()) {
        seen.add(text(item));
      }
    }
    return seen;
  }

  /// The message with which the octets are refused.
  static StreamFormatException refusal(byte[] octets, Limits limits) throws IOException {
    try {
      throw new AssertionError("not refused but read: " + of(octets, limits));
    } catch (StreamFormatException e) {
      return e;
    }
  }

  static StreamFormatException refusal(byte[] octets) throws IOException {
    return refusal(octets, Limits.DEFAULT);
  }

  private static String text(ImageItem item) {
    return switch (item) {
      case ImageItem.LayerFound(_, _, Layer layer) -> layer.title();
      case ImageItem.LibxcBegins begins -> begins.headers().toString();
      case ImageItem.Libxc libxc -> {
        Frame frame = libxc.framed().frame();
        CRC32 check = new CRC32();
        check.update(frame.octets().asByteBuffer());
        yield "@%d %s %08x".formatted(frame.offset(), frame.typeName(), check.getValue());
      }
      case ImageItem.Libxl libxl -> "@" + libxl.offset() + " libxl " + libxl.frame().typeName();
      case ImageItem.Remarked(var remark) -> remark.toString();
      case ImageItem.Trailing(long offset, long length) -> "@" + offset + " trailing " + length;
    };
  }
}
