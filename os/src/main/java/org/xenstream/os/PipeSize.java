// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// How much a pipe takes before its writer has to wait. Apart from the other calls, each of which
/// takes a while to make ready: a short run wants this one and no other.
@SuppressWarnings("restricted") // this module is where native code is called
public final class PipeSize {
  private static final int F_SETPIPE_SZ = 1031;
  private static final int F_GETPIPE_SZ = 1032;
  private static final int VARIADIC_FROM = 2;

  // int fcntl(int fd, int cmd, ... /* int arg */);
  private static final MethodHandle FCNTL =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("fcntl"),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT),
              Linker.Option.firstVariadicArg(VARIADIC_FROM));

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
    try {
      return (int) FCNTL.invokeExact(fd, command, argument);
    } catch (Throwable e) {
      throw SystemCall.unexpected(e);
    }
  }
}
