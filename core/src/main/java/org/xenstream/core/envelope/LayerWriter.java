// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.GatheringByteChannel;
import java.util.Arrays;
import org.xenstream.core.format.Wire;

/// Writes the layers around a libxc stream: the header of an xl save file, and a libxl stream's
/// header and records (`docs/specs/libxl-migration-stream.pandoc`, `tools/xl/xl.h`).
public final class LayerWriter {
  private static final int XL_HEADER = 48;
  private static final int LIBXL_HEADER = 16;
  private static final int LIBXL_VERSION = 2;

  private final GatheringByteChannel out;

  /// @param out blocking; stays the caller's to close
  public LayerWriter(GatheringByteChannel out) {
    this.out = out;
  }

  /// Writes the header of an xl save file with a configuration in JSON and a libxl stream to
  /// follow.
  ///
  /// @param config the domain's configuration
  public void xlHeader(String config) throws IOException {
    xlHeader(config.getBytes(UTF_8), Layer.XlSave.JSON | Layer.XlSave.STREAM_V2);
  }

  /// The same, with a configuration of either kind.
  ///
  /// @param config the domain's configuration: JSON, which xl reads up to a NUL and which gets one
  ///   here where it has none, or the text of a configuration file
  /// @param flags the mandatory flags: which of both it is, and what follows
  public void xlHeader(byte[] config, int flags) throws IOException {
    boolean ended = config.length > 0 && config[config.length - 1] == 0;
    byte[] text =
        (flags & Layer.XlSave.JSON) == 0 || ended
            ? config
            : Arrays.copyOf(config, config.length + 1);
    MemorySegment octets = MemorySegment.ofArray(new byte[XL_HEADER + 4 + text.length]);
    MemorySegment magic =
        MemorySegment.ofArray(
            Signature.XL.text().getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
    octets.copyFrom(magic);
    ByteOrder order = ByteOrder.LITTLE_ENDIAN;
    Wire.putU32(octets, 32, Layer.XlSave.BYTE_ORDER, order);
    Wire.putU32(octets, 36, flags, order);
    Wire.putU32(octets, 40, 0, order);
    Wire.putU32(octets, 44, 4 + text.length, order);
    Wire.putU32(octets, 48, text.length, order);
    MemorySegment.copy(MemorySegment.ofArray(text), 0, octets, XL_HEADER + 4L, text.length);
    write(octets);
  }

  /// Writes the header of a libxl stream.
  ///
  /// @param options its option bits
  public void libxlHeader(int options) throws IOException {
    MemorySegment octets = MemorySegment.ofArray(new byte[LIBXL_HEADER]);
    octets.copyFrom(
        MemorySegment.ofArray(
            Signature.LIBXL.text().getBytes(java.nio.charset.StandardCharsets.ISO_8859_1)));
    Wire.putU32(octets, 8, LIBXL_VERSION, ByteOrder.BIG_ENDIAN);
    Wire.putU32(octets, 12, options, ByteOrder.BIG_ENDIAN);
    write(octets);
  }

  /// Writes a libxl record without a body.
  public void libxl(int type, ByteOrder order) throws IOException {
    libxl(type, MemorySegment.NULL, order);
  }

  /// Writes a record that was read in the other byte order: its fields are swapped, and all else
  /// stays as it came, padding and what no specification describes included.
  ///
  /// @throws org.xenstream.core.format.StreamFormatException for a malformed one
  void libxl(LibxlFrame frame, LibxlRecord record, ByteOrder order) throws IOException {
    int fields =
        switch (record) {
          case LibxlRecord.EmulatorXenstoreData _, LibxlRecord.EmulatorContext _ -> 2;
          case LibxlRecord.CheckpointState _ -> 1;
          case LibxlRecord.End _,
              LibxlRecord.LibxcContext _,
              LibxlRecord.CheckpointEnd _,
              LibxlRecord.Unknown _ ->
              0;
          case LibxlRecord.Malformed malformed -> throw malformed.why();
        };
    MemorySegment octets =
        MemorySegment.ofArray(frame.octets().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE));
    for (int at = 0; at < Wire.RECORD_HEADER + 4 * fields; at += 4) {
      Wire.putU32(octets, at, Integer.reverseBytes(Wire.u32(octets, at, order)), order);
    }
    write(octets);
  }

  /// Writes an emulator's record of libxl.
  ///
  /// @param type [LibxlRecord#TYPE_EMULATOR_XENSTORE_DATA] or [LibxlRecord#TYPE_EMULATOR_CONTEXT]
  /// @param id which kind of emulator
  /// @param index which of the domain's emulators
  /// @param rest what follows in the body
  /// @param order the byte order of the fields
  public void emulator(int type, int id, int index, MemorySegment rest, ByteOrder order)
      throws IOException {
    MemorySegment body = MemorySegment.ofArray(new byte[(int) (8 + rest.byteSize())]);
    Wire.putU32(body, 0, id, order);
    Wire.putU32(body, 4, index, order);
    MemorySegment.copy(rest, 0, body, 8, rest.byteSize());
    libxl(type, body, order);
  }

  private void libxl(int type, MemorySegment body, ByteOrder order) throws IOException {
    long length = body.byteSize();
    MemorySegment octets =
        MemorySegment.ofArray(new byte[(int) (Wire.RECORD_HEADER + length + Wire.padding(length))]);
    Wire.putU32(octets, 0, type, order);
    Wire.putU32(octets, 4, (int) length, order);
    MemorySegment.copy(body, 0, octets, Wire.RECORD_HEADER, length);
    write(octets);
  }

  private void write(MemorySegment octets) throws IOException {
    ByteBuffer buffer = octets.asByteBuffer();
    while (buffer.hasRemaining()) {
      out.write(buffer);
    }
  }
}
