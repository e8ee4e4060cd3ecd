// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.GatheringByteChannel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.DomainHeader;
import org.xenstream.core.format.ImageHeader;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.StreamWriter;
import org.xenstream.core.verify.Judge;
import org.xenstream.core.verify.Release;
import org.xenstream.transfer.PageBatch;
import org.xenstream.transfer.SaveOutput;

/// A stream that is kept, to be judged and restored. Piece by piece: a guest that writes while it
/// is saved makes it as long as the machine is slow, and one array would have to be copied to grow.
final class StreamInMemory implements SaveOutput, GatheringByteChannel {
  private final List<byte[]> kept = new ArrayList<>();
  private long length;
  private @Nullable StreamWriter writer;

  @Override
  public void begin(ImageHeader image, DomainHeader domain) throws IOException {
    writer = StreamWriter.begin(this, image, domain);
  }

  @Override
  public void accept(PageBatch batch) throws IOException {
    accept(batch.toRecord());
  }

  @Override
  public void accept(StreamRecord record) throws IOException {
    Objects.requireNonNull(writer).accept(record);
  }

  @Override
  public long written() {
    return length;
  }

  OctetInput input() {
    List<ByteArrayInputStream> pieces = kept.stream().map(ByteArrayInputStream::new).toList();
    return new ChannelInput(
        "saved", Channels.newChannel(new SequenceInputStream(Collections.enumeration(pieces))));
  }

  /// What the judge finds.
  ///
  /// @param target the release that has to take it; null for any
  List<String> findings(@Nullable Release target) throws IOException {
    try (ImageReader image = ImageReader.of(input(), Limits.DEFAULT)) {
      return Judge.judge(image, new Judge.Options(target, Set.of(), 10)).findings().stream()
          .map(Object::toString)
          .toList();
    }
  }

  @Override
  public int write(ByteBuffer source) {
    byte[] octets = new byte[source.remaining()];
    source.get(octets);
    kept.add(octets);
    length += octets.length;
    return octets.length;
  }

  @Override
  public long write(ByteBuffer[] sources, int offset, int count) {
    long written = 0;
    for (int i = offset; i < offset + count; i++) {
      written += write(sources[i]);
    }
    return written;
  }

  @Override
  public long write(ByteBuffer[] sources) {
    return write(sources, 0, sources.length);
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public void close() {
    // Octets in memory hold nothing.
  }
}
