// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

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

/// The save file of libvirt's libxl driver: 16 octets of magic, u32 version, u32 length of the XML,
/// ten unused u32, the XML, then the stream (`src/libxl/libxl_conf.h` of libvirt).
final class LibvirtStage implements Stage {
  private static final int HEADER = 64;

  private final ImageReader image;
  private boolean begun;

  LibvirtStage(ImageReader image) {
    this.image = image;
  }

  @Override
  public @Nullable ImageItem next() throws IOException {
    if (begun) {
      return null;
    }
    begun = true;
    OctetInput input = image.input();
    long offset = input.position();
    MemorySegment octets = image.require(HEADER, "libvirt", "header");
    int version = Wire.u32(octets, 16);
    long length = Integer.toUnsignedLong(Wire.u32(octets, 20));
    if (version != 1 && version != 2) {
      throw new StreamFormatException(
          Fault.VERSION,
          Location.of(input.name(), offset + 16, "libvirt", "header", "version"),
          "1 or 2",
          Integer.toUnsignedString(version));
    }
    image.holdConfig(length, Long.toString(length), offset + 20, "libvirt", "header", "xmlLen");
    byte[] xml =
        image
            .require(HEADER + length, "libvirt", "xml")
            .asSlice(HEADER)
            .toArray(ValueLayout.JAVA_BYTE);
    image.push(version == 2 ? new LibxlStage(image) : image.legacy("a libvirt save file"));
    return new ImageItem.LayerFound(offset, HEADER + length, new Layer.Libvirt(version, text(xml)));
  }

  /// The XML is written with its NUL.
  private static String text(byte[] xml) {
    int end = xml.length;
    while (end > 0 && xml[end - 1] == 0) {
      end--;
    }
    return new String(xml, 0, end, UTF_8);
  }
}
