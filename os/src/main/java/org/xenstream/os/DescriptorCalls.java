// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/// Calls that ask or change something of a descriptor.
final class DescriptorCalls {
  static final short POLLIN = 1;
  static final short POLLOUT = 4;
  static final int F_GETFL = 3;
  static final long FIONREAD = 0x541B;

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
  private static final MethodHandle STATX =
      SystemCall.handle(
          "statx",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG));

  // int open(const char *pathname, int flags, ... /* mode_t mode */);
  private static final MethodHandle OPEN =
      SystemCall.variadic(
          "open",
          2,
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT));

  // int fcntl(int fd, int cmd, ... /* int arg */);
  private static final MethodHandle FCNTL =
      SystemCall.variadic(
          "fcntl",
          2,
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT));

  // int ioctl(int fd, unsigned long request, ... /* void *arg */);
  private static final MethodHandle IOCTL =
      SystemCall.variadic(
          "ioctl",
          2,
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG));

  // int close(int fd);
  private static final MethodHandle CLOSE =
      SystemCall.handle("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

  private DescriptorCalls() {}

  static int open(Path file, int flags) throws IOException {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment state = SystemCall.state(call);
      MemorySegment path = call.allocateFrom(file.toString());
      int fd;
      try {
        fd = (int) OPEN.invokeExact(state, path.address(), flags | O_CLOEXEC, MODE);
      } catch (Throwable e) {
        throw SystemCall.unexpected(e);
      }
      if (fd < 0) {
        throw SystemCall.failed(file.toString(), SystemCall.errno(state));
      }
      return fd;
    }
  }

  static Descriptor.Kind kind(int fd) throws IOException {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment state = SystemCall.state(call);
      MemorySegment path = call.allocateFrom("");
      MemorySegment about = call.allocate(STATX_SIZE, 8);
      int result;
      try {
        result =
            (int)
                STATX.invokeExact(
                    state, fd, path.address(), AT_EMPTY_PATH, STATX_TYPE, about.address());
      } catch (Throwable e) {
        throw SystemCall.unexpected(e);
      }
      if (result != 0) {
        throw SystemCall.failed("statx of descriptor " + fd, SystemCall.errno(state));
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
    try {
      return (int) FCNTL.invokeExact(state, fd, command, argument);
    } catch (Throwable e) {
      throw SystemCall.unexpected(e);
    }
  }

  static int ioctl(MemorySegment state, int fd, long request, MemorySegment argument) {
    try {
      return (int) IOCTL.invokeExact(state, fd, request, argument.address());
    } catch (Throwable e) {
      throw SystemCall.unexpected(e);
    }
  }

  /// What it returns says nothing: Linux has closed the descriptor in any case.
  static void close(int fd) {
    try (Arena call = Arena.ofConfined()) {
      int ignored = (int) CLOSE.invokeExact(SystemCall.state(call), fd);
    } catch (Throwable e) {
      throw SystemCall.unexpected(e);
    }
  }
}
