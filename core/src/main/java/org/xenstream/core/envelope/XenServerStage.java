// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.Wire;

/// The suspend image of XenServer and XCP-ng: a line of signature, then parts led by u64 type and
/// u64 length, little-endian (`ocaml/xenopsd/lib/suspend_image.ml` of xen-api).
///
/// A libxc or libxl part is read by its own grammar: its length is not usable.
final class XenServerStage implements Stage {
  private static final int PART_HEADER = 16;

  /// Longer than any file; keeps offsets from overflowing.
  private static final long MOST_OCTETS = 1L << 60;

  /// The signature of the form without parts, in which a legacy image follows.
  private static final String OLDER = "XenSavedDomain\n";

  private static final String NEWER = "XenSavedDomv2-\n";

  private final ImageReader image;
  private boolean begun;
  private boolean ended;

  /// Nobody may have read the legacy image, of which then only the source's end is known.
  private boolean behindLegacy;

  XenServerStage(ImageReader image) {
    this.image = image;
  }

  @Override
  public @Nullable ImageItem next() throws IOException {
    if (ended || (behindLegacy && image.input().peek(1).byteSize() == 0)) {
      return null;
    }
    return begun ? part() : signature();
  }

  private ImageItem signature() throws IOException {
    begun = true;
    OctetInput input = image.input();
    long offset = input.position();
    MemorySegment octets = image.require(NEWER.length(), "xenserver", "signature");
    String text =
        new String(octets.asSlice(0, NEWER.length()).toArray(ValueLayout.JAVA_BYTE), ISO_8859_1);
    if (!text.equals(NEWER) && !text.equals(OLDER)) {
      throw new StreamFormatException(
          Fault.MARKER,
          Location.of(input.name(), offset, "xenserver", "signature", null),
          "XenSavedDomv2- or XenSavedDomain and a line's end",
          text.replaceAll("[^ -~]", "."));
    }
    int length = NEWER.length();
    if (text.equals(OLDER)) {
      ended = true;
      image.push(image.legacy("a XenServer suspend image"));
    }
    return new ImageItem.LayerFound(offset, length, new Layer.XenServer(text));
  }

  private ImageItem part() throws IOException {
    OctetInput input = image.input();
    long offset = input.position();
    MemorySegment header = image.require(PART_HEADER, "xenserver", "part header");
    long type = Wire.u64(header, 0);
    long length = Wire.u64(header, 8);
    Layer.XenServerPart part = new Layer.XenServerPart(type, length, "");
    if (!part.isKnown()) {
      throw new StreamFormatException(
          Fault.MALFORMED_LAYER,
          Location.of(input.name(), offset, "xenserver", "part header", "type"),
          "a known type",
          "0x%x".formatted(type));
    }
    if (type == Layer.XenServerPart.LIBXC) {
      image.push(new LibxcStage(image));
    } else if (type == Layer.XenServerPart.LIBXL) {
      image.push(new LibxlStage(image));
    } else if (type == Layer.XenServerPart.LIBXC_LEGACY) {
      behindLegacy = true;
      image.push(image.legacy("a XenServer suspend image"));
    } else if (type == Layer.XenServerPart.END) {
      ended = true;
    } else if (type == Layer.XenServerPart.XENOPS) {
      image.holdConfig(
          length, Long.toUnsignedString(length), offset + 8, "xenserver", "part Xenops", "length");
      byte[] text =
          image
              .require(PART_HEADER + length, "xenserver", "part Xenops")
              .asSlice(PART_HEADER)
              .toArray(ValueLayout.JAVA_BYTE);
      return new ImageItem.LayerFound(
          offset,
          PART_HEADER + length,
          new Layer.XenServerPart(type, length, new String(text, UTF_8)));
    } else {
      holdLength(part, length, offset);
      return new ImageItem.LayerFound(offset, PART_HEADER + length, part);
    }
    return new ImageItem.LayerFound(offset, PART_HEADER, part);
  }

  private void holdLength(Layer.XenServerPart part, long length, long offset)
      throws StreamFormatException {
    if (length < 0 || length > MOST_OCTETS) {
      throw new StreamFormatException(
          Fault.TOO_LONG,
          Location.of(image.name(), offset + 8, "xenserver", part.title(), "length"),
          "at most " + MOST_OCTETS,
          Long.toUnsignedString(length));
    }
  }
}
