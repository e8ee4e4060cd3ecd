// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.DomainHeader;
import org.xenstream.core.format.ImageHeader;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.StreamWriter;

/// A save's stream into a channel, for what has no descriptor of its own and does not make one
/// wait: a buffer, a compressor, a file. Between its writes it looks at its [Patience]; a write
/// that is stuck is the channel's own matter, unlike with [DescriptorOutput].
public final class ChannelOutput implements SaveOutput {
  private final Counting channel;
  private @Nullable StreamWriter writer;

  /// @param channel blocking; stays the caller's to close
  /// @param limit how fast it may be; null for as fast as it can
  public ChannelOutput(
      GatheringByteChannel channel, Patience patience, @Nullable BandwidthLimit limit) {
    this.channel = new Counting(channel, new Pace(patience, limit));
  }

  @Override
  public void begin(ImageHeader image, DomainHeader domain) throws IOException {
    writer = StreamWriter.begin(channel, image, domain);
  }

  @Override
  public void accept(StreamRecord record) throws IOException {
    if (writer == null) {
      throw new IllegalStateException("a record before the headers");
    }
    writer.accept(record);
  }

  @Override
  public void accept(PageBatch batch) throws IOException {
    accept(batch.toRecord());
  }

  @Override
  public long written() {
    return channel.written;
  }

  private static final class Counting implements GatheringByteChannel {
    private final GatheringByteChannel channel;
    private final Pace pace;
    private long written;

    Counting(GatheringByteChannel channel, Pace pace) {
      this.channel = channel;
      this.pace = pace;
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
      long most = pace.next();
      int count = 0;
      long sum = 0;
      while (count < length && sum + sources[offset + count].remaining() <= most) {
        sum += sources[offset + count++].remaining();
      }
      if (count > 0) {
        return count(channel.write(sources, offset, count));
      }
      ByteBuffer first = sources[offset];
      int moved = channel.write(first.slice(first.position(), (int) most));
      first.position(first.position() + moved);
      return count(moved);
    }

    private long count(long moved) {
      pace.sent(moved);
      written += moved;
      return moved;
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
      return channel.isOpen();
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
