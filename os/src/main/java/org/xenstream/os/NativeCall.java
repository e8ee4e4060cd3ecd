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
import java.util.Arrays;

/// How a native function of whole numbers and pointers is called, by its address: for this module
/// and the one that calls Xen's libraries, and nobody else.
@SuppressWarnings("restricted") // this module is where native code is called
public final class NativeCall {
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final long ERRNO =
      STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

  /// Two handles call all there is: to make one takes a start as long as some hundred calls.
  private static final MethodHandle SHORT = handle(6);

  /// Made when it is needed first.
  private static final class OnStack {
    private static final MethodHandle LONG = handle(9);

    private OnStack() {}
  }

  private NativeCall() {}

  private static MethodHandle handle(int parameters) {
    ValueLayout[] types = new ValueLayout[parameters];
    Arrays.fill(types, ValueLayout.JAVA_LONG);
    return Linker.nativeLinker()
        .downcallHandle(
            FunctionDescriptor.of(ValueLayout.JAVA_LONG, types),
            Linker.Option.captureCallState("errno"));
  }

  /// Calls a function of up to six parameters: they go in registers, each in one of its own, of
  /// which the function looks at those that it has parameters for, as far as they are wide. What it
  /// returns comes in a register too.
  ///
  /// @param state takes `errno`, see [#state]
  /// @return of a function that returns an `int`, anything above its 32 bits
  public static long call(
      MemorySegment state, MemorySegment function, long a, long b, long c, long d, long e, long f) {
    try {
      return (long) SHORT.invokeExact(function, state, a, b, c, d, e, f);
    } catch (Throwable problem) {
      throw unexpected(problem);
    }
  }

  /// Calls a function of up to nine, which looks for the seventh and later ones on the stack.
  public static long call(
      MemorySegment state,
      MemorySegment function,
      long a,
      long b,
      long c,
      long d,
      long e,
      long f,
      long g,
      long h,
      long i) {
    try {
      return (long) OnStack.LONG.invokeExact(function, state, a, b, c, d, e, f, g, h, i);
    } catch (Throwable problem) {
      throw unexpected(problem);
    }
  }

  /// The same with fewer parameters.
  public static long call(
      MemorySegment state, MemorySegment function, long a, long b, long c, long d, long e) {
    return call(state, function, a, b, c, d, e, 0);
  }

  /// The same with fewer parameters.
  public static long call(
      MemorySegment state, MemorySegment function, long a, long b, long c, long d) {
    return call(state, function, a, b, c, d, 0, 0);
  }

  /// The same with fewer parameters.
  public static long call(MemorySegment state, MemorySegment function, long a, long b, long c) {
    return call(state, function, a, b, c, 0, 0, 0);
  }

  /// The same with fewer parameters.
  public static long call(MemorySegment state, MemorySegment function, long a, long b) {
    return call(state, function, a, b, 0, 0, 0, 0);
  }

  /// The same with fewer parameters.
  public static long call(MemorySegment state, MemorySegment function, long a) {
    return call(state, function, a, 0, 0, 0, 0, 0);
  }

  /// The same without parameters.
  public static long call(MemorySegment state, MemorySegment function) {
    return call(state, function, 0, 0, 0, 0, 0, 0);
  }

  /// Memory that takes `errno`.
  public static MemorySegment state(Arena arena) {
    return arena.allocate(STATE);
  }

  /// The number that the last call left.
  public static int errno(MemorySegment state) {
    return state.get(ValueLayout.JAVA_INT, ERRNO);
  }

  /// A downcall declares every throwable, and throws none but unchecked ones.
  private static RuntimeException unexpected(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return e instanceof RuntimeException known ? known : new IllegalStateException(e);
  }
}
