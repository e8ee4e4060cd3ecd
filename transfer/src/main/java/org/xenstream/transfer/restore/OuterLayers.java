// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.envelope.Layer;
import org.xenstream.core.envelope.LibxcRecords;
import org.xenstream.core.envelope.LibxlFrame;
import org.xenstream.core.envelope.LibxlRecord;
import org.xenstream.core.envelope.XlConfig;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.StreamRecord;

/// Refuses what xl and libxl refuse of the layers around a stream that is restored (`create_domain`
/// of `tools/xl/xl_vmcontrol.c`, `stream_header_done` and `process_record` of
/// `tools/libs/light/libxl_stream_read.c`), and a second stream, which would be restored into the
/// domain of the first. What they pass over is no matter here.
///
/// A refusal ends the restore, also of records that belong to a checkpoint when one before it is
/// complete: libxl's reader tells libxc of an error then, and not to fail over.
public final class OuterLayers implements LibxcRecords.Passing {
  private static final int KNOWN_MANDATORY = Layer.XlSave.JSON | Layer.XlSave.STREAM_V2;

  /// Id and index, in front of what an emulator has to say.
  private static final long EMULATOR_HEADER = 8;

  private final ImageReader image;
  private boolean pvh;
  private boolean pv;
  private boolean begun;
  private boolean inCheckpoint;

  /// A record of an emulator that came before the libxc stream told of whom it is.
  private @Nullable LibxlFrame early;

  /// @param image names the places
  public OuterLayers(ImageReader image) {
    this.image = image;
  }

  @Override
  public void see(ImageItem item) throws IOException {
    switch (item) {
      case ImageItem.LayerFound(long offset, _, Layer.XlSave xl) -> xl(xl, offset);
      case ImageItem.LayerFound(long offset, _, Layer.LibxlStream stream) -> libxl(stream, offset);
      case ImageItem.LayerFound _, ImageItem.Remarked _, ImageItem.Trailing _ -> {}
      case ImageItem.LibxcBegins(var headers) -> {
        if (begun) {
          throw refused(headers.offset(), "", "image", null, "one libxc stream", "another");
        }
        begun = true;
        pv = !headers.domain().isHvm();
        if (early != null) {
          emulator(early);
        }
      }
      case ImageItem.Libxc(var framed, _) ->
          inCheckpoint = framed.record() instanceof StreamRecord.Checkpoint;
      case ImageItem.Libxl(var frame, var record) -> record(frame, record);
    }
  }

  private void xl(Layer.XlSave xl, long offset) throws IOException {
    if (xl.byteOrderWord() != Layer.XlSave.BYTE_ORDER) {
      throw xl(offset + 32, "byteorder", "0x01020304", "0x%08x".formatted(xl.byteOrderWord()));
    }
    if ((xl.mandatoryFlags() & ~KNOWN_MANDATORY) != 0) {
      throw xl(
          offset + 36,
          "mandatory_flags",
          "no bit but 0 and 1",
          "0x%x".formatted(xl.mandatoryFlags()));
    }
    long length = xl.optionalData().byteSize();
    if (length > 0 && xl.configLength() < 0) {
      throw xl(offset + 44, "optional_data_len", "at least 4", Long.toString(length));
    }
    if (length > 0 && xl.configLength() > length - 4) {
      throw xl(
          offset + 48, "config_len", "at most " + (length - 4), Long.toString(xl.configLength()));
    }
    pvh = "pvh".equals(XlConfig.of(xl).type());
  }

  private RefusedStreamException xl(long at, String field, String expected, String found) {
    return refused(at, "xl", "header", field, expected, found);
  }

  private void libxl(Layer.LibxlStream stream, long offset) throws IOException {
    if ((stream.options() & Layer.LibxlStream.BIG_ENDIAN) != 0) {
      throw refused(
          offset + 12,
          "libxl",
          "header",
          "options",
          "bit 0 clear, a little-endian stream",
          "0x%x".formatted(stream.options()));
    }
  }

  private void record(LibxlFrame frame, LibxlRecord record) throws IOException {
    switch (record) {
      case LibxlRecord.EmulatorXenstoreData(_, _, var data) -> {
        emulator(frame);
        xenstore(frame, data);
      }
      case LibxlRecord.EmulatorContext _ -> emulator(frame);
      case LibxlRecord.CheckpointEnd _ -> {
        if (!inCheckpoint) {
          throw refused(frame, "a CHECKPOINT of the libxc stream before it", "none");
        }
        inCheckpoint = false;
      }
      case LibxlRecord.CheckpointState _ ->
          throw refused(frame, "no step of COLO's hand-shake", "one");
      case LibxlRecord.Unknown _ ->
          throw refused(frame, "a record that libxl knows", "type 0x%x".formatted(frame.type()));
      case LibxlRecord.Malformed malformed -> throw malformed.why();
      case LibxlRecord.End _, LibxlRecord.LibxcContext _ -> {
        if (inCheckpoint) {
          throw refused(frame, "CHECKPOINT_END before it", "none");
        }
      }
    }
  }

  private void emulator(LibxlFrame frame) throws IOException {
    if (pv || pvh) {
      throw refused(frame, "no emulator of a %s guest".formatted(pv ? "PV" : "PVH"), "one");
    }
    if (!begun && early == null) {
      early = frame.withoutOctets();
    }
  }

  /// Keys and values in turn, each ended by a NUL; a key is relative and not empty.
  private void xenstore(LibxlFrame frame, MemorySegment data) throws IOException {
    boolean key = true;
    long start = 0;
    for (long at = 0; at < data.byteSize(); at++) {
      if (data.get(ValueLayout.JAVA_BYTE, at) != 0) {
        continue;
      }
      if (key && at == start) {
        throw xenstore(frame, start, "a relative key", "an empty one");
      }
      if (key && data.get(ValueLayout.JAVA_BYTE, start) == '/') {
        throw xenstore(frame, start, "a relative key", "one that begins with /");
      }
      key = !key;
      start = at + 1;
    }
    if (start < data.byteSize()) {
      throw xenstore(frame, start, "a NUL behind each key and value", "none behind the last");
    }
    if (!key) {
      throw xenstore(frame, start, "a value behind each key", "none behind the last");
    }
  }

  private RefusedStreamException xenstore(
      LibxlFrame frame, long at, String expected, String found) {
    return new RefusedStreamException(
        frame.at(image.name(), frame.bodyOffset() + EMULATOR_HEADER + at, "xenstore_data"),
        expected,
        found);
  }

  private RefusedStreamException refused(LibxlFrame frame, String expected, String found) {
    return new RefusedStreamException(
        frame.at(image.name(), frame.offset(), null), expected, found);
  }

  private RefusedStreamException refused(
      long at, String layer, String part, @Nullable String field, String expected, String found) {
    return new RefusedStreamException(
        Location.of(image.name(), at, layer, part, field), expected, found);
  }
}
