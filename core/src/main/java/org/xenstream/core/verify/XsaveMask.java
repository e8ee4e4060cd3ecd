// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import org.jspecify.annotations.Nullable;

/// Masks of the components of an XSAVE area, as a hypervisor judges them without looking at its
/// host's CPU (`valid_xcr0` of `xen/arch/x86/xstate.c`).
final class XsaveMask {
  /// An area's legacy part: x87 and SSE.
  static final int LEGACY = 512;

  /// The legacy part and the header behind it, the shortest area.
  static final int SHORTEST = 576;

  private static final int YMM_SIZE = 256;

  // Components, by their bits.
  private static final long X87 = 1L;
  private static final long SSE = 1L << 1;
  private static final long YMM = 1L << 2;
  private static final long BND = 3L << 3;
  private static final long ZMM = 7L << 5;
  private static final long PKRU = 1L << 9;
  private static final long TILE = 3L << 17;
  private static final long LWP = 1L << 62;
  private static final long ALWAYS_KNOWN = X87 | SSE | YMM | BND | ZMM;

  private XsaveMask() {}

  /// What is wrong with a mask of a guest's components, as what was expected; null when nothing is.
  ///
  /// @param target the release whose hosts are to take it, or null for any
  static @Nullable String fault(long mask, @Nullable Release target) {
    if ((mask & X87) == 0) {
      return "bit 0 set";
    }
    if ((mask & YMM) != 0 && (mask & SSE) == 0) {
      return "bit 2 only with bit 1";
    }
    if ((mask & ZMM) != 0 && (mask & (ZMM | YMM)) != (ZMM | YMM)) {
      return "bits 5 to 7 together and only with bit 2";
    }
    if ((mask & BND) != 0 && (mask & BND) != BND) {
      return "bits 3 and 4 together";
    }
    if ((mask & TILE) != 0 && (mask & TILE) != TILE) {
      return "bits 17 and 18 together";
    }
    return (mask & ~known(target)) != 0 ? "bits that a host can have" : null;
  }

  /// XCNTXT_MASK of `xen/arch/x86/include/asm/xstate.h`.
  private static long known(@Nullable Release target) {
    return ALWAYS_KNOWN
        | (target == null || target.atLeast(7) ? PKRU : 0)
        | (target == null || !target.atLeast(13) ? LWP : 0)
        | (target == null || target.atLeast(20) ? TILE : 0);
  }

  /// Tells whether the area's length follows from the mask: where components other than x87, SSE
  /// and YMM lie is the CPU's choice.
  static boolean hasKnownLength(long mask) {
    return (mask & ~(X87 | SSE | YMM)) == 0;
  }

  /// The least octets that an area of a mask takes: wherever the CPU puts its components, none lies
  /// over another.
  static long leastLength(long mask) {
    return (long) SHORTEST
        + ((mask & YMM) == 0 ? 0 : YMM_SIZE)
        + ((mask & BND) == 0 ? 0 : 2 * 64)
        + ((mask & ZMM) == 0 ? 0 : 64 + 512 + 1024)
        + ((mask & PKRU) == 0 ? 0 : 8)
        + ((mask & TILE) == 0 ? 0 : 64 + 8192)
        + ((mask & LWP) == 0 ? 0 : 128);
  }
}
