// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.xenstream.x86.PageTableEntry;

/// Turns the pfns in a PV guest's page table into frames of this host (`x86_pv_localise_page` of
/// `xg_sr_restore_x86_pv.c`). Allocates nothing.
public final class TableLocaliser {
  private static final ValueLayout.OfLong ENTRY =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG;

  private TableLocaliser() {}

  /// Translates entries in place from slot `from` on, up to the first whose pfn has no frame.
  /// Entries that are not present stay as they are.
  ///
  /// @param memory the table lies here, at `offset`; of any level, of a 32-bit or a 64-bit guest
  /// @param from the first slot, 0 to 512
  /// @param complements for each pfn the complement of its frame as a u64 in native order, 0 where
  ///   it has none
  /// @param maxPfn the highest pfn that the array covers
  /// @return the slot whose pfn has no frame or is none of the guest's; 512 when all are done
  public static int localise(
      MemorySegment memory, long offset, int from, MemorySegment complements, long maxPfn) {
    for (int slot = from; slot < PageTableEntry.ENTRIES; slot++) {
      long at = offset + 8L * slot;
      long entry = memory.get(ENTRY, at);
      if ((entry & PageTableEntry.PRESENT) == 0) {
        continue;
      }
      long pfn = PageTableEntry.frame(entry);
      if (pfn > maxPfn) {
        return slot;
      }
      long complement = complements.getAtIndex(U64, pfn);
      if (complement == 0) {
        return slot;
      }
      memory.set(ENTRY, at, PageTableEntry.withFrame(entry, ~complement));
    }
    return PageTableEntry.ENTRIES;
  }
}
