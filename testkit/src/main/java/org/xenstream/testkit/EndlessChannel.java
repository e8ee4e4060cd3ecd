// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit;

import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/// A beginning, then the same octets again and again.
public final class EndlessChannel implements ReadableByteChannel {
  private ByteBuffer now;
  private final ByteBuffer again;
  private long given;

  /// @param beginning what comes once
  /// @param again what comes from then on
  public EndlessChannel(byte[] beginning, byte[] again) {
    this.now = ByteBuffer.wrap(beginning);
    this.again = ByteBuffer.wrap(again);
  }

  /// How many octets were given so far.
  public long given() {
    return given;
  }

  @Override
  public int read(ByteBuffer into) {
    int before = into.remaining();
    while (into.hasRemaining()) {
      if (!now.hasRemaining()) {
        now = again.duplicate();
      }
      int count = Math.min(now.remaining(), into.remaining());
      into.put(now.slice(now.position(), count));
      now.position(now.position() + count);
    }
    given += before;
    return before;
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public void close() {}
}
