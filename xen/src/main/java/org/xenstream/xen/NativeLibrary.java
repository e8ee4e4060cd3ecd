// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A shared library, looked for by its sonames. That it is absent, or a function in it, is told by
/// [#check] and not when a class is initialised.
@SuppressWarnings("restricted") // this module calls Xen's libraries
final class NativeLibrary {
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

  /// Memory that a library gave, by its address.
  ///
  /// @param arena how long it is there
  static MemorySegment memory(long address, long length, Arena arena) {
    return MemorySegment.ofAddress(address).reinterpret(length, arena, null);
  }
}
