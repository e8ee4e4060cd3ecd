// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.xenstream.x86.PageTableEntry;

/// Rewrites page tables of a PV guest for the stream: mfns become pfns, and what is Xen's own goes
/// (`normalise_pagetable` of `xg_sr_save_x86_pv.c`). Allocates nothing, for one thread.
///
/// Guests are given memory in large pieces, so neighbours in a table mostly map neighbours in
/// memory. A run of such entries is looked up at once in both tables, by loops that the compiler
/// turns into vector instructions; whatever is no run goes entry by entry.
public final class TableNormaliser {
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int ENTRIES = PageTableEntry.ENTRIES;

  /// Shorter runs are not worth the looking.
  private static final int SHORTEST_RUN = 8;

  private final Pseudophysmap map;
  private final long compatM2pFrame;
  private final long[] table = new long[ENTRIES];
  private final long[] scratch = new long[ENTRIES];

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
    long[] entries = table;
    int i = first;
    int singlyUntil = first;
    while (i < end) {
      long entry = entries[i];
      if ((entry & PageTableEntry.PRESENT) == 0) {
        i++;
        continue;
      }
      if ((entry & superpage) != 0) {
        return i;
      }
      long mfn = PageTableEntry.frame(entry);
      long pfn = map.pfnOf(mfn);
      if (pfn < 0) {
        return i;
      }
      long shift = (pfn - mfn) << 12;
      if (i >= singlyUntil && mayBeRun(i, end, key)) {
        int length = runLength(i, end, key, mfn, pfn);
        if (map.isRun(mfn, pfn, length, scratch)) {
          for (int k = i; k < i + length; k++) {
            entries[k] += shift;
          }
          i += length;
          continue;
        }
        // Not to look at the same entries again and again where a guest would have it so.
        singlyUntil = i + length;
      }
      entries[i++] = entry + shift;
    }
    return -1;
  }

  /// A look at one entry, which mostly tells whether there is a run that is worth the looking.
  private boolean mayBeRun(int i, int end, long key) {
    int last = i + SHORTEST_RUN - 1;
    return last < end && (table[last] & key) == (table[i] & key) + ((SHORTEST_RUN - 1L) << 12);
  }

  /// How many entries from `i` on map neighbours of its frame, as far as both tables could agree.
  private int runLength(int i, int end, long key, long mfn, long pfn) {
    int most = Math.min(end - i, map.sameLeaf(pfn));
    most = (int) Math.min(most, Math.min(map.maxMfn - mfn, map.maxPfn - pfn) + 1);
    long next = table[i] & key;
    int length = 1;
    while (length < most && (table[i + length] & key) == next + ((long) length << 12)) {
      length++;
    }
    return length;
  }
}
