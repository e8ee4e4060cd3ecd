// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.GatheringByteChannel;
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

/// A stream that is kept, to be judged and restored.
final class StreamInMemory implements SaveOutput, GatheringByteChannel {
  private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
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
    return kept.size();
  }

  OctetInput input() {
    byte[] octets = kept.toByteArray();
    return new ChannelInput("saved", Channels.newChannel(new ByteArrayInputStream(octets)));
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
    kept.writeBytes(octets);
    return octets.length;
  }

  @Override
  public long write(ByteBuffer[] sources, int offset, int length) {
    long count = 0;
    for (int i = offset; i < offset + length; i++) {
      count += write(sources[i]);
    }
    return count;
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
