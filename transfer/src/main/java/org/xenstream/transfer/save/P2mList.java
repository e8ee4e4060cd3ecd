// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.io.IOException;
import java.util.Arrays;
import org.xenstream.core.format.Wire;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.x86.Cr3;
import org.xenstream.x86.PageTableEntry;

/// Finds the p2m of a guest that has it as a linear list in its own address space (`map_p2m_list`
/// of `xg_sr_save_x86_pv.c`): the shared info gives a virtual address and a page table, which is
/// walked. Entries of page tables have 64 bits in guests of either width.
///
/// Where this differs from the reference: an address that does not begin a page is refused, since
/// no such list could be read; and the end of the list is cut by indices that count from its own
/// first entry, where the reference compares one that does with one that does not and loses pfns of
/// a list that begins in the middle of a table.
final class P2mList {
  /// The parts of the address space that are Xen's (`xg_sr_common_x86_pv.h`).
  private static final long XEN_START_64 = 0xFFFF_8000_0000_0000L;

  private static final long XEN_END_64 = 0xFFFF_87FF_FFFF_FFFFL;
  private static final long XEN_START_32 = 0xF580_0000L;
  private static final long XEN_END_32 = 0xFFFF_FFFFL;

  /// More pfns are not looked for: 4 PiB of guest, which no release can have, and a bound to what a
  /// guest can make this side allocate.
  private static final long MOST_PFNS = 1L << 40;

  /// The highest pfn that an X86_PV_P2M_FRAMES record can name.
  private static final long LAST_PFN = 0xFFFF_FFFFL;

  private final Hypervisor hypervisor;
  private final int domid;
  private final int width;
  private final long maxMfn;

  P2mList(Hypervisor hypervisor, int domid, int width, long maxMfn) {
    this.hypervisor = hypervisor;
    this.domid = domid;
    this.width = width;
    this.maxMfn = maxMfn;
  }

  /// @param cr3 the page table in which the address holds
  /// @param address of the list, virtual; a 32-bit one zero-extended
  /// @param claimed the highest pfn by the shared info
  P2mFrames find(long cr3, long address, long claimed) throws IOException {
    long perFrame = Wire.PAGE_SIZE / width;
    long root = Cr3.toFrame(cr3, width);
    if (isBad(root)) {
      throw new SaveException(
          domid,
          "shared_info.p2m_cr3: expected an mfn of 1 to 0x%x, found 0x%x (cr3 0x%x)"
              .formatted(maxMfn, root, cr3));
    }
    if (claimed >= MOST_PFNS) {
      throw new SaveException(
          domid,
          "shared_info.max_pfn: expected at most 0x%x, found 0x%x"
              .formatted(MOST_PFNS, claimed + 1));
    }
    long maxPfn = claimed;
    long end = address + (maxPfn / perFrame + 1) * Wire.PAGE_SIZE - 1;
    checkRange(address, end);

    long[] tables = {root};
    for (int level = width == 8 ? 4 : 3; level > 0; level--) {
      // Indices count through all tables of the level, from the first slot of the first of them.
      long start = (address >>> (9 * level + 3)) & 511;
      long[] below = new long[(int) slotsBetween(address, end, level)];
      try (FrameList list =
          FrameList.map(
              hypervisor, domid, "p2m page table of level " + level, tables, tables.length, 8)) {
        for (int i = 0; i < below.length; i++) {
          below[i] = frameOf(list.get(start + i), address, level, i);
        }
      }
      if (level == 2) {
        long firstSlot = (address >>> 12) & 511;
        maxPfn = lowered(below, firstSlot, perFrame, claimed);
        if (maxPfn > LAST_PFN) {
          throw new SaveException(
              domid,
              "p2m list: expected no pfn above 0x%x, found 0x%x".formatted(LAST_PFN, maxPfn));
        }
        end = address + (maxPfn / perFrame + 1) * Wire.PAGE_SIZE - 1;
        below = Arrays.copyOf(below, (int) slotsBetween(address, end, 2));
      }
      tables = below;
    }
    return new P2mFrames(maxPfn, tables);
  }

  /// How many slots of a level the addresses from `from` to `to` go through.
  static long slotsBetween(long from, long to, int level) {
    int shift = 9 * level + 3;
    return (to >>> shift) - (from >>> shift) + 1;
  }

  /// The highest pfn when the end of the list is left out: where the last tables of level 1 are all
  /// the same one, it maps frames without any valid entry, and so does the first of them. When only
  /// the last differs from the one before, or all are the same, nothing is left out.
  ///
  /// @param tables the mfns of the tables of level 1
  /// @param firstSlot the slot of the first of them at which the list begins
  static long lowered(long[] tables, long firstSlot, long perFrame, long claimed) {
    int last = tables.length - 1;
    while (last > 0 && tables[last - 1] == tables[last]) {
      last--;
    }
    if (last == tables.length - 1 || last == 0) {
      return claimed;
    }
    return Math.min(claimed, (512L * last - firstSlot) * perFrame - 1);
  }

  private void checkRange(long address, long end) throws SaveException {
    boolean good;
    if (width == 8) {
      good =
          isCanonical(address)
              && isCanonical(end)
              && Long.compareUnsigned(end, address) > 0
              && !(Long.compareUnsigned(address, XEN_END_64) <= 0
                  && Long.compareUnsigned(end, XEN_START_64) > 0);
    } else {
      good =
          address >>> 32 == 0
              && end >>> 32 == 0
              && end > address
              && !(address <= XEN_END_32 && end > XEN_START_32);
    }
    if (!good || address % Wire.PAGE_SIZE != 0) {
      throw new SaveException(
          domid,
          "shared_info.p2m_vaddr: expected pages of the guest's own address space, found 0x%x to 0x%x"
              .formatted(address, end));
    }
  }

  private static boolean isCanonical(long address) {
    return address >> 47 == address >> 63;
  }

  private long frameOf(long entry, long address, int level, int index) throws SaveException {
    long mfn = PageTableEntry.frame(entry);
    if (isBad(mfn)) {
      int shift = 9 * level + 3;
      throw new SaveException(
          domid,
          "p2m page table of level %d at 0x%x: expected an mfn of 1 to 0x%x, found 0x%x"
              .formatted(level, ((address >>> shift) + index) << shift, maxMfn, mfn));
    }
    return mfn;
  }

  private boolean isBad(long mfn) {
    return mfn <= 0 || mfn > maxMfn;
  }
}
