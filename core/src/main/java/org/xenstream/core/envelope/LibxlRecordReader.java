// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.Wire;

/// Reads the records of a libxl stream, or those of a back channel that are libxl's.
final class LibxlRecordReader {
  private static final int EMULATOR_HEADER = 8;

  private final ImageReader image;
  private final ByteOrder order;
  private long index;

  /// @param image its input is read from its position on
  /// @param order the byte order of headers and fields
  LibxlRecordReader(ImageReader image, ByteOrder order) {
    this.image = image;
    this.order = order;
  }

  /// Tells whether the next record is a CHECKPOINT_STATE as libxl writes it: of 4 octets, which a
  /// libxc record of the same type cannot have, as its own fields take 8.
  boolean atCheckpointState() throws IOException {
    MemorySegment header = image.input().near(Wire.RECORD_HEADER);
    return header.byteSize() == Wire.RECORD_HEADER
        && Wire.u32(header, 0, order) == LibxlRecord.TYPE_CHECKPOINT_STATE
        && Wire.u32(header, 4, order) == LibxlRecord.CHECKPOINT_STATE_LENGTH;
  }

  /// The next record.
  ///
  /// @throws StreamFormatException when it is cut, or longer than the limit
  ImageItem.Libxl next() throws IOException {
    long offset = image.input().position();
    MemorySegment header = image.input().peek(Wire.RECORD_HEADER);
    if (header.byteSize() < Wire.RECORD_HEADER) {
      throw fault(
          Fault.TRUNCATED,
          offset + header.byteSize(),
          "record header",
          null,
          header.byteSize() == 0 ? "a record, END at the latest" : "8 octets",
          header.byteSize() == 0 ? "the end" : header.byteSize() + " octets before the end");
    }
    int type = Wire.u32(header, 0, order);
    long length = Integer.toUnsignedLong(Wire.u32(header, 4, order));
    if (length > image.limits().maxRecordLength()) {
      throw fault(
          Fault.TOO_LONG,
          offset + 4,
          LibxlRecord.nameOf(type),
          "body_length",
          "at most " + image.limits().maxRecordLength(),
          Long.toString(length));
    }
    long whole = Wire.RECORD_HEADER + length + Wire.padding(length);
    MemorySegment octets = image.input().peek(whole);
    if (octets.byteSize() < whole) {
      throw fault(
          Fault.TRUNCATED,
          offset + octets.byteSize(),
          LibxlRecord.nameOf(type),
          null,
          "%d octets of header, body and padding".formatted(whole),
          "%d octets before the end".formatted(octets.byteSize()));
    }
    LibxlFrame frame = new LibxlFrame(offset, index++, type, octets, length);
    return new ImageItem.Libxl(frame, parse(frame));
  }

  private LibxlRecord parse(LibxlFrame frame) {
    MemorySegment body = frame.body();
    int wanted =
        switch (frame.type()) {
          case LibxlRecord.TYPE_EMULATOR_XENSTORE_DATA, LibxlRecord.TYPE_EMULATOR_CONTEXT ->
              EMULATOR_HEADER;
          case LibxlRecord.TYPE_CHECKPOINT_STATE -> LibxlRecord.CHECKPOINT_STATE_LENGTH;
          default -> 0;
        };
    if (frame.length() < wanted) {
      return new LibxlRecord.Malformed(
          frame.type(),
          body,
          new StreamFormatException(
              Fault.MALFORMED_BODY,
              frame.at(image.name(), frame.offset() + 4, "body_length"),
              "at least " + wanted,
              Long.toString(frame.length())));
    }
    return switch (frame.type()) {
      case LibxlRecord.TYPE_END -> new LibxlRecord.End();
      case LibxlRecord.TYPE_LIBXC_CONTEXT -> new LibxlRecord.LibxcContext();
      case LibxlRecord.TYPE_EMULATOR_XENSTORE_DATA ->
          new LibxlRecord.EmulatorXenstoreData(
              Wire.u32(body, 0, order), Wire.u32(body, 4, order), body.asSlice(EMULATOR_HEADER));
      case LibxlRecord.TYPE_EMULATOR_CONTEXT ->
          new LibxlRecord.EmulatorContext(
              Wire.u32(body, 0, order), Wire.u32(body, 4, order), body.asSlice(EMULATOR_HEADER));
      case LibxlRecord.TYPE_CHECKPOINT_END -> new LibxlRecord.CheckpointEnd();
      case LibxlRecord.TYPE_CHECKPOINT_STATE ->
          new LibxlRecord.CheckpointState(Wire.u32(body, 0, order));
      default -> new LibxlRecord.Unknown(frame.type(), body);
    };
  }

  private StreamFormatException fault(
      Fault fault,
      long offset,
      String part,
      @Nullable String field,
      String expected,
      String found) {
    return new StreamFormatException(
        fault, new Location(image.name(), offset, "libxl", index, part, field), expected, found);
  }
}
