// SPDX-License-Identifier: Apache-2.0
package org.xenstream.bench;

import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;

/// Takes everything at once and touches nothing: what remains is the cost of the writer.
final class NullChannel implements GatheringByteChannel {
  private long written;

  /// How many octets were taken.
  long written() {
    return written;
  }

  @Override
  public int write(ByteBuffer buffer) {
    int taken = buffer.remaining();
    buffer.position(buffer.limit());
    written += taken;
    return taken;
  }

  @Override
  public long write(ByteBuffer[] buffers, int offset, int length) {
    long before = written;
    for (int i = offset; i < offset + length; i++) {
      write(buffers[i]);
    }
    return written - before;
  }

  @Override
  public long write(ByteBuffer[] buffers) {
    return write(buffers, 0, buffers.length);
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public void close() {}
}
