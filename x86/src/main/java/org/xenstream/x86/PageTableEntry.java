// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import java.util.List;

/// Page-table entries of 64 bits, as 64-bit and PAE guests have them: functions over the entry,
/// which is a plain `long`.
///
/// Bits 0 to 11 and 52 to 63 are flags, bits 12 to 51 the frame (xen/arch/x86/include/asm/page.h
/// and page-bits.h; `PTE_FRAME_MASK` in tools/libs/guest/xg_sr_common_x86_pv.h).
public final class PageTableEntry {

  private PageTableEntry() {}

  /// The entry maps something.
  public static final long PRESENT = 1L;

  /// What it maps can be written.
  public static final long WRITABLE = 1L << 1;

  /// User mode may use it.
  public static final long USER = 1L << 2;

  /// Write-through.
  public static final long PWT = 1L << 3;

  /// Not cached.
  public static final long PCD = 1L << 4;

  /// The processor used it.
  public static final long ACCESSED = 1L << 5;

  /// The processor wrote through it.
  public static final long DIRTY = 1L << 6;

  /// Above level 1: the entry maps a superpage and not a table. At level 1 the same bit is [#PAT].
  public static final long PSE = 1L << 7;

  /// At level 1: the third bit of the index into the PAT.
  public static final long PAT = 1L << 7;

  /// The mapping is the same in all address spaces.
  public static final long GLOBAL = 1L << 8;

  /// What it maps cannot be executed.
  public static final long NO_EXECUTE = 1L << 63;

  /// The bits of the frame's address.
  public static final long FRAME_MASK = 0x000f_ffff_ffff_f000L;

  /// How many entries a table of 4096 octets holds.
  public static final int ENTRIES = 512;

  /// How many entries of a PAE guest's level 3 table count.
  public static final int PAE_L3_ENTRIES = 4;

  /// The first slot of a 64-bit guest's level 4 table that is Xen's own
  /// (`ROOT_PAGETABLE_FIRST_XEN_SLOT`).
  public static final int L4_XEN_FIRST = 256;

  /// The last slot of a 64-bit guest's level 4 table that is Xen's own
  /// (`ROOT_PAGETABLE_LAST_XEN_SLOT`).
  public static final int L4_XEN_LAST = 271;

  /// The first slot of the highest level 2 table of a 32-bit guest that is Xen's own: where
  /// `HYPERVISOR_VIRT_START_PAE` (0xf5800000) lies (xen/include/public/arch-x86/xen-x86_32.h).
  public static final int COMPAT_L2_XEN_FIRST = (0xf5800000 >>> 21) & (ENTRIES - 1);

  private static final BitNames FLAGS =
      BitNames.of(
          """
          0:PRESENT 1:RW 2:USER 3:PWT 4:PCD 5:ACCESSED 6:DIRTY 7:PSE 8:GLOBAL 9:AVAIL0 10:AVAIL1
          11:AVAIL2 59:PKEY.0 60:PKEY.1 61:PKEY.2 62:PKEY.3 63:NX
          """);

  /// Tells whether the entry maps something.
  public static boolean isPresent(long entry) {
    return (entry & PRESENT) != 0;
  }

  /// The frame that the entry names: its mfn, or its pfn in a normalised table.
  public static long frame(long entry) {
    return (entry & FRAME_MASK) >>> 12;
  }

  /// The entry with another frame and the same flags.
  ///
  /// @param frame the new frame, below 2^40; higher bits are dropped
  public static long withFrame(long entry, long frame) {
    return (entry & ~FRAME_MASK) | ((frame << 12) & FRAME_MASK);
  }

  /// The entry's flags alone.
  public static long flags(long entry) {
    return entry & ~FRAME_MASK;
  }

  /// Tells whether the entry, of a table of the given level, maps a superpage.
  public static boolean isSuperpage(PageTableLevel level, long entry) {
    return level.hasSuperpages() && (entry & (PRESENT | PSE)) == (PRESENT | PSE);
  }

  /// Tells whether a slot is Xen's own in every address space of a 64-bit guest, and so means
  /// nothing to the guest. (In a 32-bit guest only an entry that maps the m2p is Xen's, which its
  /// slot alone does not tell.)
  public static boolean isXenSlot(PageTableLevel level, int slot) {
    return level == PageTableLevel.L4 && slot >= L4_XEN_FIRST && slot <= L4_XEN_LAST;
  }

  /// Explains an entry of a table of the given level.
  ///
  /// @param name what to call it
  public static Decoded.Group explain(String name, PageTableLevel level, long entry) {
    Decoded flags = FLAGS.of("flags", flags(entry), 8);
    if (level == PageTableLevel.L1 && (entry & PAT) != 0 && flags instanceof Decoded.Flags f) {
      flags =
          new Decoded.Flags(
              f.name(),
              f.value(),
              f.width(),
              f.set().stream().map(n -> n.equals("PSE") ? "PAT" : n).toList());
    }
    String maps = "a table";
    if (!isPresent(entry)) {
      maps = "nothing";
    } else if (level == PageTableLevel.L1 || isSuperpage(level, entry)) {
      maps = "a page of " + level.mappedSize();
    }
    return new Decoded.Group(
        name,
        List.of(
            new Decoded.Explained("entry", entry, 8, "maps " + maps),
            new Decoded.Number("frame", frame(entry), 8, Decoded.Radix.HEX),
            flags));
  }
}
