// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Ends the waiting of [Descriptor#await] from another thread: an eventfd that is waited for beside
/// the descriptor. Once woken it stays so.
public final class WakeUp implements AutoCloseable {
  private static final int EFD_CLOEXEC = 0x80000;
  private static final int EFD_NONBLOCK = 0x800;

  // int eventfd(unsigned int initval, int flags);
  private static final MemorySegment EVENTFD = SystemCall.function("eventfd");

  // int eventfd_write(int fd, eventfd_t value);
  private static final MemorySegment EVENTFD_WRITE = SystemCall.function("eventfd_write");

  private final int fd;
  private boolean closed;

  private WakeUp(int fd) {
    this.fd = fd;
  }

  /// Nobody is woken yet.
  ///
  /// @throws IOException when there is no further descriptor
  public static WakeUp open() throws IOException {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment state = NativeCall.state(call);
      int fd = (int) NativeCall.call(state, EVENTFD, 0, EFD_CLOEXEC | EFD_NONBLOCK);
      if (fd < 0) {
        throw SystemCall.failed("eventfd", NativeCall.errno(state));
      }
      return new WakeUp(fd);
    }
  }

  /// Wakes whoever waits, and whoever will; from any thread. Does nothing once closed.
  public synchronized void wake() {
    if (closed) {
      return;
    }
    try (Arena call = Arena.ofConfined()) {
      int result = (int) NativeCall.call(NativeCall.state(call), EVENTFD_WRITE, fd, 1L);
      assert result == 0 : "the counter of an eventfd is full after 2^64 - 2";
    }
  }

  int fd() {
    return fd;
  }

  /// Gives the descriptor back; nobody may wait any more.
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      Descriptor.closeNumber(fd);
    }
  }
}
