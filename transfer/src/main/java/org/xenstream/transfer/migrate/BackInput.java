// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.migrate;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import org.xenstream.os.Descriptor;
import org.xenstream.os.Errno;
import org.xenstream.os.IoVectors;
import org.xenstream.os.WakeUp;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.Patience;

/// The reading end of a back channel: gives what has come, and waits only where nothing has.
public final class BackInput implements ReadableByteChannel {
  private final Descriptor descriptor;
  private final Patience patience;
  private final WakeUp wakeUp;
  private final Arena arena;
  private final IoVectors places;
  private final Cancellation.Registration registration;
  private boolean open = true;

  /// @param descriptor closed with the input, and stays the caller's where there is none
  /// @throws IOException when there is no further descriptor
  @SuppressWarnings("MustBeClosedChecker") // lives as long as this object
  public BackInput(Descriptor descriptor, Patience patience) throws IOException {
    this.descriptor = descriptor;
    this.patience = patience;
    this.wakeUp = WakeUp.open();
    this.arena = Arena.ofShared();
    this.places = new IoVectors(arena);
    this.registration = patience.cancellation().onCancel(wakeUp::wake);
  }

  /// @param into a direct buffer with room
  @Override
  public int read(ByteBuffer into) throws IOException {
    places.clear();
    places.add(MemorySegment.ofBuffer(into).address(), into.remaining());
    long since = patience.begin();
    while (true) {
      patience.cancellation().check();
      patience.deadline().check();
      long left = patience.remainingNanos(since);
      if (left <= 0) {
        throw new IOException("the backup tells nothing of its pages");
      }
      long got = descriptor.read(places, Integer.MAX_VALUE, left);
      if (got >= 0) {
        into.position(into.position() + (int) got);
        return got == 0 ? -1 : (int) got;
      }
      if (got == -Errno.EAGAIN) {
        descriptor.await(Descriptor.Readiness.READ, wakeUp, left);
      } else if (got != -Errno.EINTR) {
        throw Errno.failed("back channel", (int) -got);
      }
    }
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public void close() {
    if (open) {
      open = false;
      registration.close();
      wakeUp.close();
      descriptor.close();
      arena.close();
    }
  }
}
