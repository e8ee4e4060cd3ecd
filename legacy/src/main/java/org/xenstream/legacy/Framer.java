// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.GatheringByteChannel;
import java.util.Arrays;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.RecordParser;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.StreamWriter;
import org.xenstream.core.format.Wire;

/// Makes framed records as a reader of a modern stream would have given them: with octets of their
/// own, so that they can be kept, and a place in the legacy image.
///
/// Their index is 0: [LegacySource] numbers what it gives.
final class Framer {
  private final RecordParser parser;

  Framer(String source) {
    this.parser = new RecordParser(source, ByteOrder.LITTLE_ENDIAN);
  }

  /// @param offset where the octets of which the record is made begin in the legacy image
  /// @param record not memory: its octets are copied
  Framed frame(long offset, StreamRecord record) throws IOException {
    Octets octets = new Octets();
    StreamWriter.resume(octets, ByteOrder.LITTLE_ENDIAN).accept(record);
    MemorySegment whole = MemorySegment.ofArray(octets.bytes);
    long length = Integer.toUnsignedLong(Wire.u32(whole, 4));
    Frame frame = new Frame(offset, 0, record.type(), whole, length);
    return new Framed(frame, parser.parse(frame));
  }

  /// What is written, in an array that is made as long as each write needs it: mostly once.
  private static final class Octets implements GatheringByteChannel {
    private byte[] bytes = new byte[0];

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) {
      int at = bytes.length;
      long more = 0;
      for (int i = offset; i < offset + length; i++) {
        more += sources[i].remaining();
      }
      bytes = Arrays.copyOf(bytes, Math.toIntExact(at + more));
      for (int i = offset; i < offset + length; i++) {
        int count = sources[i].remaining();
        sources[i].get(bytes, at, count);
        at += count;
      }
      return more;
    }

    @Override
    public long write(ByteBuffer[] sources) {
      return write(sources, 0, sources.length);
    }

    @Override
    public int write(ByteBuffer source) {
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
