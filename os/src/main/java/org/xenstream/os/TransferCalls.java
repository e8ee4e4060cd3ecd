// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Calls that move octets through one descriptor, or wait for that. They return the negated number
/// of an error, and use the same native memory each time.
final class TransferCalls {
  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int RWF_NOWAIT = 8;

  /// No position: on from where the file stands.
  private static final long HERE = -1;

  // ssize_t readv(int fd, const struct iovec *iov, int iovcnt);
  private static final MemorySegment READV = SystemCall.function("readv");

  // ssize_t writev(int fd, const struct iovec *iov, int iovcnt);
  private static final MemorySegment WRITEV = SystemCall.function("writev");

  /// Whether the C library can ask a pipe not to wait: glibc 2.26.
  static final boolean NO_WAIT_KNOWN = SystemCall.knows("preadv2");

  // ssize_t preadv2(int fd, const struct iovec *iov, int iovcnt, off_t offset, int flags);
  private static final MemorySegment PREADV2 =
      SystemCall.function(NO_WAIT_KNOWN ? "preadv2" : "preadv");

  // ssize_t pwritev2(int fd, const struct iovec *iov, int iovcnt, off_t offset, int flags);
  private static final MemorySegment PWRITEV2 =
      SystemCall.function(NO_WAIT_KNOWN ? "pwritev2" : "pwritev");

  // ssize_t recvmsg(int sockfd, struct msghdr *msg, int flags);
  private static final MemorySegment RECVMSG = SystemCall.function("recvmsg");

  // ssize_t sendmsg(int sockfd, const struct msghdr *msg, int flags);
  private static final MemorySegment SENDMSG = SystemCall.function("sendmsg");

  // struct msghdr { void *msg_name; socklen_t msg_namelen; struct iovec *msg_iov;
  //                 size_t msg_iovlen; void *msg_control; size_t msg_controllen; int msg_flags; };
  private static final long MSGHDR_SIZE = 56;
  private static final long MSG_IOV = 16;
  private static final long MSG_IOVLEN = 24;

  // int ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *tmo_p,
  //           const sigset_t *sigmask);
  private static final MemorySegment PPOLL = SystemCall.function("ppoll");

  // struct pollfd { int fd; short events; short revents; };
  private static final long POLLFD_SIZE = 8;

  private final int fd;
  private final MemorySegment state;
  private final MemorySegment message;
  private final MemorySegment polled;
  private final MemorySegment time;

  /// @param arena owns the native memory
  TransferCalls(Arena arena, int fd) {
    this.fd = fd;
    this.state = NativeCall.state(arena);
    this.message = arena.allocate(MSGHDR_SIZE, 8);
    this.polled = arena.allocate(2 * POLLFD_SIZE, 8);
    this.time = arena.allocate(2 * Long.BYTES, 8);
  }

  private long result(long returned) {
    return returned < 0 ? -NativeCall.errno(state) : returned;
  }

  /// `writev` or `readv`.
  long vector(boolean write, long vectors, int count) {
    return result(
        write
            ? NativeCall.call(state, WRITEV, fd, vectors, count)
            : NativeCall.call(state, READV, fd, vectors, count));
  }

  /// The same, without waiting, on a file that knows how.
  long noWait(boolean write, long vectors, int count) {
    return result(
        write
            ? NativeCall.call(state, PWRITEV2, fd, vectors, count, HERE, RWF_NOWAIT)
            : NativeCall.call(state, PREADV2, fd, vectors, count, HERE, RWF_NOWAIT));
  }

  /// The same, without waiting, on a socket.
  long message(boolean write, long vectors, int count) {
    message.set(ValueLayout.JAVA_LONG, MSG_IOV, vectors);
    message.set(ValueLayout.JAVA_LONG, MSG_IOVLEN, count);
    int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    return result(
        write
            ? NativeCall.call(state, SENDMSG, fd, message.address(), flags)
            : NativeCall.call(state, RECVMSG, fd, message.address(), flags));
  }

  /// Waits for the descriptor or another one.
  ///
  /// @param other −1 for none
  /// @param nanos [Long#MAX_VALUE] without end
  /// @return positive when the descriptor is ready, broken or closed by its peer; 0 when it is not;
  ///   an error, negated
  int poll(short events, int other, long nanos) {
    polled.set(ValueLayout.JAVA_INT, 0, fd);
    polled.set(ValueLayout.JAVA_SHORT, 4, events);
    polled.set(ValueLayout.JAVA_SHORT, 6, (short) 0);
    polled.set(ValueLayout.JAVA_INT, POLLFD_SIZE, other);
    polled.set(ValueLayout.JAVA_SHORT, POLLFD_SIZE + 4, DescriptorCalls.POLLIN);
    long timeout = 0;
    if (nanos != Long.MAX_VALUE) {
      long wait = Math.max(0, nanos);
      time.set(ValueLayout.JAVA_LONG, 0, wait / 1_000_000_000);
      time.set(ValueLayout.JAVA_LONG, 8, wait % 1_000_000_000);
      timeout = time.address();
    }
    int result = (int) NativeCall.call(state, PPOLL, polled.address(), 2L, timeout, 0L);
    if (result < 0) {
      return -NativeCall.errno(state);
    }
    return polled.get(ValueLayout.JAVA_SHORT, 6) == 0 ? 0 : 1;
  }
}
