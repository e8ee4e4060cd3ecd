// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import org.xenstream.os.Descriptor;
import org.xenstream.os.Errno;
import org.xenstream.os.IoVectors;
import org.xenstream.os.WakeUp;

/// A descriptor that was inherited, to which an image is written through itself: a socket cannot be
/// opened once more, and of a file that others write to as well the place moves on for them, too.
/// What is written is copied once.
final class InheritedOutput implements GatheringByteChannel {
  private static final int STAGING = 256 << 10;

  private final String name;
  private final Descriptor descriptor;
  private final WakeUp never;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment staging = arena.allocate(STAGING);
  private final IoVectors places = new IoVectors(arena);

  /// @param name for messages
  /// @param descriptor stays open
  /// @throws IOException when there is no further descriptor
  InheritedOutput(String name, Descriptor descriptor) throws IOException {
    this.name = name;
    this.descriptor = descriptor;
    this.never = WakeUp.open();
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    int before = source.remaining();
    while (source.hasRemaining()) {
      int count = Math.min(source.remaining(), STAGING);
      staging.asByteBuffer().put(source.slice(source.position(), count));
      source.position(source.position() + count);
      send(count);
    }
    return before;
  }

  private void send(int count) throws IOException {
    places.clear();
    places.add(staging.address(), count);
    while (places.left() > 0) {
      long moved = descriptor.write(places, places.left(), Long.MAX_VALUE);
      if (moved == -Errno.EAGAIN) {
        boolean _ = descriptor.await(Descriptor.Readiness.WRITE, never, Long.MAX_VALUE);
      } else if (moved < 0 && moved != -Errno.EINTR) {
        throw Errno.failed(name, (int) -moved);
      }
    }
  }

  @Override
  public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
    long sum = 0;
    for (int i = offset; i < offset + length; i++) {
      sum += write(sources[i]);
    }
    return sum;
  }

  @Override
  public long write(ByteBuffer[] sources) throws IOException {
    return write(sources, 0, sources.length);
  }

  @Override
  public boolean isOpen() {
    return arena.scope().isAlive();
  }

  @Override
  public void close() {
    if (isOpen()) {
      never.close();
      descriptor.close();
      arena.close();
    }
  }
}
