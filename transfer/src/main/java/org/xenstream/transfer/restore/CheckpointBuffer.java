// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.MemoryRuns;
import org.xenstream.core.format.RecordParser;
import org.xenstream.core.format.RecordSource;
import org.xenstream.core.format.Wire;

/// The records since the last checkpoint, held until the next one is complete (`buffer_record` of
/// `xg_sr_restore.c`, which has no limit): their octets in native memory up to a limit, what is
/// more in a scratch file.
final class CheckpointBuffer implements AutoCloseable {
  private static final long BLOCK = 4L << 20;
  private static final int WRITTEN_AT_ONCE = 1 << 20;

  /// The scratch file cannot be written or read: no fault of the sender's.
  static final class ScratchException extends IOException {
    private static final long serialVersionUID = 1L;

    ScratchException(Path directory, IOException cause) {
      super("no scratch file for the records of a checkpoint in " + directory, cause);
    }
  }

  /// Where a record is held.
  ///
  /// @param octets how long it is, header and padding included
  /// @param block its memory; null when it lies in the scratch file
  /// @param place where it begins there
  private record Held(
      long offset,
      long index,
      int type,
      long length,
      long octets,
      @Nullable MemorySegment block,
      long place) {}

  private final String source;
  private final long memoryLimit;
  private final Path scratchDirectory;
  private final RecordParser parser;
  private final Arena arena = Arena.ofShared();
  private final List<MemorySegment> blocks = new ArrayList<>();
  private final List<Held> records = new ArrayList<>();
  private final MemoryRuns runs = new MemoryRuns();
  private int block;
  private long used;
  private long taken;
  private @Nullable Path scratchFile;
  private @Nullable FileChannel scratch;
  private long scratchSize;
  private @Nullable Arena spillArena;
  private MemorySegment spill = MemorySegment.NULL;

  /// @param memoryLimit the most octets in memory; one record is held in memory in any case while
  ///   it is moved
  CheckpointBuffer(String source, ByteOrder order, long memoryLimit, Path scratchDirectory) {
    this.source = source;
    this.memoryLimit = memoryLimit;
    this.scratchDirectory = scratchDirectory;
    this.parser = new RecordParser(source, order);
  }

  /// How many records are held.
  int size() {
    return records.size();
  }

  /// Holds a record; its views may die afterwards. Pages that were left in the input are taken.
  void add(RecordSource from, Framed framed) throws IOException {
    Frame frame = framed.frame();
    long octets = frame.end() - frame.offset();
    MemorySegment room = room(octets);
    boolean spilled = room == null;
    MemorySegment into = room == null ? spillRoom(octets) : room;
    MemorySegment there = frame.octets();
    into.asSlice(0, there.byteSize()).copyFrom(there);
    if (there.byteSize() < octets) {
      long padding = Wire.padding(frame.length());
      into.asSlice(octets - padding).fill((byte) 0);
      runs.clear();
      runs.add(into, there.byteSize(), octets - padding - there.byteSize());
      from.takePages(framed, runs);
    }
    long place = 0;
    if (spilled) {
      place = scratchSize;
      try {
        write(into);
      } catch (IOException e) {
        throw new ScratchException(scratchDirectory, e);
      }
    }
    records.add(
        new Held(
            frame.offset(),
            frame.index(),
            frame.type(),
            frame.length(),
            octets,
            spilled ? null : into,
            place));
  }

  /// A place in memory; null when the limit is reached.
  private @Nullable MemorySegment room(long octets) {
    while (block < blocks.size() && used + octets > blocks.get(block).byteSize()) {
      block++;
      used = 0;
    }
    if (block == blocks.size()) {
      long size = Math.max(BLOCK, octets);
      if (taken + size > memoryLimit) {
        return null;
      }
      blocks.add(arena.allocate(size, Wire.PAGE_SIZE));
      taken += size;
      used = 0;
    }
    MemorySegment room = blocks.get(block).asSlice(used, octets);
    used += octets;
    return room;
  }

  /// Room for one record on its way to or from the scratch file.
  @SuppressWarnings("MustBeClosedChecker") // lives until a longer record, or the buffer's end
  private MemorySegment spillRoom(long octets) {
    if (spill.byteSize() < octets) {
      if (spillArena != null) {
        spillArena.close();
      }
      spillArena = Arena.ofShared();
      spill = spillArena.allocate(Math.max(BLOCK, octets), Wire.PAGE_SIZE);
    }
    return spill.asSlice(0, octets);
  }

  private FileChannel scratch() throws IOException {
    FileChannel open = scratch;
    if (open == null) {
      scratchFile = Files.createTempFile(scratchDirectory, "xenstream-checkpoint", ".tmp");
      open =
          FileChannel.open(
              scratchFile,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.DELETE_ON_CLOSE);
      scratch = open;
    }
    return open;
  }

  private void write(MemorySegment octets) throws IOException {
    FileChannel to = scratch();
    long length = octets.byteSize();
    for (long at = 0; at < length; at += WRITTEN_AT_ONCE) {
      ByteBuffer part = octets.asSlice(at, Math.min(WRITTEN_AT_ONCE, length - at)).asByteBuffer();
      while (part.hasRemaining()) {
        scratchSize += to.write(part, scratchSize);
      }
    }
  }

  private MemorySegment read(long place, long length) throws IOException {
    FileChannel from = scratch();
    MemorySegment octets = spillRoom(length);
    for (long at = 0; at < length; at += WRITTEN_AT_ONCE) {
      ByteBuffer part = octets.asSlice(at, Math.min(WRITTEN_AT_ONCE, length - at)).asByteBuffer();
      long position = place + at;
      while (part.hasRemaining()) {
        int got = from.read(part, position);
        if (got < 0) {
          throw new EOFException(source + ": the scratch file was shortened");
        }
        position += got;
      }
    }
    return octets;
  }

  /// A record as it came, with the place in the stream where it stood. Its views die with the next
  /// call.
  Framed get(int i) throws IOException {
    Held held = records.get(i);
    MemorySegment octets = held.block() == null ? read(held.place(), held.octets()) : held.block();
    Frame frame = new Frame(held.offset(), held.index(), held.type(), octets, held.length());
    return new Framed(frame, parser.parse(frame));
  }

  /// Forgets all records. Memory is kept for the next checkpoint.
  void clear() throws IOException {
    records.clear();
    block = 0;
    used = 0;
    scratchSize = 0;
    if (scratch != null) {
      scratch.truncate(0);
    }
  }

  @Override
  public void close() throws IOException {
    if (!arena.scope().isAlive()) {
      return;
    }
    arena.close();
    if (spillArena != null) {
      spillArena.close();
    }
    if (scratch != null) {
      scratch.close();
    }
    if (scratchFile != null) {
      Files.deleteIfExists(scratchFile);
    }
  }
}
