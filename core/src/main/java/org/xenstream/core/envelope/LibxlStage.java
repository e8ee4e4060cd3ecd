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

  private final ImageReader image;
  private @Nullable LibxlRecordReader records;
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
    LibxlRecordReader libxl = records;
    if (libxl == null) {
      return header();
    }
    if (libxcFollows) {
      libxcFollows = false;
      inLibxc = true;
      libxc = StreamReader.open(image.input(), image.limits(), image.pages());
      return new ImageItem.LibxcBegins(libxc.headers());
    }
    if (inLibxc && libxc != null) {
      // COLO's hand-shake comes before the next set of libxc's records.
      if (behindCheckpoint && libxl.atCheckpointState()) {
        return libxlRecord(libxl);
      }
      ImageItem item = libxcRecord(libxc);
      if (item != null) {
        return item;
      }
    }
    return ended ? null : libxlRecord(libxl);
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
          found(octets, ident));
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
    records = new LibxlRecordReader(image, layer.order());
    return new ImageItem.LayerFound(offset, HEADER, layer);
  }

  /// Compression is taken off around a whole image alone; inside a layer somebody has put it there
  /// by hand.
  private static String found(MemorySegment octets, long ident) {
    Compression compression = Compression.of(octets);
    return compression == null
        ? "0x%016x".formatted(ident)
        : "%s compression inside a layer: decompress it first".formatted(compression.codec());
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

  private @Nullable ImageItem libxlRecord(LibxlRecordReader reader) throws IOException {
    if (betweenCheckpoints && image.input().peek(1).byteSize() == 0) {
      // The sender of a checkpointed stream died behind a complete set of libxc records.
      return null;
    }
    ImageItem.Libxl item = reader.next();
    follow(item.record());
    return item;
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
}
