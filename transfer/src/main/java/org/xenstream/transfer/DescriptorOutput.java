// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.GatheringByteChannel;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.DomainHeader;
import org.xenstream.core.format.ImageHeader;
import org.xenstream.core.format.RecordType;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.StreamWriter;
import org.xenstream.core.format.Wire;
import org.xenstream.os.Descriptor;
import org.xenstream.os.IoVectors;

/// A save's stream into a file descriptor: a pipe, a socket, a file. The pages of a batch go from
/// where they lie into the system call, with no copy in between and no garbage.
///
/// It never waits for longer than its [Patience] allows, and changes nothing of the open file but
/// the size of a pipe, see [Descriptor]. What does not fit at the end of it stays unwritten: after
/// an exception the stream is broken.
public final class DescriptorOutput implements SaveOutput, AutoCloseable {
  /// Octets of records other than PAGE_DATA that are gathered before they are written.
  private static final int STAGING = 64 << 10;

  /// What the kernel allows without privilege unless it was told otherwise.
  private static final int PIPE_SIZE = 1 << 20;

  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final DescriptorPort port;
  private final Pace pace;
  private final IoVectors places;
  private final MemorySegment head;
  private final MemorySegment staging;
  private final Gathering channel = new Gathering();
  private @Nullable StreamWriter writer;
  private boolean bigEndian;

  /// Whether records may wait for others.
  private boolean gathers;

  /// Octets that wait in [#staging].
  private long staged;

  private long written;

  /// @param name for messages
  /// @param descriptor closed with the output
  /// @param limit how fast it may be; null for as fast as it can
  /// @throws IOException when there is no further descriptor
  public DescriptorOutput(
      String name, Descriptor descriptor, Patience patience, @Nullable BandwidthLimit limit)
      throws IOException {
    this.port = new DescriptorPort(name, descriptor, Descriptor.Readiness.WRITE, patience);
    this.pace = new Pace(patience, limit);
    Arena arena = port.arena();
    this.places = new IoVectors(arena);
    this.head = arena.allocate(Wire.RECORD_HEADER + 8L, 8);
    this.staging = arena.allocate(STAGING, 8);
    descriptor.growPipe(PIPE_SIZE);
  }

  @Override
  public void begin(ImageHeader image, DomainHeader domain) throws IOException {
    bigEndian = image.order() == ByteOrder.BIG_ENDIAN;
    writer = StreamWriter.begin(channel, image, domain);
    flush();
    gathers = true;
  }

  /// Goes on without headers: a back channel has none.
  public void resume(ByteOrder order) {
    bigEndian = order == ByteOrder.BIG_ENDIAN;
    writer = StreamWriter.resume(channel, order);
  }

  @Override
  public void accept(StreamRecord record) throws IOException {
    writer().accept(record);
    if (!gathers || isWaitedFor(record)) {
      flush();
    }
  }

  /// Whether the receiver has something to do behind it.
  private static boolean isWaitedFor(StreamRecord record) {
    return record instanceof StreamRecord.StaticDataEnd
        || record instanceof StreamRecord.Checkpoint
        || record instanceof StreamRecord.End;
  }

  private StreamWriter writer() {
    if (writer == null) {
      throw new IllegalStateException("a record before the headers");
    }
    return writer;
  }

  @Override
  public void accept(PageBatch batch) throws IOException {
    StreamWriter began = writer();
    if (bigEndian) {
      began.accept(batch.toRecord());
      return;
    }
    head.set(U32, 0, RecordType.PAGE_DATA.code());
    head.set(U32, 4, Math.toIntExact(batch.bodyLength()));
    head.set(U32, 8, batch.count());
    head.set(U32, 12, 0);
    places.clear();
    if (staged > 0) {
      places.add(staging.address(), staged);
      staged = 0;
    }
    places.add(head.address(), head.byteSize());
    if (batch.count() > 0) {
      places.add(batch.entries().address(), 8L * batch.count());
    }
    for (int i = 0; i < batch.runs(); i++) {
      if (places.isFull()) {
        writeAll();
        places.clear();
      }
      places.add(batch.runAddress(i), batch.runLength(i));
    }
    writeAll();
  }

  private void writeAll() throws IOException {
    while (places.left() > 0) {
      long moved = port.move(places, pace.next(), written);
      pace.sent(moved);
      written += moved;
    }
  }

  @Override
  public long written() {
    return written + staged;
  }

  @Override
  public long unread() {
    return staged + port.unread();
  }

  private void flush() throws IOException {
    if (staged > 0) {
      places.clear();
      places.add(staging.address(), staged);
      staged = 0;
      writeAll();
    }
  }

  /// Closes the descriptor, if it is its own.
  @Override
  public void close() {
    port.close();
  }

  /// What the core's writer gives, copied: records other than pages are small.
  private final class Gathering implements GatheringByteChannel {
    @Override
    public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
      long sum = 0;
      for (int i = offset; i < offset + length; i++) {
        while (sources[i].hasRemaining()) {
          if (staged == STAGING) {
            flush();
          }
          sum += stage(sources[i]);
        }
      }
      return sum;
    }

    private long stage(ByteBuffer source) {
      int count = (int) Math.min(source.remaining(), STAGING - staged);
      MemorySegment.copy(
          MemorySegment.ofBuffer(source.slice(source.position(), count)),
          0,
          staging,
          staged,
          count);
      source.position(source.position() + count);
      staged += count;
      return count;
    }

    @Override
    public long write(ByteBuffer[] sources) throws IOException {
      return write(sources, 0, sources.length);
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
      return (int) write(new ByteBuffer[] {source}, 0, 1);
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }
}
