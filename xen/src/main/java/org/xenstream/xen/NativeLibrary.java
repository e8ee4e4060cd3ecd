// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A shared library, looked for by its sonames. That it is absent, or a function in it, is told by
/// [#check] and not when a class is initialised.
@SuppressWarnings("restricted") // this module calls Xen's libraries
final class NativeLibrary {
  private static final Linker LINKER = Linker.nativeLinker();
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

  private final List<String> sonames;
  private final @Nullable String found;
  private final @Nullable SymbolLookup symbols;
  private final List<String> functions = new ArrayList<>();
  private final List<String> missing = new ArrayList<>();

  private NativeLibrary(
      List<String> sonames, @Nullable String found, @Nullable SymbolLookup symbols) {
    this.sonames = sonames;
    this.found = found;
    this.symbols = symbols;
  }

  private static MethodHandle handle(int parameters) {
    ValueLayout[] types = new ValueLayout[parameters];
    Arrays.fill(types, ValueLayout.JAVA_LONG);
    return LINKER.downcallHandle(
        FunctionDescriptor.of(ValueLayout.JAVA_LONG, types),
        Linker.Option.captureCallState("errno"));
  }

  /// Looks for a library.
  ///
  /// @param sonames in the order in which they are tried
  static NativeLibrary find(List<String> sonames) {
    for (String soname : sonames) {
      try {
        return new NativeLibrary(
            sonames, soname, SymbolLookup.libraryLookup(soname, Arena.global()));
      } catch (IllegalArgumentException e) {
        // The next one.
      }
    }
    return new NativeLibrary(sonames, null, null);
  }

  /// The soname that was found; null when none was.
  @Nullable String soname() {
    return found;
  }

  /// The functions that were asked for.
  List<String> functions() {
    return List.copyOf(functions);
  }

  /// A function of the library; one that is absent is told by [#check], and must not be called.
  MemorySegment function(String name) {
    functions.add(name);
    Optional<MemorySegment> address = symbols == null ? Optional.empty() : symbols.find(name);
    if (address.isEmpty()) {
      missing.add(name);
    }
    return address.orElse(MemorySegment.NULL);
  }

  /// Calls a function of up to six whole numbers or pointers: they go in registers, each in one of
  /// its own, of which the function looks at those that it has parameters for, as far as they are
  /// wide.
  ///
  /// @param errno takes `errno`, see [#state]
  /// @return of a function that returns an `int`, anything above its 32 bits
  static long call(
      MemorySegment errno, MemorySegment function, long a, long b, long c, long d, long e, long f) {
    try {
      return (long) SHORT.invokeExact(function, errno, a, b, c, d, e, f);
    } catch (Throwable problem) {
      throw unexpected(problem);
    }
  }

  /// Calls a function of up to nine, which looks for the seventh and later ones on the stack.
  static long call(
      MemorySegment errno,
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
      return (long) OnStack.LONG.invokeExact(function, errno, a, b, c, d, e, f, g, h, i);
    } catch (Throwable problem) {
      throw unexpected(problem);
    }
  }

  /// The same with fewer parameters.
  static long call(
      MemorySegment errno, MemorySegment function, long a, long b, long c, long d, long e) {
    return call(errno, function, a, b, c, d, e, 0);
  }

  /// The same with fewer parameters.
  static long call(MemorySegment errno, MemorySegment function, long a, long b, long c, long d) {
    return call(errno, function, a, b, c, d, 0, 0);
  }

  /// The same with fewer parameters.
  static long call(MemorySegment errno, MemorySegment function, long a, long b, long c) {
    return call(errno, function, a, b, c, 0, 0, 0);
  }

  /// The same with fewer parameters.
  static long call(MemorySegment errno, MemorySegment function, long a, long b) {
    return call(errno, function, a, b, 0, 0, 0, 0);
  }

  /// The same with fewer parameters.
  static long call(MemorySegment errno, MemorySegment function, long a) {
    return call(errno, function, a, 0, 0, 0, 0, 0);
  }

  /// @throws MissingLibraryException when the library is absent, or a function that was asked for
  void check() throws MissingLibraryException {
    if (found == null) {
      throw new MissingLibraryException(
          "expected the library %s, found none of them".formatted(String.join(" or ", sonames)));
    }
    if (!missing.isEmpty()) {
      throw new MissingLibraryException(
          "%s: expected the functions %s, found none of them"
              .formatted(found, String.join(", ", missing)));
    }
  }

  /// Memory that takes `errno`.
  static MemorySegment state(Arena arena) {
    return arena.allocate(STATE);
  }

  /// The number that the last call left.
  static int errno(MemorySegment state) {
    return state.get(ValueLayout.JAVA_INT, ERRNO);
  }

  /// Memory that a library gave, by its address.
  ///
  /// @param arena how long it is there
  static MemorySegment memory(long address, long length, Arena arena) {
    return MemorySegment.ofAddress(address).reinterpret(length, arena, null);
  }

  /// A downcall declares every throwable and throws none but errors of the virtual machine.
  private static RuntimeException unexpected(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return e instanceof RuntimeException known ? known : new IllegalStateException(e);
  }
}
