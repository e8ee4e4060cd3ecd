// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/// A line that breaks: it gives some octets, and then every read fails.
public final class FailingChannel implements ReadableByteChannel {
  private final ByteBuffer octets;
  private final int breaksAt;

  /// @param octets what could be read
  /// @param breaksAt how many of them are given before the first failure
  public FailingChannel(byte[] octets, int breaksAt) {
    this.octets = ByteBuffer.wrap(octets, 0, breaksAt);
    this.breaksAt = breaksAt;
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    if (!octets.hasRemaining()) {
      throw new IOException("the line broke at octet " + breaksAt);
    }
    int count = Math.min(octets.remaining(), into.remaining());
    into.put(octets.slice(octets.position(), count));
    octets.position(octets.position() + count);
    return count;
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public void close() {}
}
