// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/// Calls that ask or change something of a descriptor.
final class DescriptorCalls {
  static final short POLLIN = 1;
  static final short POLLOUT = 4;
  static final int F_GETFL = 3;
  static final long FIONREAD = 0x541B;
  static final long TIOCOUTQ = 0x5411;

  static final int O_RDONLY = 0;
  static final int O_WRONLY = 1;
  static final int O_CREAT = 0x40;
  static final int O_TRUNC = 0x200;
  private static final int O_CLOEXEC = 0x80000;
  private static final int MODE = 0666;

  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int STATX_TYPE = 1;
  private static final int STATX_SIZE = 256;
  private static final int STX_MODE = 28;
  private static final int S_IFMT = 0xF000;
  private static final int S_IFSOCK = 0xC000;
  private static final int S_IFREG = 0x8000;
  private static final int S_IFIFO = 0x1000;

  // int statx(int dirfd, const char *pathname, int flags, unsigned int mask, struct statx *buf);
  // Unlike struct stat, its result lies the same on every processor.
  private static final MemorySegment STATX = SystemCall.function("statx");

  // int open(const char *pathname, int flags, ... /* mode_t mode */);
  private static final MemorySegment OPEN = SystemCall.function("open");

  // int fcntl(int fd, int cmd, ... /* int arg */);
  private static final MemorySegment FCNTL = SystemCall.function("fcntl");

  // int ioctl(int fd, unsigned long request, ... /* void *arg */);
  private static final MemorySegment IOCTL = SystemCall.function("ioctl");

  // int close(int fd);
  private static final MemorySegment CLOSE = SystemCall.function("close");

  private DescriptorCalls() {}

  static int open(Path file, int flags) throws IOException {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment state = NativeCall.state(call);
      MemorySegment path = call.allocateFrom(file.toString());
      int fd = (int) NativeCall.call(state, OPEN, path.address(), flags | O_CLOEXEC, MODE);
      if (fd < 0) {
        throw SystemCall.failed(file.toString(), NativeCall.errno(state));
      }
      return fd;
    }
  }

  static Descriptor.Kind kind(int fd) throws IOException {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment state = NativeCall.state(call);
      MemorySegment path = call.allocateFrom("");
      MemorySegment about = call.allocate(STATX_SIZE, 8);
      int result =
          (int)
              NativeCall.call(
                  state, STATX, fd, path.address(), AT_EMPTY_PATH, STATX_TYPE, about.address());
      if (result != 0) {
        throw SystemCall.failed("statx of descriptor " + fd, NativeCall.errno(state));
      }
      return switch (about.get(ValueLayout.JAVA_SHORT, STX_MODE) & S_IFMT) {
        case S_IFREG -> Descriptor.Kind.FILE;
        case S_IFIFO -> Descriptor.Kind.PIPE;
        case S_IFSOCK -> Descriptor.Kind.SOCKET;
        default -> Descriptor.Kind.OTHER;
      };
    }
  }

  static int fcntl(MemorySegment state, int fd, int command, int argument) {
    return (int) NativeCall.call(state, FCNTL, fd, command, argument);
  }

  static int ioctl(MemorySegment state, int fd, long request, MemorySegment argument) {
    return (int) NativeCall.call(state, IOCTL, fd, request, argument.address());
  }

  /// What it returns says nothing: Linux has closed the descriptor in any case.
  static void close(int fd) {
    try (Arena call = Arena.ofConfined()) {
      long _ = NativeCall.call(NativeCall.state(call), CLOSE, fd);
    }
  }
}
