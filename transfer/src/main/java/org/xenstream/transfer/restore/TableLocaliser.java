// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.xenstream.transfer.EntryRuns;
import org.xenstream.x86.PageTableEntry;

/// Turns the pfns in a PV guest's page table into frames of this host (`x86_pv_localise_page` of
/// `xg_sr_restore_x86_pv.c`). Allocates nothing, for one thread.
public final class TableLocaliser {
  /// What a table names.
  public enum Named {
    /// No entry is present.
    NOTHING,
    /// Pfns of the guest.
    PFNS,
    /// Something that is none of the guest's, maybe beside pfns that are.
    BEYOND
  }

  private static final ValueLayout.OfLong ENTRY =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG;
  private static final int ENTRIES = PageTableEntry.ENTRIES;
  private static final int SAMPLE = 8;
  private static final long KEY = PageTableEntry.FRAME_MASK | PageTableEntry.PRESENT;

  private final long[] table = new long[ENTRIES];

  /// What was found for an entry of the table; anything where it is not present.
  private final long[] found = new long[ENTRIES];

  /// Makes one for any number of tables.
  public TableLocaliser() {}

  /// Translates entries in place from slot `from` on, up to the first whose pfn has no frame.
  /// Entries that are not present stay as they are.
  ///
  /// @param memory the table lies here, at `offset`; of any level, of a 32-bit or a 64-bit guest
  /// @param from the first slot, 0 to 512
  /// @param complements for each pfn the complement of its frame as a u64 in native order, 0 where
  ///   it has none
  /// @param maxPfn the highest pfn that the array covers
  /// @return the slot whose pfn has no frame or is none of the guest's; 512 when all are done
  public int localise(
      MemorySegment memory, long offset, int from, MemorySegment complements, long maxPfn) {
    long at = offset + 8L * from;
    MemorySegment.copy(memory, ENTRY, at, table, from, ENTRIES - from);
    int first = EntryRuns.present(table, from, ENTRIES);
    int done = localise(first, complements, maxPfn);
    // Many tables of a Linux are empty: such a page is not written.
    if (done > first) {
      MemorySegment.copy(table, first, memory, ENTRY, offset + 8L * first, done - first);
    }
    return done;
  }

  /// Tells what the entries that are present name.
  ///
  /// @param memory the table lies here, at `offset`
  /// @param maxPfn the guest's highest pfn
  public static Named look(MemorySegment memory, long offset, long maxPfn) {
    long beyond = 0;
    long any = 0;
    for (int i = 0; i < ENTRIES; i++) {
      long entry = memory.get(ENTRY, offset + 8L * i);
      any |= entry;
      beyond |= maxPfn - (PageTableEntry.frame(entry) & -(entry & PageTableEntry.PRESENT));
    }
    if (beyond < 0) {
      return Named.BEYOND;
    }
    return (any & PageTableEntry.PRESENT) == 0 ? Named.NOTHING : Named.PFNS;
  }

  private int localise(int from, MemorySegment complements, long maxPfn) {
    int i = from;
    while (i < ENTRIES) {
      int until = isDense(i) ? ENTRIES : EntryRuns.singles(table, i, ENTRIES, KEY);
      if (!shift(i, until, complements, maxPfn)) {
        if (!find(i, until, complements, maxPfn) || !areFound(i, until)) {
          return oneByOne(i, complements, maxPfn);
        }
        replace(i, until);
      }
      i = EntryRuns.present(table, until, ENTRIES);
    }
    return ENTRIES;
  }

  /// Tells, by a look at one entry in eight, whether so many from `from` on are present that it is
  /// quicker to look all up than to look for those that are not.
  private boolean isDense(int from) {
    int seen = 0;
    long present = 0;
    for (int i = from; i < ENTRIES; i += SAMPLE) {
      present += table[i] & PageTableEntry.PRESENT;
      seen++;
    }
    return 4 * present > seen;
  }

  /// Translates a run of pfns whose frames are a run, too: a kernel's map of its memory, which lies
  /// in large pieces. Shorter runs are not worth the looking.
  ///
  /// @return false where it is no such run
  private boolean shift(int from, int end, MemorySegment complements, long maxPfn) {
    int count = end - from;
    long pfn = PageTableEntry.frame(table[from]);
    if (!EntryRuns.isRun(table, from, count, KEY) || pfn + count - 1 > maxPfn) {
      return false;
    }
    long complement = complements.get(U64, pfn << 3);
    if (complement == 0 || !EntryRuns.descends(complements, pfn << 3, complement, count)) {
      return false;
    }
    long shift = (~complement - pfn) << 12;
    for (int i = from; i < end; i++) {
      table[i] += shift;
    }
    return true;
  }

  /// Looks up entries one by one, in a loop that does nothing else: the processor waits for many at
  /// a time.
  ///
  /// @return false where a pfn is none of the guest's
  private boolean find(int from, int end, MemorySegment complements, long maxPfn) {
    if (!place(from, end, maxPfn)) {
      return false;
    }
    EntryRuns.read(complements, found, from, end, found);
    return true;
  }

  /// Finds out where each entry is to be looked up.
  ///
  /// @return false where a pfn is none of the guest's
  private boolean place(int from, int end, long maxPfn) {
    long beyond = 0;
    for (int i = from; i < end; i++) {
      long pfn = PageTableEntry.frame(table[i]) & -(table[i] & PageTableEntry.PRESENT);
      beyond |= maxPfn - pfn;
      found[i] = pfn << 3;
    }
    return beyond >= 0;
  }

  private boolean areFound(int from, int end) {
    long none = 0;
    for (int i = from; i < end; i++) {
      // All numbers but 0 have the highest bit in themselves or in what is opposite to them.
      none |= ~(found[i] | -found[i]) & -(table[i] & PageTableEntry.PRESENT);
    }
    return none >= 0;
  }

  private void replace(int from, int end) {
    for (int i = from; i < end; i++) {
      long entry = table[i];
      long mask = -(entry & PageTableEntry.PRESENT) & PageTableEntry.FRAME_MASK;
      table[i] = (entry & ~mask) | ((~found[i] << 12) & mask);
    }
  }

  /// Goes on up to the entry that cannot be translated.
  private int oneByOne(int first, MemorySegment complements, long maxPfn) {
    for (int i = first; i < ENTRIES; i++) {
      long entry = table[i];
      if ((entry & PageTableEntry.PRESENT) != 0) {
        long pfn = PageTableEntry.frame(entry);
        long complement = pfn > maxPfn ? 0 : complements.get(U64, pfn << 3);
        if (complement == 0) {
          return i;
        }
        table[i] = PageTableEntry.withFrame(entry, ~complement);
      }
    }
    return ENTRIES;
  }
}
