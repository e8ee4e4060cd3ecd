// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/// How a function of the C library is called, and what its `errno` means.
@SuppressWarnings("restricted") // this module is where native code is called
final class SystemCall {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  // char *strerror(int errnum);
  private static final MethodHandle STRERROR =
      LINKER.downcallHandle(
          LINKER.defaultLookup().findOrThrow("strerror"),
          FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_INT));

  private SystemCall() {}

  /// A handle whose first parameter is memory for `errno`, see [#state].
  static MethodHandle handle(String name, FunctionDescriptor type) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name), type, Linker.Option.captureCallState("errno"));
  }

  /// The same for a variadic function.
  ///
  /// @param fixed how many arguments come before the variadic ones
  static MethodHandle variadic(String name, int fixed, FunctionDescriptor type) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name),
        type,
        Linker.Option.captureCallState("errno"),
        Linker.Option.firstVariadicArg(fixed));
  }

  /// Tells whether the C library has a function of that name.
  static boolean knows(String name) {
    return LINKER.defaultLookup().find(name).isPresent();
  }

  /// Where a function of the C library lies.
  static long address(String name) {
    return LINKER.defaultLookup().findOrThrow(name).address();
  }

  /// Memory that takes `errno`.
  static MemorySegment state(Arena arena) {
    return arena.allocate(STATE);
  }

  /// The number that the last call left.
  static int errno(MemorySegment state) {
    return (int) ERRNO.get(state, 0L);
  }

  /// The error as an exception: `mmap of 4096 octets: Cannot allocate memory`.
  static IOException failed(String what, int errno) {
    return new IOException(what + ": " + text(errno));
  }

  private static String text(int errno) {
    try {
      MemorySegment text = (MemorySegment) STRERROR.invokeExact(errno);
      return text.reinterpret(256).getString(0);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /// A downcall declares every throwable and throws none but errors of the virtual machine.
  static RuntimeException unexpected(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return new IllegalStateException(e);
  }
}
