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
import org.xenstream.core.envelope.ScratchException;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.MemoryRuns;
import org.xenstream.core.format.RecordParser;
import org.xenstream.core.format.RecordSource;
import org.xenstream.core.format.Wire;

/// The records since the last checkpoint, held until the next one is complete (`buffer_record` of
/// `xg_sr_restore.c`, which has no limit): in native memory up to a limit, what is more in a
/// scratch file, up to a limit as well.
///
/// Each record lies packed behind its place in the stream, so that nothing on the heap grows with
/// their number: a sender may make them as small as it likes.
final class CheckpointBuffer implements AutoCloseable {
  private static final long BLOCK = 4L << 20;
  private static final int WRITTEN_AT_ONCE = 1 << 20;

  /// What stands in front of each record: its offset in the stream, and its index.
  private static final int PLACE = 16;

  private static final int INDEX = 8;

  /// Memory, with records in its first octets.
  private static final class Block {
    final MemorySegment memory;
    long used;

    Block(MemorySegment memory) {
      this.memory = memory;
    }
  }

  private final String source;
  private final ByteOrder order;
  private final long memoryLimit;
  private final long scratchLimit;
  private final Path scratchDirectory;
  private final boolean ownLimit;
  private final RecordParser parser;
  private final Arena arena = Arena.ofShared();
  private final List<Block> blocks = new ArrayList<>();
  private final MemoryRuns runs = new MemoryRuns();

  /// The block that is filled; none when all are full.
  private int filled;

  private long taken;
  private @Nullable Path scratchFile;
  private @Nullable FileChannel scratch;
  private long scratchSize;

  /// Octets on their way to the end of the scratch file; when records are read, those that lie at
  /// [#spillPlace] of it.
  private MemorySegment spill = MemorySegment.NULL;

  private @Nullable Arena spillArena;
  private long spilled;
  private long spillPlace;
  private int readBlock;
  private long readAt;

  /// @param request how much may be held; one record is held in memory in any case while it is
  ///   moved
  CheckpointBuffer(String source, ByteOrder order, RestoreRequest request) {
    this.source = source;
    this.order = order;
    this.memoryLimit = request.bufferMemory();
    this.scratchDirectory = request.scratchDirectory();
    this.scratchLimit = request.scratchLimit();
    this.ownLimit = request.ownLimit();
    this.parser = new RecordParser(source, order);
  }

  /// Holds a record; its views may die afterwards. Pages that were left in the input are taken.
  ///
  /// @throws RefusedStreamException when its sender has sent more than any sender does
  /// @throws ScratchException when there is no room for it, which is no fault of the sender's
  void add(RecordSource from, Framed framed) throws IOException {
    Frame frame = framed.frame();
    long octets = frame.size();
    MemorySegment room = room(frame, PLACE + octets);
    Wire.putU64(room, 0, frame.offset(), ByteOrder.LITTLE_ENDIAN);
    Wire.putU64(room, INDEX, frame.index(), ByteOrder.LITTLE_ENDIAN);
    MemorySegment into = room.asSlice(PLACE);
    MemorySegment there = frame.octets();
    into.asSlice(0, there.byteSize()).copyFrom(there);
    if (there.byteSize() < octets) {
      long padding = Wire.padding(frame.length());
      into.asSlice(octets - padding).fill((byte) 0);
      runs.clear();
      runs.add(into, there.byteSize(), octets - padding - there.byteSize());
      from.takePages(framed, runs);
    }
  }

  /// A place in memory; when that is full, one on the way to the scratch file, for all that follow.
  private MemorySegment room(Frame frame, long octets) throws IOException {
    if (scratchSize + spilled > 0) {
      return spillRoom(frame, octets);
    }
    while (filled < blocks.size()
        && octets > blocks.get(filled).memory.byteSize() - blocks.get(filled).used) {
      filled++;
    }
    if (filled == blocks.size()) {
      long size = Math.max(BLOCK, octets);
      if (taken + size > memoryLimit) {
        return spillRoom(frame, octets);
      }
      blocks.add(new Block(arena.allocate(size, Wire.PAGE_SIZE)));
      taken += size;
    }
    Block block = blocks.get(filled);
    MemorySegment room = block.memory.asSlice(block.used, octets);
    block.used += octets;
    return room;
  }

