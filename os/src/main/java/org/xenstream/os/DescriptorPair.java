// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Two descriptors joined with each other; neither is passed on to programs that are started.
///
/// @param first the reading end of a pipe; one end of a pair of sockets
/// @param second the writing end of a pipe; the other end
public record DescriptorPair(Descriptor first, Descriptor second) implements AutoCloseable {
  private static final int O_CLOEXEC = 0x80000;
  private static final int AF_UNIX = 1;
  private static final int SOCK_STREAM = 1;

  // int pipe2(int pipefd[2], int flags);
  private static final MemorySegment PIPE2 = SystemCall.function("pipe2");

  // int socketpair(int domain, int type, int protocol, int sv[2]);
  private static final MemorySegment SOCKETPAIR = SystemCall.function("socketpair");

  /// A pipe, blocking.
  ///
  /// @throws IOException when there is no further descriptor
  public static DescriptorPair pipe() throws IOException {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment numbers = call.allocate(ValueLayout.JAVA_INT, 2);
      MemorySegment state = NativeCall.state(call);
      int result = (int) NativeCall.call(state, PIPE2, numbers.address(), O_CLOEXEC);
      return of("pipe", result, state, numbers);
    }
  }

  /// A pair of stream sockets of this machine, blocking.
  ///
  /// @throws IOException when there is no further descriptor
  public static DescriptorPair sockets() throws IOException {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment numbers = call.allocate(ValueLayout.JAVA_INT, 2);
      MemorySegment state = NativeCall.state(call);
      int result =
          (int)
              NativeCall.call(
                  state, SOCKETPAIR, AF_UNIX, SOCK_STREAM | O_CLOEXEC, 0, numbers.address());
      return of("socketpair", result, state, numbers);
    }
  }

  private static DescriptorPair of(
      String call, int result, MemorySegment state, MemorySegment numbers) throws IOException {
    if (result != 0) {
      throw SystemCall.failed(call, NativeCall.errno(state));
    }
    return new DescriptorPair(
        Descriptor.own(numbers.getAtIndex(ValueLayout.JAVA_INT, 0)),
        Descriptor.own(numbers.getAtIndex(ValueLayout.JAVA_INT, 1)));
  }

  @Override
  public void close() {
    first.close();
    second.close();
  }
}
