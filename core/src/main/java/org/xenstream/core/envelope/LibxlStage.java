// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.RecordType;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamReader;
import org.xenstream.core.format.Wire;

/// A libxl stream, and the libxc stream that takes turns with it
/// (`docs/specs/libxl-migration-stream.pandoc`; `tools/libs/light/libxl_stream_read.c`).
final class LibxlStage implements Stage {
  private static final int HEADER = 16;
  private static final int VERSION = 2;

  /// "LibxlFmt".
  private static final long IDENT = 0x4C69_6278_6C46_6D74L;

  private static final int EMULATOR_HEADER = 8;

  private final ImageReader image;
  private ByteOrder order = ByteOrder.LITTLE_ENDIAN;
  private boolean begun;
  private long index;
  private boolean ended;

  /// The inner stream: null before LIBXC_CONTEXT, kept between its checkpoints.
  private @Nullable StreamReader libxc;

  private boolean inLibxc;
  private boolean betweenCheckpoints;
  private boolean behindCheckpoint;
  private boolean libxcFollows;

  LibxlStage(ImageReader image) {
    this.image = image;
  }

  @Override
  public @Nullable ImageItem next() throws IOException {
    if (!begun) {
      begun = true;
      return header();
    }
    if (libxcFollows) {
      libxcFollows = false;
      inLibxc = true;
      libxc = StreamReader.open(image.input(), image.limits());
      return new ImageItem.LibxcBegins(libxc.headers());
    }
    if (inLibxc && libxc != null) {
      ImageItem item = libxcRecord(libxc);
      if (item != null) {
        return item;
      }
    }
    return ended ? null : libxlRecord();
  }

  private ImageItem header() throws IOException {
    long offset = image.input().position();
    MemorySegment octets = image.require(HEADER, "libxl", "header");
    long ident = Wire.u64(octets, 0, ByteOrder.BIG_ENDIAN);
    if (ident != IDENT) {
      throw new StreamFormatException(
          Fault.MARKER,
          Location.of(image.name(), offset, "libxl", "header", "ident"),
          "0x%016x".formatted(IDENT),
          "0x%016x".formatted(ident));
    }
    int version = Wire.u32(octets, 8, ByteOrder.BIG_ENDIAN);
    if (version != VERSION) {
      throw new StreamFormatException(
          Fault.VERSION,
          Location.of(image.name(), offset + 8, "libxl", "header", "version"),
          Integer.toString(VERSION),
          Integer.toUnsignedString(version));
    }
    Layer.LibxlStream layer =
        new Layer.LibxlStream(version, Wire.u32(octets, 12, ByteOrder.BIG_ENDIAN));
    order = layer.order();
    return new ImageItem.LayerFound(offset, HEADER, layer);
  }

  private @Nullable ImageItem libxcRecord(StreamReader reader) throws IOException {
    if (betweenCheckpoints) {
      reader.release();
      inLibxc = false;
      return null;
    }
    Framed framed = reader.next();
    if (framed == null) {
      inLibxc = false;
      // The sender of a checkpointed stream may die behind any complete checkpoint.
      ended = behindCheckpoint;
      return null;
    }
    behindCheckpoint = false;
    betweenCheckpoints = framed.frame().type() == RecordType.CHECKPOINT.code();
    return new ImageItem.Libxc(framed, framed.frame().end());
  }

  private @Nullable ImageItem libxlRecord() throws IOException {
    long offset = image.input().position();
    MemorySegment header = image.input().peek(Wire.RECORD_HEADER);
    if (header.byteSize() == 0 && betweenCheckpoints) {
      // The sender of a checkpointed stream died behind a complete set of libxc records.
      return null;
    }
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
    LibxlRecord record = parse(frame);
    follow(record);
    return new ImageItem.Libxl(frame, record);
  }

  /// What comes after a record. No pattern switch: the first one of a process costs milliseconds.
  private void follow(LibxlRecord record) {
    if (record instanceof LibxlRecord.End) {
      ended = true;
    } else if (record instanceof LibxlRecord.LibxcContext) {
      libxcFollows = true;
    } else if (record instanceof LibxlRecord.CheckpointEnd && betweenCheckpoints) {
      betweenCheckpoints = false;
      behindCheckpoint = true;
      inLibxc = true;
    }
  }

  private LibxlRecord parse(LibxlFrame frame) {
    MemorySegment body = frame.body();
    int wanted =
        switch (frame.type()) {
          case LibxlRecord.TYPE_EMULATOR_XENSTORE_DATA, LibxlRecord.TYPE_EMULATOR_CONTEXT ->
              EMULATOR_HEADER;
          // The specification draws 8 octets; libxl writes and reads 4
          // (`libxl_sr_stream_format.h`).
          case LibxlRecord.TYPE_CHECKPOINT_STATE -> 4;
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
