// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Moves octets from one descriptor to another, of which one at least is a pipe, without bringing
/// them into this process: of two pipes the pages themselves change hands.
///
/// One thread at a time uses it.
public final class Splice {
  /// As a hint: the pages may be moved rather than copied.
  private static final int SPLICE_F_MOVE = 1;

  // ssize_t splice(int fd_in, off_t *off_in, int fd_out, off_t *off_out, size_t len,
  //                unsigned int flags);
  private static final MemorySegment SPLICE = SystemCall.function("splice");

  private final int from;
  private final int to;
  private final MemorySegment state = NativeCall.state(Arena.ofAuto());

  /// @param from the descriptor that is read; stays the caller's
  /// @param to the one that is written; stays the caller's
  public Splice(int from, int to) {
    this.from = from;
    this.to = to;
  }

  /// Moves what can be moved at once, and waits until that is something.
  ///
  /// @param most how many octets at most, at least 1
  /// @return how many octets were moved, 0 at the end, or an error, negated, see [Errno]
  public long move(long most) {
    while (true) {
      long moved = NativeCall.call(state, SPLICE, from, 0, to, 0, most, SPLICE_F_MOVE);
      if (moved >= 0) {
        return moved;
      }
      int errno = NativeCall.errno(state);
      if (errno != Errno.EINTR) {
        return -errno;
      }
    }
  }
}