  private MemorySegment spillRoom(Frame frame, long octets) throws IOException {
    if (scratchSize + spilled + octets > scratchLimit) {
      throw tooMuch(frame);
    }
    if (spilled + octets > spill.byteSize()) {
      try {
        flush();
      } catch (IOException e) {
        throw noScratch(e);
      }
      growSpill(octets);
    }
    MemorySegment room = spill.asSlice(spilled, octets);
    spilled += octets;
    return room;
  }

  private IOException tooMuch(Frame frame) {
    if (ownLimit) {
      return new ScratchException(
          "the records of a checkpoint need more than %d octets of memory and the %d that a scratch file in %s may have"
              .formatted(memoryLimit, scratchLimit, scratchDirectory));
    }
    return RefusedStreamException.of(
        source,
        frame,
        "records of a checkpoint that fit into %d octets of memory and %d of a scratch file"
            .formatted(memoryLimit, scratchLimit),
        "more");
  }

  private ScratchException noScratch(IOException cause) {
    return new ScratchException(
        "no scratch file for the records of a checkpoint in " + scratchDirectory, cause);
  }

  /// Makes it hold so many octets; what was in it is lost.
  @SuppressWarnings("MustBeClosedChecker") // lives until a longer record, or the buffer's end
  private void growSpill(long octets) {
    if (spill.byteSize() < octets) {
      if (spillArena != null) {
        spillArena.close();
      }
      spillArena = Arena.ofShared();
      spill = spillArena.allocate(Math.max(BLOCK, octets), Wire.PAGE_SIZE);
    }
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

  private void flush() throws IOException {
    if (spilled == 0) {
      return;
    }
    FileChannel to = scratch();
    for (long at = 0; at < spilled; at += WRITTEN_AT_ONCE) {
      ByteBuffer part = spill.asSlice(at, Math.min(WRITTEN_AT_ONCE, spilled - at)).asByteBuffer();
      while (part.hasRemaining()) {
        scratchSize += to.write(part, scratchSize);
      }
    }
    spilled = 0;
  }

  /// Begins to give the records, in the order in which they came.
  void rewind() throws IOException {
    try {
      flush();
    } catch (IOException e) {
      throw noScratch(e);
    }
    readBlock = 0;
    readAt = 0;
    spillPlace = 0;
  }

  /// The next record as it came, with the place in the stream where it stood. Its views die with
  /// the next call.
  ///
  /// @return null when all were given
  @Nullable Framed next() throws IOException {
    while (readBlock < blocks.size() && readAt == blocks.get(readBlock).used) {
      readBlock++;
      readAt = 0;
    }
    boolean inMemory = readBlock < blocks.size();
    if (!inMemory && readAt == scratchSize) {
      return null;
    }
    MemorySegment head =
        inMemory ? held(PLACE + Wire.RECORD_HEADER) : read(PLACE + Wire.RECORD_HEADER);
    long length = Integer.toUnsignedLong(Wire.u32(head, PLACE + 4, order));
    long octets = PLACE + Wire.RECORD_HEADER + length + Wire.padding(length);
    MemorySegment there = inMemory ? held(octets) : read(octets);
    readAt += octets;
    Frame frame =
        new Frame(
            Wire.u64(there, 0),
            Wire.u64(there, INDEX),
            Wire.u32(there, PLACE, order),
            there.asSlice(PLACE),
            length);
    return new Framed(frame, parser.parse(frame));
  }

  private MemorySegment held(long octets) {
    return blocks.get(readBlock).memory.asSlice(readAt, octets);
  }

  /// The octets of the scratch file at [#readAt]. What they are read with is overwritten.
  private MemorySegment read(long octets) throws IOException {
    if (readAt + octets > spillPlace + spilled) {
      growSpill(octets);
      spillPlace = readAt;
      spilled = Math.min(spill.byteSize(), scratchSize - readAt);
      FileChannel from = scratch();
      for (long at = 0; at < spilled; ) {
        long step = Math.min(WRITTEN_AT_ONCE, spilled - at);
        int got = from.read(spill.asSlice(at, step).asByteBuffer(), readAt + at);
        if (got < 0) {
          throw new EOFException(source + ": the scratch file was shortened");
        }
        at += got;
      }
    }
    return spill.asSlice(readAt - spillPlace, octets);
  }

  /// Forgets all records. Memory is kept for the next checkpoint.
  void clear() throws IOException {
    blocks.forEach(block -> block.used = 0);
    filled = 0;
    spilled = 0;
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
