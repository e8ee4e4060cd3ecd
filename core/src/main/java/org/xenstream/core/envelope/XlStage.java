// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.Wire;

/// The file of `xl save`, or what goes over the wire in `xl migrate` from sender to receiver
/// (`struct save_file_header` of `tools/xl/xl.h`, `create_domain` of `tools/xl/xl_vmcontrol.c`).
final class XlStage implements Stage {
  private static final int HEADER = 48;

  /// `migrate_permission_to_go` of `tools/xl/xl.h`, with its NUL.
  private static final byte[] GO = "domain is yours, you are cleared to unpause\0".getBytes(UTF_8);

  private final ImageReader image;
  private boolean begun;

  XlStage(ImageReader image) {
    this.image = image;
  }

  @Override
  public @Nullable ImageItem next() throws IOException {
    if (begun) {
      return goMessage();
    }
    begun = true;
    OctetInput input = image.input();
    long offset = input.position();
    MemorySegment octets = image.require(HEADER, "xl", "header");
    int word = Wire.u32(octets, 32);
    ByteOrder order =
        word == Integer.reverseBytes(Layer.XlSave.BYTE_ORDER)
            ? ByteOrder.BIG_ENDIAN
            : ByteOrder.LITTLE_ENDIAN;
    int mandatory = Wire.u32(octets, 36, order);
    int optional = Wire.u32(octets, 40, order);
    long length = Integer.toUnsignedLong(Wire.u32(octets, 44, order));
    if (word != Layer.XlSave.BYTE_ORDER && order == ByteOrder.LITTLE_ENDIAN) {
      throw new StreamFormatException(
          Fault.MALFORMED_LAYER,
          Location.of(input.name(), offset + 32, "xl", "header", "byteorder"),
          "0x01020304",
          "0x%08x".formatted(word));
    }
    image.holdConfig(
        length, Long.toString(length), offset + 44, "xl", "header", "optional_data_len");
    byte[] data =
        image
            .require(HEADER + length, "xl", "optional data")
            .asSlice(HEADER)
            .toArray(ValueLayout.JAVA_BYTE);
    MemorySegment optionalData = MemorySegment.ofArray(data).asReadOnly();
    long configLength = length < 4 ? -1 : Integer.toUnsignedLong(Wire.u32(optionalData, 0, order));
    int held = (int) Math.max(0, Math.min(configLength, length - 4));
    Layer.XlSave layer =
        new Layer.XlSave(
            order,
            word,
            mandatory,
            optional,
            optionalData,
            configLength,
            held == 0 ? "" : new String(data, 4, held, UTF_8));
    image.push(
        (mandatory & Layer.XlSave.STREAM_V2) != 0
            ? new LibxlStage(image)
            : image.legacy("an xl save file"));
    return new ImageItem.LayerFound(offset, HEADER + length, layer);
  }

  private @Nullable ImageItem goMessage() throws IOException {
    long offset = image.input().position();
    MemorySegment octets = image.input().peek(GO.length);
    if (octets.byteSize() < GO.length || octets.mismatch(MemorySegment.ofArray(GO)) >= 0) {
      return null;
    }
    return new ImageItem.LayerFound(offset, GO.length, new Layer.MigrateGo());
  }
}
