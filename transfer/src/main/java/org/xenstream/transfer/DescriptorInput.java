// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.xenstream.core.format.MemoryRuns;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.Wire;
import org.xenstream.os.Descriptor;
import org.xenstream.os.IoVectors;

/// Octets from a file descriptor: a pipe, a socket, a file from where it stands. What a restore
/// takes goes from the system call to where it belongs; a little is read ahead for what is looked
/// at.
///
/// It never waits for longer than its [Patience] allows, and changes nothing of the open file, see
/// [Descriptor].
public final class DescriptorInput implements OctetInput {
  /// What is read for a record's header: a batch's entries with it, and few of its pages, which
  /// have to be copied then.
  private static final int READ_AHEAD = 16 << 10;

  /// A full batch as far as its entries: what is read of a record at once where no octet too many
  /// may be.
  private static final int HEAD = Wire.RECORD_HEADER + 8 + 8 * Wire.MAX_BATCH;

  private static final int MOST_HELD = Integer.MAX_VALUE - 8;

  private final DescriptorPort port;
  private final IoVectors places;
  private final boolean exact;
  private long allowed;
  private Arena arena;
  private MemorySegment buffer;
  private int start;
  private int end;
  private long position;
  private boolean ended;

  /// @param name for messages
  /// @param descriptor closed with the input
  /// @throws IOException when there is no further descriptor
  public DescriptorInput(String name, Descriptor descriptor, Patience patience) throws IOException {
    this(name, descriptor, patience, false);
  }

  /// An input that reads nothing but what is asked for or allowed ([#mayReadTo]), so that somebody
  /// else may read on from the descriptor where this one stops: libxl does, behind END and between
  /// checkpoints.
  ///
  /// @param name for messages
  /// @param descriptor closed with the input
  /// @throws IOException when there is no further descriptor
  public static DescriptorInput exact(String name, Descriptor descriptor, Patience patience)
      throws IOException {
    return new DescriptorInput(name, descriptor, patience, true);
  }

  @SuppressWarnings("MustBeClosedChecker") // lives until the buffer grows, or the input's end
  private DescriptorInput(String name, Descriptor descriptor, Patience patience, boolean exact)
      throws IOException {
    this.exact = exact;
    this.port = new DescriptorPort(name, descriptor, Descriptor.Readiness.READ, patience);
    this.places = new IoVectors(port.arena());
    this.arena = Arena.ofShared();
    this.buffer = arena.allocate(2 * READ_AHEAD, 64);
  }

  @Override
  public String name() {
    return port.name();
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
  public void mayReadTo(long end) {
    allowed = end;
  }

  /// How many octets from the position on may be held though nobody asked for them.
  private long readAhead() {
    if (!exact) {
      return (long) end - start + READ_AHEAD;
    }
    // A short record whole, with the header of the next; of a longer one what stands before pages.
    long mine = allowed - position;
    return mine <= HEAD + Wire.RECORD_HEADER ? mine : HEAD;
  }

  @Override
  public MemorySegment peek(long count) throws IOException {
    int wanted = (int) Math.min(count, MOST_HELD);
    while (end - start < wanted && !ended) {
      long reach = Math.max(readAhead(), wanted);
      makeRoom(exact ? reach : wanted);
      places.clear();
      places.add(buffer.address() + end, Math.min(buffer.byteSize() - end, reach - (end - start)));
      end += (int) read();
    }
    return buffer.asSlice(start, Math.min(wanted, end - start));
  }

  /// Reads into some places, and counts nothing.
  private long read() throws IOException {
    long got = port.move(places, Long.MAX_VALUE, position + (end - start));
    ended = got == 0;
    return got;
  }

  /// Makes room for at least one more octet: memory grows with what has arrived, not with what is
  /// wanted.
  private void makeRoom(long wanted) {
    int held = end - start;
    if (start > 0 && (held == 0 || start + wanted > buffer.byteSize())) {
      MemorySegment.copy(buffer, start, buffer, 0, held);
      start = 0;
      end = held;
    }
    if (end == buffer.byteSize()) {
      grow(Math.min(2L * held, MOST_HELD));
    }
  }

  @SuppressWarnings("MustBeClosedChecker") // lives until the buffer grows again
  private void grow(long capacity) {
    Arena larger = Arena.ofShared();
    MemorySegment fresh = larger.allocate(capacity, 64);
    MemorySegment.copy(buffer, 0, fresh, 0, end);
    arena.close();
    arena = larger;
    buffer = fresh;
  }

  @Override
  public MemorySegment near(long count) throws IOException {
    return peek(count);
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
      places.clear();
      places.add(buffer.address(), exact ? Math.min(left, buffer.byteSize()) : buffer.byteSize());
      end = (int) read();
    }
  }

  @Override
  public long take(MemorySegment into) throws IOException {
    long taken = fromBuffer(into, 0, into.byteSize());
    if (taken == into.byteSize()) {
      return taken;
    }
    if (!into.isNative()) {
      return taken + takeCopied(into.asSlice(taken));
    }
    places.clear();
    places.add(into.address() + taken, into.byteSize() - taken);
    return taken + fill();
  }

  @Override
  public long take(MemoryRuns into) throws IOException {
    long taken = 0;
    places.clear();
    for (int i = 0; i < into.count(); i++) {
      if (!into.memory(i).isNative()) {
        throw new IllegalArgumentException("octets are moved into native memory only");
      }
      long held = 0;
      if (end > start) {
        held = fromBuffer(into.memory(i), into.offset(i), into.length(i));
        taken += held;
      }
      if (held == into.length(i)) {
        continue;
      }
      if (places.isFull()) {
        taken += fill();
        if (ended) {
          return taken;
        }
        places.clear();
      }
      places.add(into.memory(i).address() + into.offset(i) + held, into.length(i) - held);
    }
    return taken + fillAndReadAhead();
  }

  /// Fills all places, and reads the header of the next record by the same call where nothing else
  /// is left of this one.
  private long fillAndReadAhead() throws IOException {
    long wanted = places.left();
    long ahead = exact && wanted > 0 ? allowed - (position + wanted) : 0;
    if (ahead <= 0 || ahead > Wire.RECORD_HEADER || places.isFull()) {
      return fill();
    }
    places.add(buffer.address(), ahead);
    while (places.left() > ahead && !ended) {
      position += read();
    }
    long missing = Math.max(0, places.left() - ahead);
    start = 0;
    end = (int) (ahead - (places.left() - missing));
    position -= end;
    return wanted - missing;
  }

  /// Moves what is held already.
  private long fromBuffer(MemorySegment into, long offset, long length) {
    int held = (int) Math.min(length, end - start);
    MemorySegment.copy(buffer, start, into, offset, held);
    start += held;
    position += held;
    return held;
  }

  /// Fills all places as far as the source reaches; nothing is held.
  private long fill() throws IOException {
    long filled = 0;
    while (places.left() > 0 && !ended) {
      long got = read();
      position += got;
      filled += got;
    }
    return filled;
  }

  private long takeCopied(MemorySegment into) throws IOException {
    long taken = 0;
    while (taken < into.byteSize() && peek(1).byteSize() > 0) {
      taken += fromBuffer(into, taken, into.byteSize() - taken);
    }
    return taken;
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
    port.close();
  }
}
