// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// How a function of the C library is called, and what its `errno` means.
@SuppressWarnings("restricted") // this module is where native code is called
final class SystemCall {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final long ERRNO =
      STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

  /// One handle calls every function of up to six whole numbers or pointers: they go in registers,
  /// each in one of its own, of which the function looks at those that it has parameters for, as
  /// far as they are wide. What it returns comes in a register too, with anything above an `int`.
  /// To make a handle takes a start as long as some hundred system calls.
  private static final MethodHandle CALL =
      LINKER.downcallHandle(
          FunctionDescriptor.of(
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG),
          Linker.Option.captureCallState("errno"));

  // char *strerror(int errnum);
  private static final MemorySegment STRERROR = function("strerror");

  private SystemCall() {}

  /// A function of the C library.
  static MemorySegment function(String name) {
    return LINKER.defaultLookup().findOrThrow(name);
  }

  /// Calls a function.
  ///
  /// @param state takes `errno`, see [#state]
  /// @return of a function that returns an `int`, anything above its 32 bits
  static long call(
      MemorySegment state, MemorySegment function, long a, long b, long c, long d, long e, long f) {
    try {
      return (long) CALL.invokeExact(function, state, a, b, c, d, e, f);
    } catch (Throwable problem) {
      throw unexpected(problem);
    }
  }

  /// The same with fewer parameters.
  static long call(
      MemorySegment state, MemorySegment function, long a, long b, long c, long d, long e) {
    return call(state, function, a, b, c, d, e, 0);
  }

  /// The same with fewer parameters.
  static long call(MemorySegment state, MemorySegment function, long a, long b, long c, long d) {
    return call(state, function, a, b, c, d, 0, 0);
  }

  /// The same with fewer parameters.
  static long call(MemorySegment state, MemorySegment function, long a, long b, long c) {
    return call(state, function, a, b, c, 0, 0, 0);
  }

  /// The same with fewer parameters.
  static long call(MemorySegment state, MemorySegment function, long a, long b) {
    return call(state, function, a, b, 0, 0, 0, 0);
  }

  /// The same with fewer parameters.
  static long call(MemorySegment state, MemorySegment function, long a) {
    return call(state, function, a, 0, 0, 0, 0, 0);
  }

  /// The same without parameters.
  static long call(MemorySegment state, MemorySegment function) {
    return call(state, function, 0, 0, 0, 0, 0, 0);
  }

  /// Tells whether the C library has a function of that name.
  static boolean knows(String name) {
    return LINKER.defaultLookup().find(name).isPresent();
  }

  /// Memory that takes `errno`.
  static MemorySegment state(Arena arena) {
    return arena.allocate(STATE);
  }

  /// The number that the last call left.
  static int errno(MemorySegment state) {
    return state.get(ValueLayout.JAVA_INT, ERRNO);
  }

  /// The error as an exception: `mmap of 4096 octets: Cannot allocate memory`.
  static SystemCallException failed(String what, int errno) {
    return new SystemCallException(what + ": " + text(errno), errno);
  }

  private static String text(int errno) {
    try (Arena call = Arena.ofConfined()) {
      return MemorySegment.ofAddress(call(state(call), STRERROR, errno))
          .reinterpret(256)
          .getString(0);
    }
  }

  /// A downcall declares every throwable and throws none but errors of the virtual machine.
  private static RuntimeException unexpected(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return new IllegalStateException(e);
  }
}
