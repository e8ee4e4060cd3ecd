// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import org.jspecify.annotations.Nullable;

/// What an image says of itself before its body, and what its tail looks like for that.
///
/// @param toolstack the width of the toolstack that saved
/// @param kind what kind of guest it is
/// @param guest the width of a PV guest; null of an HVM guest
/// @param p2mSize the number of pfns that the guest's p2m covers
/// @param extendedInfo whether a PV image has extended info
/// @param extended whether extended vCPU contexts follow in the tail
/// @param xsaveLength octets of XSAVE state of vCPU 0 in the tail, with its header; 0 where no vCPU
///   has any
/// @param assumed what of it the image does not tell
record Layout(
    WordWidth toolstack,
    GuestKind kind,
    @Nullable WordWidth guest,
    long p2mSize,
    boolean extendedInfo,
    boolean extended,
    int xsaveLength,
    Assumed assumed) {
  /// What somebody claims, or is likely, and no octet of the image's head shows.
  enum Assumed {
    NOTHING,
    /// How wide a PV guest is.
    WIDTH,
    /// Of which kind the guest is, where the image fits both.
    KIND
  }

  /// Octets of a vCPU's context, of 64-bit and 32-bit guests (`vcpu_guest_context`).
  static final int CONTEXT_64 = 5168;

  static final int CONTEXT_32 = 2800;

  /// Octets of an extended vCPU context in the tail.
  static final int EXTENDED_CONTEXT = 128;

  /// Octets in front of a vCPU's XSAVE state in the tail: u64 mask, u64 size.
  static final int XSAVE_HEADER = 16;

  /// Many times what any processor has for one vCPU, and what a restore takes.
  static final int MOST_XSAVE = 1 << 20;

  static final int PAGE = 4096;

  boolean isPv() {
    return kind == GuestKind.PV;
  }

  int contextLength() {
    return contextLength(guest == null ? WordWidth.BITS_64 : guest);
  }

  static int contextLength(WordWidth guest) {
    return guest == WordWidth.BITS_64 ? CONTEXT_64 : CONTEXT_32;
  }

  /// How many frames hold a p2m of so many pfns.
  static long p2mFrames(long p2mSize, WordWidth guest) {
    long entries = PAGE / guest.octets();
    return (p2mSize + entries - 1) / entries;
  }
}
