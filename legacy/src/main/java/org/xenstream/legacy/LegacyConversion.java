// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.GatheringByteChannel;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.Layer;
import org.xenstream.core.envelope.LayerWriter;
import org.xenstream.core.envelope.LibxlRecord;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.MemoryRuns;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.StreamWriter;
import org.xenstream.core.format.Wire;

/// Writes a legacy image as a modern stream, record by record.
///
/// Pages that stand in the image as they are go from there to the output by the shortest way that
/// there is ([OctetInput#moveTo]); others are moved in pieces that stay in the processor's cache.
///
/// ```java
/// try (LegacySource source = LegacySource.open(input, options, listener);
///     LegacyConversion conversion = LegacyConversion.begin(source, input, out, Target.LIBXL)) {
///   while (conversion.step()) {}
/// }
/// ```
public final class LegacyConversion implements AutoCloseable {
  /// What is written.
  public enum Target {
    /// A bare libxc stream. It has no place for a device model's state.
    LIBXC,
    /// A libxl stream, marked as converted, with the device model's records.
    LIBXL
  }

  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private final LegacySource source;
  private final OctetInput input;
  private final GatheringByteChannel out;
  private final Target target;
  private final LayerWriter layers;
  private final StreamWriter writer;
  private final Arena arena;
  private @Nullable MemorySegment piece;
  private final MemoryRuns runs = new MemoryRuns();
  private boolean atCheckpoint;
  private boolean checkpointed;

  @SuppressWarnings("MustBeClosedChecker") // lives as long as this object
  private LegacyConversion(
      LegacySource source, OctetInput input, GatheringByteChannel out, Target target)
      throws IOException {
    this.source = source;
    this.input = input;
    this.out = out;
    this.target = target;
    this.layers = new LayerWriter(out);
    if (target == Target.LIBXL) {
      layers.libxlHeader(Layer.LibxlStream.LEGACY);
      layers.libxl(LibxlRecord.TYPE_LIBXC_CONTEXT, ORDER);
    }
    this.writer = StreamWriter.begin(out, source.headers().image(), source.headers().domain());
    this.arena = Arena.ofShared();
  }

  /// Writes the headers.
  ///
  /// @param source opened so that pages stay in the input
  ///   ([org.xenstream.core.format.PagesShown#LEFT_IN_INPUT]); stays the caller's to close
  /// @param input what the source reads
  /// @param out blocking; stays the caller's to close
  /// @param target what to write
  public static LegacyConversion begin(
      LegacySource source, OctetInput input, GatheringByteChannel out, Target target)
      throws IOException {
    return new LegacyConversion(source, input, out, target);
  }

  /// Writes the next record, or what ends the stream.
  ///
  /// @return whether there is more to come
  /// @throws org.xenstream.core.format.StreamFormatException when the image is damaged: what was
  ///   written so far is then no stream
  public boolean step() throws IOException {
    Framed framed = source.next();
    if (framed == null) {
      end();
      return false;
    }
    if (framed.record() instanceof StreamRecord.PageData(var entries, _)) {
      pages(framed, (long) entries.withData() * Wire.PAGE_SIZE);
    } else {
      writer.copy(framed.frame());
    }
    atCheckpoint = framed.record() instanceof StreamRecord.Checkpoint;
    checkpointed |= atCheckpoint;
    if (atCheckpoint && target == Target.LIBXL) {
      emulator();
      layers.libxl(LibxlRecord.TYPE_CHECKPOINT_END, ORDER);
    }
    return true;
  }

  /// Tells whether a CHECKPOINT was written so far: a restore of a plain stream refuses that.
  public boolean isCheckpointed() {
    return checkpointed;
  }

  private void end() throws IOException {
    // A stream that stops at a checkpoint stops in both its layers.
    if (target == Target.LIBXL && !atCheckpoint) {
      emulator();
      layers.libxl(LibxlRecord.TYPE_END, ORDER);
    }
  }

  private void emulator() throws IOException {
    DeviceModel model = source.deviceModel();
    if (model == null) {
      return;
    }
    if (model.xenstoreData().byteSize() > 0) {
      layers.emulator(LibxlRecord.TYPE_EMULATOR_XENSTORE_DATA, 0, 0, model.xenstoreData(), ORDER);
    }
    EmulatorState state = model.state();
    if (state != null) {
      state.writeRecordTo(out);
    }
  }

  private void pages(Framed batch, long octets) throws IOException {
    if (source.pagesAreNext()) {
      writer.copy(batch.frame());
      // Of pages that are cut the source tells where.
      input.moveTo(out, octets);
      return;
    }
    MemorySegment piece = piece();
    // Taking pages lets the views of the record die.
    ByteBuffer head =
        ByteBuffer.wrap(batch.frame().octets().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE));
    long left = octets;
    do {
      int length = (int) Math.min(left, OctetInput.PIECE);
      if (length > 0) {
        runs.clear();
        runs.add(piece, 0, length);
        source.takePages(batch, runs);
      }
      write(head, piece.asSlice(0, length).asByteBuffer());
      left -= length;
    } while (left > 0);
  }

  /// Made when it is needed: a plain image needs none.
  private MemorySegment piece() {
    MemorySegment there = piece;
    if (there == null) {
      there = arena.allocate(OctetInput.PIECE, Wire.PAGE_SIZE);
      piece = there;
    }
    return there;
  }

  private void write(ByteBuffer head, ByteBuffer rest) throws IOException {
    ByteBuffer[] both = {head, rest};
    while (head.hasRemaining() || rest.hasRemaining()) {
      out.write(both);
    }
  }

  /// Releases memory; the source stays open.
  @Override
  public void close() {
    arena.close();
  }
}
