// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.xenstream.transfer.EntryRuns;
import org.xenstream.x86.PageTableEntry;

/// Rewrites page tables of a PV guest for the stream: mfns become pfns, and what is Xen's own goes
/// (`normalise_pagetable` of `xg_sr_save_x86_pv.c`). Allocates nothing, for one thread.
public final class TableNormaliser {
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int ENTRIES = PageTableEntry.ENTRIES;

  private final Pseudophysmap map;
  private final long compatM2pFrame;
  private final long[] table = new long[ENTRIES];
  private final long[] pfns = new long[ENTRIES];
  private final long[] mfns = new long[ENTRIES];

  /// @param map whose frames the entries name
  /// @param compatM2pFrame the first mfn of the m2p that 32-bit guests see; any for a 64-bit guest
  public TableNormaliser(Pseudophysmap map, long compatM2pFrame) {
    this.map = map;
    this.compatM2pFrame = compatM2pFrame;
  }

  /// Rewrites one table. The source is read once, since a running guest may write it meanwhile.
  ///
  /// @param level 1 to 4, at most 3 for a 32-bit guest
  /// @param source the table, at `from`
  /// @param target takes the table, at `to`; nothing is written when an entry is bad
  /// @return −1 when all is well; else the first entry that maps what is no frame of the guest, or
  ///   a superpage
  public int normalise(int level, MemorySegment source, long from, MemorySegment target, long to) {
    MemorySegment.copy(source, U64, from, table, 0, ENTRIES);
    int bad;
    if (map.width == 8) {
      // In a 64-bit guest only the top level has entries of Xen's own.
      bad =
          level == 4
              ? around(PageTableEntry.L4_XEN_FIRST, PageTableEntry.L4_XEN_LAST, level)
              : pass(0, ENTRIES, level);
    } else if (level == 3) {
      bad = around(PageTableEntry.PAE_L3_ENTRIES, ENTRIES - 1, level);
    } else if (level == 2
        && PageTableEntry.frame(table[PageTableEntry.COMPAT_L2_XEN_FIRST]) == compatM2pFrame) {
      // Most second-level tables have none; the one that maps the top of the address space shows
      // by the m2p in it.
      bad = around(PageTableEntry.COMPAT_L2_XEN_FIRST, ENTRIES - 1, level);
    } else {
      bad = pass(0, ENTRIES, level);
    }
    if (bad < 0) {
      MemorySegment.copy(table, 0, target, U64, to, ENTRIES);
    }
    return bad;
  }

  /// An entry of the table that was looked at last, as it was then where it was bad.
  public long entry(int index) {
    return table[index];
  }

  private int around(int xenFirst, int xenLast, int level) {
    for (int i = xenFirst; i <= xenLast; i++) {
      table[i] = 0;
    }
    int bad = pass(0, xenFirst, level);
    return bad < 0 ? pass(xenLast + 1, ENTRIES, level) : bad;
  }

  private int pass(int first, int end, int level) {
    long superpage = level > 1 ? PageTableEntry.PSE : 0;
    long key = PageTableEntry.FRAME_MASK | PageTableEntry.PRESENT | superpage;
    int i = EntryRuns.present(table, first, end);
    while (i < end) {
      int until = i + runOfBoth(i, end, key, superpage);
      if (until == i) {
        until = EntryRuns.singles(table, i, end, key);
        if (map.pfnsOf(table, i, until, superpage, pfns, mfns)) {
          replace(i, until);
        } else {
          int bad = oneByOne(i, until, superpage);
          if (bad >= 0) {
            return bad;
          }
        }
      }
      i = EntryRuns.present(table, until, end);
    }
    return -1;
  }

  /// Rewrites the entries from `i` on that are a run in the table and in the map.
  ///
  /// @return how many, 0 where there is none that is worth it
  private int runOfBoth(int i, int end, long key, long superpage) {
    long mfn = PageTableEntry.frame(table[i]);
    if (!EntryRuns.mayBegin(table, i, end, key)
        || (table[i] & superpage) != 0
        || mfn > map.maxMfn) {
      return 0;
    }
    // Before the run is looked for, which goes on while the processor waits for this.
    long pfn = map.inM2p(mfn);
    int most = (int) Math.min(end, i + map.maxMfn - mfn + 1);
    int length = pfn < 0 ? 0 : EntryRuns.length(table, i, most, key);
    if (length == 0) {
      return 0;
    }
    length = map.run(mfn, pfn, length);
    for (int k = i; k < i + length; k++) {
      table[k] += (pfn - mfn) << 12;
    }
    return length;
  }

  private void replace(int first, int end) {
    for (int i = first; i < end; i++) {
      long entry = table[i];
      long shift = (pfns[i] << 12) - (entry & PageTableEntry.FRAME_MASK);
      table[i] = entry + (shift & -(entry & PageTableEntry.PRESENT));
    }
  }

  /// Finds out which entry is bad. The running guest may have mended it meanwhile.
  private int oneByOne(int first, int end, long superpage) {
    for (int i = first; i < end; i++) {
      long entry = table[i];
      if ((entry & PageTableEntry.PRESENT) != 0) {
        long pfn = (entry & superpage) != 0 ? -1 : map.pfnOf(PageTableEntry.frame(entry));
        if (pfn < 0) {
          return i;
        }
        table[i] = PageTableEntry.withFrame(entry, pfn);
      }
    }
    return -1;
  }
}
