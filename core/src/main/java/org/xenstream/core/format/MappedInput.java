// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// A file, seen through a mapping that slides: a window, not the file, so that the memory that a
/// process holds stays the same for an image of any size.
///
/// Only the pages that are touched are read. A view throws `IllegalStateException` once the window
/// has moved on. A file that another process truncates meanwhile makes an access fail with
/// `InternalError`, as the virtual machine does for every mapping.
public final class MappedInput implements OctetInput {
  /// Length of the window in octets; a longer one is mapped where a single view asks for it.
  static final long WINDOW = 32L << 20;

  /// Room for a record's header and the entries of a batch of the reference saver.
  private static final int NEAR = 12 << 10;

  /// The most that is copied to be looked at: two batches of the reference saver.
  private static final long MOST_READ = 8L << 20;

  /// From there on the virtual machine writes past the processor's caches, where it can (some 2.5
  /// MiB).
  private static final long LUMP = 3L << 20;

  /// A buffer counts its octets in an int.
  private static final long MOST_AT_ONCE = 1L << 30;

  private final String name;
  private final FileChannel channel;
  private final long size;
  private long position;
  private @Nullable Arena arena;
  private MemorySegment window = MemorySegment.NULL;
  private long windowStart;
  private final Arena nearArena;
  private final MemorySegment near;
  private final ByteBuffer nearBytes;
  private long nearStart;
  private @Nullable Arena readArena;
  private MemorySegment read = MemorySegment.NULL;
  private @Nullable LongSupplier clock;
  private final QuickerWay mapped = new QuickerWay();

  @SuppressWarnings("MustBeClosedChecker") // lives until the input's end
  private MappedInput(String name, FileChannel channel, long position) throws IOException {
    this.name = name;
    this.channel = channel;
    this.size = channel.size();
    this.position = position;
    this.nearArena = Arena.ofShared();
    this.near = nearArena.allocate(NEAR, Long.BYTES);
    this.nearBytes = near.asByteBuffer();
  }

