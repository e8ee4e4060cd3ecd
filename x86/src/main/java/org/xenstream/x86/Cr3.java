// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

/// The frame in a PV guest's cr3 values: those of the vCPU contexts and `p2m_cr3`
/// (`xen_cr3_to_pfn`, `xen_pfn_to_cr3` in xen/include/public/arch-x86/xen-x86_64.h and
/// xen-x86_32.h).
///
/// A 64-bit guest's cr3 is the frame's address. In the 32 bits of a 32-bit guest's an address of
/// more than 4 GiB has no room, so the frame number is rotated by 12 bits.
public final class Cr3 {

  private Cr3() {}

  /// In a 64-bit guest's `ctrlreg[1]`, the page table of user mode, this bit is set beside the
  /// frame (tools/libs/guest/xg_sr_save_x86_pv.c).
  public static final long USER_VALID = 1;

  /// The frame number that a cr3 value names.
  ///
  /// @param cr3 the value; a 32-bit guest's is zero-extended
  /// @param guestWidth 8 for a 64-bit guest, 4 for a 32-bit one
  /// @return the frame number; -1 if a 32-bit guest's value has more than 32 bits
  public static long toFrame(long cr3, int guestWidth) {
    if (guestWidth == 8) {
      return cr3 >>> 12;
    }
    return cr3 >>> 32 != 0 ? -1 : Integer.toUnsignedLong(Integer.rotateRight((int) cr3, 12));
  }

  /// The cr3 value that names a frame.
  ///
  /// @param frame the frame number: below 2^52 for a 64-bit guest
  /// @param guestWidth 8 for a 64-bit guest, 4 for a 32-bit one
  /// @return the value; -1 if a 32-bit guest cannot name the frame, which has more than 32 bits
  public static long fromFrame(long frame, int guestWidth) {
    if (guestWidth == 8) {
      return frame << 12;
    }
    return frame >>> 32 != 0 ? -1 : Integer.toUnsignedLong(Integer.rotateLeft((int) frame, 12));
  }
}
