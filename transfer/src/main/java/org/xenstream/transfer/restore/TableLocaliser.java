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
  private static final ValueLayout.OfLong ENTRY =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG;
  private static final int ENTRIES = PageTableEntry.ENTRIES;
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
    int done = localise(from, complements, maxPfn);
    MemorySegment.copy(table, from, memory, ENTRY, at, done - from);
    return done;
  }

  /// Tells whether all entries that are present name pfns of the guest.
  ///
  /// @param memory the table lies here, at `offset`
  /// @param maxPfn the guest's highest pfn
  public boolean areWithin(MemorySegment memory, long offset, long maxPfn) {
    MemorySegment.copy(memory, ENTRY, offset, table, 0, ENTRIES);
    return place(0, maxPfn);
  }

  private int localise(int from, MemorySegment complements, long maxPfn) {
    if (!look(from, complements, maxPfn) || !areFound(from)) {
      return oneByOne(from, complements, maxPfn);
    }
    replace(from);
    return ENTRIES;
  }

  /// Looks all entries up. A kernel's map of its memory is one run of pfns, whose frames lie beside
  /// each other; shorter runs are not worth the looking.
  ///
  /// @return false where a pfn is none of the guest's
  private boolean look(int from, MemorySegment complements, long maxPfn) {
    int count = ENTRIES - from;
    if (!EntryRuns.isRun(table, from, count, KEY)) {
      return find(from, complements, maxPfn);
    }
    long pfn = PageTableEntry.frame(table[from]);
    if (pfn + count - 1 > maxPfn) {
      return false;
    }
    MemorySegment.copy(complements, U64, pfn << 3, found, from, count);
    return true;
  }

  /// The same one by one, in a loop that does nothing else: the processor waits for many at a time.
  private boolean find(int from, MemorySegment complements, long maxPfn) {
    if (!place(from, maxPfn)) {
      return false;
    }
    EntryRuns.read(complements, found, from, ENTRIES, found);
    return true;
  }

  /// Finds out where each entry is to be looked up.
  ///
  /// @return false where a pfn is none of the guest's
  private boolean place(int from, long maxPfn) {
    long beyond = 0;
    for (int i = from; i < ENTRIES; i++) {
      long pfn = PageTableEntry.frame(table[i]) & -(table[i] & PageTableEntry.PRESENT);
      beyond |= maxPfn - pfn;
      found[i] = pfn << 3;
    }
    return beyond >= 0;
  }

  private boolean areFound(int from) {
    long none = 0;
    for (int i = from; i < ENTRIES; i++) {
      // All numbers but 0 have the highest bit in themselves or in what is opposite to them.
      none |= ~(found[i] | -found[i]) & -(table[i] & PageTableEntry.PRESENT);
    }
    return none >= 0;
  }

  private void replace(int from) {
    for (int i = from; i < ENTRIES; i++) {
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
