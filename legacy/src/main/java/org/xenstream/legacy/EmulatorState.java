// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.LibxlRecord;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.TakingChannel;
import org.xenstream.core.format.Wire;

/// The state of a device model as libxl's record EMULATOR_CONTEXT, of emulator 0 and index 0: in
/// memory as long as it is short, as nearly always, else in a scratch file.
///
/// What is in a file is there until the source that gave it makes its next step.
public final class EmulatorState {
  /// What QEMU's devices have is some hundred kibibytes.
  private static final long IN_MEMORY = 1 << 20;

  /// Type, length, emulator's id and index.
  private static final int HEAD = Wire.RECORD_HEADER + 8;

  private final long length;
  private final @Nullable FileChannel file;
  private final Scratch scratch;
  private final long claimed;
  private @Nullable MemorySegment record;
  private @Nullable Arena arena;

  private EmulatorState(
      long length,
      @Nullable MemorySegment record,
      @Nullable FileChannel file,
      Scratch scratch,
      long claimed) {
    this.length = length;
    this.record = record;
    this.file = file;
    this.scratch = scratch;
    this.claimed = claimed;
  }

  /// Takes the next octets of an input.
  ///
  /// @param most how many; there may be fewer
  /// @param where for the note that a scratch file is worth
  static EmulatorState take(OctetInput input, long most, Scratch scratch, Location where)
      throws IOException {
    MemorySegment there = input.peek(Math.min(most, IN_MEMORY + 1));
    long length = there.byteSize();
    if (length > IN_MEMORY) {
      return spool(input, most, scratch, where);
    }
    MemorySegment record =
        MemorySegment.ofArray(new byte[(int) (HEAD + length + Wire.padding(length))]);
    head(record, length);
    MemorySegment.copy(there, 0, record, HEAD, length);
    input.advance(length);
    return new EmulatorState(length, record, null, scratch, 0);
  }

  private static EmulatorState spool(OctetInput input, long most, Scratch scratch, Location where)
      throws IOException {
    FileChannel file = scratch.open(where, "a long state of the device model waits");
    long claimed = 0;
    try {
      file.position(HEAD);
      long length = 0;
      long moved;
      do {
        long wanted = Math.min(most - length, IN_MEMORY);
        scratch.claim(wanted);
        claimed += wanted;
        moved = input.moveTo(file, wanted);
        length += moved;
      } while (moved == IN_MEMORY);
      write(file, file.position(), ByteBuffer.allocate(Wire.padding(length)));
      MemorySegment head = MemorySegment.ofArray(new byte[HEAD]);
      head(head, length);
      write(file, 0, head.asByteBuffer());
      return new EmulatorState(length, null, file, scratch, claimed);
    } catch (IOException | RuntimeException e) {
      file.close();
      scratch.free(claimed);
      throw e;
    }
  }

  private static void head(MemorySegment record, long length) {
    Wire.putU32(record, 0, LibxlRecord.TYPE_EMULATOR_CONTEXT, ByteOrder.LITTLE_ENDIAN);
    Wire.putU32(record, 4, (int) (8 + length), ByteOrder.LITTLE_ENDIAN);
  }

  private static void write(FileChannel file, long at, ByteBuffer octets) throws IOException {
    while (octets.hasRemaining()) {
      file.write(octets, at + octets.position());
    }
  }

  /// How many octets it has, without the record around it.
  public long length() {
    return length;
  }

  /// The state in view.
  public MemorySegment octets() throws IOException {
    return record().asSlice(HEAD, length);
  }

  /// The whole record in view: header, body and padding.
  @SuppressWarnings("MustBeClosedChecker") // lives as long as the file
  public MemorySegment record() throws IOException {
    MemorySegment there = record;
    if (there == null && file != null) {
      Arena fresh = Arena.ofShared();
      arena = fresh;
      there = file.map(FileChannel.MapMode.READ_ONLY, 0, file.size(), fresh);
      record = there;
    }
    if (there == null) {
      throw new IllegalStateException("neither in memory nor in a file");
    }
    return there;
  }

  /// Writes the state alone. From a file it never comes into the process.
  ///
  /// @param out blocking
  public void writeTo(WritableByteChannel out) throws IOException {
    write(out, HEAD, length);
  }

  /// Writes the whole record, likewise.
  ///
  /// @param out blocking
  public void writeRecordTo(WritableByteChannel out) throws IOException {
    write(out, 0, HEAD + length + Wire.padding(length));
  }

  private void write(WritableByteChannel out, long from, long count) throws IOException {
    FileChannel in = file;
    if (in == null) {
      ByteBuffer octets = record().asSlice(from, count).asByteBuffer();
      while (octets.hasRemaining()) {
        out.write(octets);
      }
      return;
    }
    long at = from;
    while (at < from + count) {
      long moved = TakingChannel.move(in, at, from + count - at, out);
      if (moved <= 0 && at >= in.size()) {
        throw new EOFException("a scratch file was shortened");
      }
      at += moved;
    }
  }

  /// Deletes its file, if it has one; views of that die.
  void close() throws IOException {
    if (arena != null) {
      arena.close();
      arena = null;
      record = null;
    }
    if (file != null && file.isOpen()) {
      file.close();
      scratch.free(claimed);
    }
  }
}
