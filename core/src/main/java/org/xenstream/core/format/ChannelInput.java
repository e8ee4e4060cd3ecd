// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/// A pipe, a socket or a decompressor, seen through one buffer that grows with what has arrived,
/// never with what a number in the stream promises.
///
/// Any chunking is taken, one octet at a time included; nothing is ever sought. The channel must
/// block: a read that gives nothing is asked again.
public final class ChannelInput implements OctetInput {
  private static final int FIRST_CAPACITY = PIECE;

  /// What is read at once where octets are handed on: a record's header and the entries of a batch
  /// with it, and few of its pages, which have to be copied then.
  private static final int READ_AHEAD = 16 << 10;

  /// A buffer counts its octets in an int.
  private static final long MOST_AT_ONCE = 1L << 30;

  private final String name;
  private final ReadableByteChannel channel;
  private Arena arena;
  private MemorySegment buffer;
  private ByteBuffer bytes;
  private int start;
  private int end;
  private long position;
  private boolean ended;
  private boolean handsOn;

  /// @param name for messages
  /// @param channel blocking; closed with the input
  public ChannelInput(String name, ReadableByteChannel channel) {
    this(name, channel, 0);
  }

  /// @param name for messages
  /// @param channel blocking; closed with the input
  /// @param position where the channel's first octet stands in what it is a part of
  @SuppressWarnings("MustBeClosedChecker") // lives until the buffer grows, or the input's end
  public ChannelInput(String name, ReadableByteChannel channel, long position) {
    this.name = name;
    this.channel = channel;
    this.position = position;
    this.arena = Arena.ofShared();
    this.buffer = arena.allocate(FIRST_CAPACITY, 64);
    this.bytes = buffer.asByteBuffer();
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
    return -1;
  }

  @Override
  public MemorySegment peek(long count) throws IOException {
    int wanted = (int) Math.min(count, Integer.MAX_VALUE - 8);
    while (end - start < wanted && !ended) {
      makeRoom(wanted);
      read(handsOn ? Math.max(wanted - (end - start), READ_AHEAD) : bytes.capacity());
    }
    return buffer.asSlice(start, Math.min(wanted, end - start));
  }

  @Override
  public MemorySegment near(long count) throws IOException {
    return peek(count);
  }

  /// Makes room for at least one more octet: from the front of the buffer when what is there fits
  /// with what is wanted, else in a buffer of at most twice the size.
  private void makeRoom(int wanted) {
    int held = end - start;
    if (held == 0) {
      start = 0;
      end = 0;
    }
    if (start + (long) wanted <= bytes.capacity()) {
      return;
    }
    if (wanted <= bytes.capacity()) {
      MemorySegment.copy(buffer, start, buffer, 0, held);
    } else if (held == bytes.capacity()) {
      grow((int) Math.min(2L * bytes.capacity(), wanted), held);
    } else if (end == bytes.capacity()) {
      MemorySegment.copy(buffer, start, buffer, 0, held);
    } else {
      return;
    }
    start = 0;
    end = held;
  }

  @SuppressWarnings("MustBeClosedChecker") // lives until the buffer grows again
  private void grow(int capacity, int held) {
    Arena larger = Arena.ofShared();
    MemorySegment fresh = larger.allocate(capacity, 64);
    MemorySegment.copy(buffer, start, fresh, 0, held);
    arena.close();
    arena = larger;
    buffer = fresh;
    bytes = fresh.asByteBuffer();
  }

  /// @param most how many octets at most, where there is room for them
  private void read(int most) throws IOException {
    bytes.limit(Math.min(bytes.capacity(), end + most)).position(end);
    int got = channel.read(bytes);
    if (got < 0) {
      ended = true;
    } else {
      end += got;
    }
  }

  @Override
  public long advance(long count) throws IOException {
    long left = count;
    while (true) {
      int step = (int) Math.min(left, end - start);
      start += step;
      left -= step;
      position += step;
      if (left == 0 || ended) {
        return count - left;
      }
      start = 0;
      end = 0;
      read(bytes.capacity());
    }
  }

  @Override
  public long take(MemorySegment into) throws IOException {
    long taken = Math.min(into.byteSize(), end - start);
    MemorySegment.copy(buffer, start, into, 0, taken);
    start += (int) taken;
    position += taken;
    while (taken < into.byteSize() && !ended) {
      long step = Math.min(into.byteSize() - taken, MOST_AT_ONCE);
      int got = channel.read(into.asSlice(taken, step).asByteBuffer());
      if (got < 0) {
        ended = true;
      } else {
        taken += got;
        position += got;
      }
    }
    return taken;
  }

  @Override
  public long moveTo(WritableByteChannel to, long count) throws IOException {
    long left = count;
    while (true) {
      int step = (int) Math.min(left, end - start);
      bytes.limit(start + step).position(start);
      while (bytes.hasRemaining()) {
        to.write(bytes);
      }
      start += step;
      left -= step;
      position += step;
      if (left == 0 || ended) {
        return count - left;
      }
      long passed = channel instanceof PassingChannel passing ? passing.passTo(to, left) : 0;
      left -= passed;
      position += passed;
      handsOn = passed > 0;
      if (!handsOn) {
        fill(Math.min(left, bytes.capacity()));
      }
    }
  }

  /// Reads until that many octets are there: to write each little that a pipe gives would cost a
  /// call for it. Nothing is held.
  private void fill(long count) throws IOException {
    start = 0;
    end = 0;
    while (end < count && !ended) {
      read(bytes.capacity());
    }
  }

  @Override
  public void close() throws IOException {
    if (arena.scope().isAlive()) {
      arena.close();
    }
    channel.close();
  }
}
