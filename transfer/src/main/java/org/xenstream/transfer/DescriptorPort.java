// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.xenstream.os.Descriptor;
import org.xenstream.os.Descriptor.Readiness;
import org.xenstream.os.Errno;
import org.xenstream.os.IoVectors;
import org.xenstream.os.WakeUp;

/// One descriptor, and how long its peer is waited for: moves octets as soon as that can be done
/// without waiting, and waits with an end in sight until then.
final class DescriptorPort implements AutoCloseable {
  /// Octets moved through a buffer at a time.
  private static final long COPIED = 256 << 10;

  private final String name;
  private final Descriptor descriptor;
  private final Patience patience;
  private final Readiness way;
  private final Arena arena;
  private final WakeUp wakeUp;
  private final Cancellation.Registration registration;
  private final IoVectors copied;
  private MemorySegment buffer = MemorySegment.NULL;

  /// @param descriptor closed with the port
  /// @throws IOException when there is no further descriptor
  @SuppressWarnings("MustBeClosedChecker") // lives as long as this object
  DescriptorPort(String name, Descriptor descriptor, Readiness way, Patience patience)
      throws IOException {
    this.name = name;
    this.descriptor = descriptor;
    this.patience = patience;
    this.way = way;
    this.wakeUp = WakeUp.open();
    this.arena = Arena.ofShared();
    this.copied = new IoVectors(arena);
    this.registration =
        patience
            .cancellation()
            .onCancel(() -> {
              wakeUp.wake();
              descriptor.cut();
            });
  }

  String name() {
    return name;
  }

  /// Memory that lives as long as the port.
  Arena arena() {
    return arena;
  }

  /// How many octets that were written nobody has taken yet.
  long unread() {
    return descriptor.unread();
  }

  /// Moves some octets, at least one, and passes over them.
  ///
  /// Memory that the kernel does not take for this descriptor is copied: a file system may have to
  /// pin what it is given, which it cannot do with the mapping of another domain's memory.
  ///
  /// @param offset where in the stream they are, for messages
  /// @param most how many at most
  /// @return how many; 0 at the end of what is read
  long move(IoVectors places, long most, long offset) throws IOException {
    long moved = buffer.byteSize() > 0 ? -Errno.EFAULT : once(places, most, offset);
    if (moved == -Errno.EFAULT) {
      moved = moveCopied(places, most, offset);
    }
    if (moved < 0) {
      throw failed((int) -moved, offset);
    }
    if (moved == 0 && way == Readiness.WRITE) {
      throw new IOException("%s @0x%x: nothing can be written there".formatted(name, offset));
    }
    return moved;
  }

  private long moveCopied(IoVectors places, long most, long offset) throws IOException {
    if (buffer.byteSize() == 0) {
      buffer = arena.allocate(COPIED, 4096);
    }
    long count = Math.min(Math.min(most, COPIED), places.length());
    copied.clear();
    copied.add(buffer.address(), count);
    if (way == Readiness.WRITE) {
      places.copyTo(buffer.asSlice(0, count));
    }
    long moved = once(copied, count, offset);
    if (moved > 0) {
      if (way == Readiness.READ) {
        places.copyFrom(buffer.asSlice(0, moved));
      }
      places.passed(moved);
    }
    return moved;
  }

  /// One transfer, as soon as it can be made.
  private long once(IoVectors places, long most, long offset) throws IOException {
    long since = patience.begin();
    while (true) {
      patience.cancellation().check();
      long remaining = patience.remainingNanos(since);
      if (remaining <= 0) {
        patience.deadline().check();
        throw stuck(offset);
      }
      long moved =
          way == Readiness.WRITE
              ? descriptor.write(places, most, remaining)
              : descriptor.read(places, most, remaining);
      if (moved == -Errno.EAGAIN) {
        descriptor.await(way, wakeUp, remaining);
      } else if (moved != -Errno.EINTR) {
        return moved;
      }
    }
  }

  private PeerStuckException stuck(long offset) {
    return new PeerStuckException(
        "%s @0x%x: the %s %s nothing for %s"
            .formatted(
                name,
                offset,
                way == Readiness.WRITE ? "reader" : "writer",
                way == Readiness.WRITE ? "took" : "gave",
                seconds(patience.stall())));
  }

  private static String seconds(Duration time) {
    return "%.3f s".formatted(time.toNanos() / 1e9);
  }

  private IOException failed(int errno, long offset) {
    String where = "%s @0x%x".formatted(name, offset);
    if (errno == Errno.EPIPE || errno == Errno.ECONNRESET) {
      return Errno.failed(
          where + (way == Readiness.WRITE ? ": the reader went away" : ": the writer went away"),
          errno);
    }
    return Errno.failed(where, errno);
  }

  @Override
  public void close() {
    registration.close();
    wakeUp.close();
    descriptor.close();
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
