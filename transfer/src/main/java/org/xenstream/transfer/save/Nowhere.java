// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;

/// Takes all that is written to it, and forgets it but for how much it was.
final class Nowhere implements GatheringByteChannel {
  private long taken;

  /// How many octets it has taken.
  long taken() {
    return taken;
  }

  @Override
  public int write(ByteBuffer source) {
    int count = source.remaining();
    source.position(source.limit());
    taken += count;
    return count;
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
  public void close() {}
}