  /// Opens a regular file.
  public static MappedInput open(Path file) throws IOException {
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
    try {
      return new MappedInput(file.toString(), channel, 0);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /// Maps an open regular file from its current position on; the channel is closed with the input.
  public static MappedInput of(String name, FileChannel channel) throws IOException {
    return new MappedInput(name, channel, channel.position());
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public long size() {
    return size;
  }

  /// From here on lumps that are taken into memory are copied from the mapping where that is
  /// quicker here than to read them, which is told by trying both in turn. Nobody's views change.
  ///
  /// @param nanoTime a clock that only goes forward, in nanoseconds
  public void timeLumps(LongSupplier nanoTime) {
    clock = nanoTime;
  }

  /// The file, for transfers that need no view; its position means nothing.
  public FileChannel channel() {
    return channel;
  }

  @Override
  public MemorySegment peek(long count) throws IOException {
    long length = Math.min(count, left());
    if (length == 0) {
      return window.asSlice(0, 0);
    }
    long at = position - windowStart;
    if (at + length > window.byteSize()) {
      slide(length);
      at = position - windowStart;
    }
    return window.asSlice(at, length);
  }

  @Override
  public MemorySegment read(long count) throws IOException {
    long length = Math.min(count, left());
    if (length > MOST_READ) {
      return peek(length);
    }
    if (length > read.byteSize()) {
      makeRoom(length);
    }
    MemorySegment view = read.asSlice(0, length);
    ByteBuffer into = view.asByteBuffer();
    while (into.hasRemaining()) {
      if (channel.read(into, position + into.position()) < 0) {
        throw shortened();
      }
    }
    return view;
  }

  @SuppressWarnings("MustBeClosedChecker") // lives until there is more room, or the input's end
  private void makeRoom(long length) {
    if (readArena != null) {
      readArena.close();
    }
    Arena fresh = Arena.ofShared();
    readArena = fresh;
    read = fresh.allocate(Math.min(MOST_READ, Math.max(length, 2 * read.byteSize())), Long.BYTES);
  }

  @Override
  public MemorySegment near(long count) throws IOException {
    long length = Math.min(count, left());
    if (length > NEAR) {
      return peek(length);
    }
    if (position < nearStart || position + length > nearStart + nearBytes.position()) {
      nearBytes.clear();
      while (nearBytes.position() < length) {
        if (channel.read(nearBytes, position + nearBytes.position()) < 0) {
          throw shortened();
        }
      }
      nearStart = position;
    }
    return near.asSlice(position - nearStart, length);
  }

  /// None where the channel was given to us standing behind its end.
  private long left() {
    return Math.max(0, size - position);
  }

  @SuppressWarnings("MustBeClosedChecker") // lives until the next window, or the input's end
  private void slide(long length) throws IOException {
    unmap();
    Arena fresh = Arena.ofShared();
    long extent = Math.min(Math.max(WINDOW, length), left());
    try {
      window = channel.map(FileChannel.MapMode.READ_ONLY, position, extent, fresh);
    } catch (IOException | RuntimeException e) {
      fresh.close();
      throw e;
    }
    windowStart = position;
    arena = fresh;
  }

  private void unmap() {
    window = MemorySegment.NULL;
    windowStart = position;
    if (arena != null) {
      arena.close();
      arena = null;
    }
  }

  @Override
  public long advance(long count) {
    long passed = Math.min(count, left());
    position += passed;
    return passed;
  }

  /// Reads from the file itself: to copy from the mapping mostly costs more, by page faults.
  @Override
  public long take(MemorySegment into) throws IOException {
    long wanted = Math.min(into.byteSize(), left());
    LongSupplier nanoTime = clock;
    if (nanoTime == null || wanted < LUMP) {
      readInto(into, wanted);
      return wanted;
    }
    long began = nanoTime.getAsLong();
    if (mapped.isSecond()) {
      copyInto(into, wanted);
    } else {
      readInto(into, wanted);
    }
    mapped.took(nanoTime.getAsLong() - began, wanted);
    return wanted;
  }

  private void readInto(MemorySegment into, long wanted) throws IOException {
    long taken = 0;
    while (taken < wanted) {
      long step = Math.min(wanted - taken, MOST_AT_ONCE);
      int got = channel.read(into.asSlice(taken, step).asByteBuffer(), position);
      if (got < 0) {
        throw shortened();
      }
      taken += got;
      position += got;
    }
  }

  private void copyInto(MemorySegment into, long wanted) throws IOException {
    long taken = 0;
    while (taken < wanted) {
      long step = Math.min(wanted - taken, WINDOW);
      MemorySegment.copy(peek(step), 0, into, taken, step);
      taken += step;
      position += step;
    }
  }

  /// Fills many places by one call: pages of a PV guest often lie alone.
  @Override
  public long take(MemoryRuns into) throws IOException {
    if (into.count() < 2 || into.byteSize() > Math.min(MOST_AT_ONCE, left())) {
      return OctetInput.super.take(into);
    }
    ByteBuffer[] places = new ByteBuffer[into.count()];
    for (int i = 0; i < places.length; i++) {
      places[i] = into.run(i).asByteBuffer();
    }
    long end = position + into.byteSize();
    int first = 0;
    channel.position(position);
    while (position < end) {
      long got = channel.read(places, first, places.length - first);
      if (got < 0) {
        throw shortened();
      }
      position += got;
      while (first < places.length && !places[first].hasRemaining()) {
        first++;
      }
    }
    return into.byteSize();
  }

  /// Asks the system to move them, which shows them to nobody.
  @Override
  public long moveTo(WritableByteChannel to, long count) throws IOException {
    long wanted = Math.min(count, left());
    long end = position + wanted;
    while (position < end) {
      long moved = TakingChannel.move(channel, position, end - position, to);
      if (moved <= 0 && position >= channel.size()) {
        throw shortened();
      }
      position += moved;
    }
    return wanted;
  }

  private EOFException shortened() {
    return new EOFException(name + ": the file was shortened while it was read");
  }

  @Override
  public void close() throws IOException {
    unmap();
    if (nearArena.scope().isAlive()) {
      nearArena.close();
    }
    if (readArena != null) {
      readArena.close();
      readArena = null;
      read = MemorySegment.NULL;
    }
    channel.close();
  }
}
