// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// How much a pipe takes before its writer has to wait.
public final class PipeSize {
  private static final int F_SETPIPE_SZ = 1031;
  private static final int F_GETPIPE_SZ = 1032;

  // int fcntl(int fd, int cmd, ... /* int arg */);
  private static final MemorySegment FCNTL = SystemCall.function("fcntl");

  private PipeSize() {}

  /// Makes a pipe larger, as far as the system lets it.
  ///
  /// @param fd a descriptor of either end
  /// @param octets how large
  /// @return how large it is now; −1 where it is no pipe
  public static int grow(int fd, int octets) {
    int now = fcntl(fd, F_GETPIPE_SZ, 0);
    for (int wanted = octets; now >= 0 && wanted > now; wanted /= 2) {
      if (fcntl(fd, F_SETPIPE_SZ, wanted) >= 0) {
        break;
      }
    }
    return fcntl(fd, F_GETPIPE_SZ, 0);
  }

  private static int fcntl(int fd, int command, int argument) {
    try (Arena call = Arena.ofConfined()) {
      return (int) NativeCall.call(NativeCall.state(call), FCNTL, fd, command, argument);
    }
  }
}
