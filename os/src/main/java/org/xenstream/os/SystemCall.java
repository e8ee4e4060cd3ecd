// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;

/// The functions of the C library, and what its `errno` means.
@SuppressWarnings("restricted") // this module is where native code is called
final class SystemCall {
  private static final Linker LINKER = Linker.nativeLinker();

  // char *strerror(int errnum);
  private static final MemorySegment STRERROR = function("strerror");

  private SystemCall() {}

  /// A function of the C library.
  static MemorySegment function(String name) {
    return LINKER.defaultLookup().findOrThrow(name);
  }

  /// Tells whether the C library has a function of that name.
  static boolean knows(String name) {
    return LINKER.defaultLookup().find(name).isPresent();
  }

  /// The error as an exception: `mmap of 4096 octets: Cannot allocate memory`.
  static SystemCallException failed(String what, int errno) {
    return new SystemCallException(what + ": " + text(errno), errno);
  }

  private static String text(int errno) {
    try (Arena call = Arena.ofConfined()) {
      return MemorySegment.ofAddress(NativeCall.call(NativeCall.state(call), STRERROR, errno))
          .reinterpret(256)
          .getString(0);
    }
  }
}
