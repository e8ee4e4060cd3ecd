// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.Wire;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.x86.PageTableEntry;

/// The page tables of a PV guest: which of its pages they are, whether they name the guest's own
/// pfns, and the frames of those in their place (`x86_pv_localise_page` of
/// `xg_sr_restore_x86_pv.c`).
final class PvTables {
  private static final int ENTRIES = PageTableEntry.ENTRIES;

  private final int domid;
  private final String source;
  private final PvP2m p2m;
  private final TableLocaliser localiser = new TableLocaliser();

  /// @param p2m stays the caller's
  PvTables(int domid, String source, PvP2m p2m) {
    this.domid = domid;
    this.source = source;
    this.p2m = p2m;
  }

  /// As [GuestRestore#nextLocalised].
  long next(long from) {
    long pfn = p2m.nextTyped(from);
    while (pfn >= 0 && !p2m.isMarked(pfn)) {
      pfn = p2m.nextTyped(pfn + 1);
    }
    return pfn;
  }

  /// As [GuestRestore#areFirst]; most batches lie behind all tables.
  boolean areFirst(long[] entries, int count) {
    if ((entries[0] & Wire.PFN_MASK) > p2m.highestTyped()) {
      return true;
    }
    for (int i = 0; i < count; i++) {
      if (PageType.isTable(p2m.type(entries[i] & Wire.PFN_MASK))) {
        return false;
      }
    }
    return true;
  }

  /// As [GuestRestore#checkPage].
  void check(Frame at, int type, long pfn, MemorySegment memory, long offset) throws IOException {
    switch (TableLocaliser.look(memory, offset, p2m.maxPfn())) {
      case NOTHING -> {}
      case PFNS -> p2m.mark(pfn);
      case BEYOND -> throw beyond(at, type, pfn, memory, offset);
    }
  }

  private RefusedStreamException beyond(
      Frame at, int type, long pfn, MemorySegment memory, long offset) {
    int slot = 0;
    while (!isBeyond(Wire.u64(memory, offset + 8L * slot))) {
      slot++;
    }
    return RefusedStreamException.of(
        source,
        at,
        "pfns up to 0x%x in the page tables".formatted(p2m.maxPfn()),
        "0x%x in slot %d of the %s at pfn 0x%x"
            .formatted(
                PageTableEntry.frame(Wire.u64(memory, offset + 8L * slot)),
                slot,
                PageType.name(type),
                pfn));
  }

  private boolean isBeyond(long entry) {
    return PageTableEntry.isPresent(entry) && PageTableEntry.frame(entry) > p2m.maxPfn();
  }

  /// As [GuestRestore#localise].
  void localise(long pfn, Populator populator, MemorySegment memory, long offset)
      throws IOException {
    int slot = localiser.localise(memory, offset, 0, p2m.complements(), p2m.maxPfn());
    if (slot == ENTRIES) {
      return;
    }
    // It names pages that were never sent, or not yet.
    for (int i = slot; i < ENTRIES; i++) {
      long entry = Wire.u64(memory, offset + 8L * i);
      long named = PageTableEntry.frame(entry);
      if (PageTableEntry.isPresent(entry) && p2m.frame(named) == Hypervisor.INVALID_FRAME) {
        populator.want(named);
      }
    }
    populator.finish();
    slot = localiser.localise(memory, offset, slot, p2m.complements(), p2m.maxPfn());
    if (slot != ENTRIES) {
      throw new HypervisorException(
          "populate",
          domid,
          "ENOENT",
          "no frame for slot %d of the %s at pfn 0x%x"
              .formatted(slot, PageType.name(p2m.type(pfn)), pfn));
    }
  }
}
