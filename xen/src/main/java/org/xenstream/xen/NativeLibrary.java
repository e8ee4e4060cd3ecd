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
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A shared library, looked for by its sonames. That it is absent, or a function in it, is told by
/// [#check] and not when a class is initialised: handles of what is absent exist, and throw.
@SuppressWarnings("restricted") // this module calls Xen's libraries
final class NativeLibrary {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  private final List<String> sonames;
  private final @Nullable String found;
  private final @Nullable SymbolLookup symbols;
  private final List<String> missing = new ArrayList<>();

  private NativeLibrary(
      List<String> sonames, @Nullable String found, @Nullable SymbolLookup symbols) {
    this.sonames = sonames;
    this.found = found;
    this.symbols = symbols;
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

  /// A handle whose first parameter is memory for `errno`, see [#state].
  MethodHandle handle(String name, FunctionDescriptor type) {
    Linker.Option errno = Linker.Option.captureCallState("errno");
    Optional<MemorySegment> address = symbols == null ? Optional.empty() : symbols.find(name);
    if (address.isPresent()) {
      return LINKER.downcallHandle(address.get(), type, errno);
    }
    missing.add(name);
    MethodType shape = type.toMethodType().insertParameterTypes(0, MemorySegment.class);
    MethodHandle thrower =
        MethodHandles.throwException(shape.returnType(), IllegalStateException.class)
            .bindTo(new IllegalStateException(name + " of " + sonames.getFirst() + " is absent"));
    return MethodHandles.dropArguments(thrower, 0, shape.parameterList());
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
    return (int) ERRNO.get(state, 0L);
  }

  /// Memory that a library gave, by its address.
  ///
  /// @param arena how long it is there
  static MemorySegment memory(long address, long length, Arena arena) {
    return MemorySegment.ofAddress(address).reinterpret(length, arena, null);
  }

  /// A downcall declares every throwable and throws none but errors of the virtual machine.
  static RuntimeException unexpected(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return e instanceof RuntimeException known ? known : new IllegalStateException(e);
  }

  /// The type of a function that returns an int.
  static FunctionDescriptor ofInt(ValueLayout... parameters) {
    return FunctionDescriptor.of(ValueLayout.JAVA_INT, parameters);
  }

  /// The type of a function that returns a long, a size or a pointer.
  static FunctionDescriptor ofLong(ValueLayout... parameters) {
    return FunctionDescriptor.of(ValueLayout.JAVA_LONG, parameters);
  }
}
