// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.x86.PageTableEntry;

/// Page-table churn of one thread of a PV guest: what a kernel does all the time when processes
/// come and go, in the kernel window and in address spaces of its own. What exists is found in the
/// guest's memory, so that a restored guest goes on with it.
final class TableChurn implements WorkStep {
  /// How many pages an address space of a 64-bit guest takes: a table of each level.
  private static final int LEVELS = 4;

  private static final int ENTRIES = PageTableEntry.ENTRIES;

  private final SimGuest guest;
  private final GuestMemory memory;
  private final GuestLayout layout;
  private final PvLayout pv;
  private final SplittableRandom random;

  /// Spare tables that are data pages now.
  private final List<Integer> free = new ArrayList<>();

  /// Slots of the kernel window's level 2 table with nothing in them.
  private final List<Integer> slots = new ArrayList<>();

  /// Level 1 tables, each with its slot of the window, −1 where it is only pinned.
  private final List<int[]> leaves = new ArrayList<>();

  /// Address spaces, each with its tables from the highest level to level 1.
  private final List<int[]> spaces = new ArrayList<>();

  /// Table and slot of a mapping of what is none of the guest's.
  private int[] foreign = {-1, -1};

  TableChurn(SimGuest guest, GuestMemory memory, int thread, int threads, SplittableRandom random) {
    this.guest = guest;
    this.memory = memory;
    this.layout = memory.layout;
    this.pv = layout.pv;
    this.random = random;
    if (!layout.spec.kind().isPv()) {
      throw new IllegalArgumentException(
          "page-table churn is for PV guests, not for one of kind " + layout.spec.kind());
    }
    try {
      find(thread, threads);
    } catch (HypervisorException e) {
      throw new IllegalStateException("the guest's tables cannot be read", e);
    }
  }

  private void find(int thread, int threads) throws HypervisorException {
    int first = pv.tree.count();
    boolean[] inSpace = new boolean[pv.tables()];
    for (int table = first; table < pv.tables(); table++) {
      long account = memory.account(pv.tablePfn(table));
      if (PageAccount.kind(account) == PageAccount.TABLE && PageAccount.level(account) == LEVELS) {
        int[] space = new int[LEVELS];
        space[0] = table;
        for (int i = 1; i < LEVELS; i++) {
          space[i] = pv.tableOf(PageTableEntry.frame(memory.shadow(space[i - 1], 0)));
          inSpace[space[i]] = true;
        }
        if ((table - first) % threads == thread) {
          spaces.add(space);
        }
      }
    }
    for (int table = first + thread; table < pv.tables(); table += threads) {
      long account = memory.account(pv.tablePfn(table));
      if (PageAccount.kind(account) == PageAccount.DATA) {
        free.add(table);
      } else if (PageAccount.level(account) == 1 && !inSpace[table]) {
        leaves.add(new int[] {table, slotOf(table)});
      }
    }
    for (int i = thread; i < pv.windowSlots(); i += threads) {
      int slot = pv.windowFirstSlot() + i;
      if (memory.shadow(pv.window(), slot) == 0) {
        slots.add(slot);
      }
    }
  }

  private int slotOf(int table) throws HypervisorException {
    for (int i = 0; i < pv.windowSlots(); i++) {
      int slot = pv.windowFirstSlot() + i;
      long entry = memory.shadow(pv.window(), slot);
      if (PageTableEntry.isPresent(entry) && PageTableEntry.frame(entry) == pv.tablePfn(table)) {
        return slot;
      }
    }
    return -1;
  }

  @Override
  public int step() throws HypervisorException {
    int what = random.nextInt(100);
    if (what < 55) {
      return remap();
    }
    if (what < 70) {
      return makeLeaf();
    }
    if (what < 78) {
      return makeSpace();
    }
    if (what < 88) {
      return leaves.size() > 1 ? dissolveLeaf() : remap();
    }
    if (what < 94) {
      return spaces.isEmpty() ? remap() : dissolveSpace();
    }
    return toggleForeign();
  }

  /// Changes one entry.
  private int remap() throws HypervisorException {
    int table;
    if (!spaces.isEmpty() && (leaves.isEmpty() || random.nextInt(4) == 0)) {
      table = spaces.get(random.nextInt(spaces.size()))[LEVELS - 1];
    } else if (!leaves.isEmpty()) {
      table = leaves.get(random.nextInt(leaves.size()))[0];
    } else {
      return makeLeaf();
    }
    int slot = random.nextInt(ENTRIES);
    if (!guest.isForeign(table, slot)) {
      memory.setEntry(table, slot, random.nextInt(4) == 0 ? 0 : anyEntry());
    }
    return 0;
  }

  private long anyEntry() {
    long pfn = layout.dataPfn(random.nextLong(layout.workPages()));
    return PvLayout.directEntry(pfn, random.nextBoolean());
  }

  private long[] someEntries() {
    long[] entries = new long[ENTRIES];
    for (int i = random.nextInt(1, 64); i > 0; i--) {
      entries[random.nextInt(ENTRIES)] = anyEntry();
    }
    return entries;
  }

  private int take() {
    // The order of the list means nothing.
    Collections.swap(free, random.nextInt(free.size()), free.size() - 1);
    return free.removeLast();
  }

  /// Fills a page that is to become a table, and lets nobody write to it any more.
  private void prepare(int table, int level, boolean pinned, long[] entries)
      throws HypervisorException {
    long pfn = pv.tablePfn(table);
    memory.fillTable(table, entries);
    memory.setDirect(pfn, PvLayout.directEntry(pfn, false));
    long version = PageAccount.version(memory.account(pfn));
    memory.setAccount(pfn, PageAccount.table(level, pinned, version));
  }

  private int makeLeaf() throws HypervisorException {
    if (free.isEmpty()) {
      return leaves.isEmpty() ? 0 : dissolveLeaf();
    }
    boolean pinned = slots.isEmpty() || random.nextBoolean();
    int slot = slots.isEmpty() || (pinned && random.nextBoolean()) ? -1 : slots.removeLast();
    int table = take();
    prepare(table, 1, pinned, someEntries());
    if (pinned) {
      memory.domain.pinTable(pv.tablePfn(table), 1);
    }
    if (slot >= 0) {
      memory.setEntry(
          pv.window(), slot, PageTableEntry.withFrame(PvLayout.KERNEL_FLAGS, pv.tablePfn(table)));
    }
    leaves.add(new int[] {table, slot});
    return 0;
  }

  private int dissolveLeaf() throws HypervisorException {
    int[] leaf = leaves.remove(random.nextInt(leaves.size()));
    if (leaf[1] >= 0) {
      memory.setEntry(pv.window(), leaf[1], 0);
      slots.add(leaf[1]);
    }
    dissolve(leaf[0]);
    return 1;
  }

  /// Makes a table that nothing names a data page again.
  private void dissolve(int table) throws HypervisorException {
    long pfn = pv.tablePfn(table);
    guest.unmapForeign(table);
    if (PageAccount.isPinned(memory.account(pfn))) {
      memory.domain.unpinTable(pfn);
    }
    memory.setDirect(pfn, PvLayout.directEntry(pfn, true));
    memory.rewrite(pfn);
    free.add(table);
  }

  /// An address space of its own, as a process has it. (Those of 32-bit guests would have to have a
  /// copy of the kernel's own table each.)
  private int makeSpace() throws HypervisorException {
    if (pv.width != 8 || free.size() < LEVELS) {
      return spaces.isEmpty() ? remap() : dissolveSpace();
    }
    int[] space = new int[LEVELS];
    for (int i = LEVELS - 1; i >= 0; i--) {
      space[i] = take();
      long[] entries = new long[ENTRIES];
      if (i == LEVELS - 1) {
        entries = someEntries();
      } else {
        entries[0] = PageTableEntry.withFrame(PvLayout.KERNEL_FLAGS, pv.tablePfn(space[i + 1]));
      }
      prepare(space[i], LEVELS - i, i == 0, entries);
    }
    memory.domain.pinTable(pv.tablePfn(space[0]), LEVELS);
    spaces.add(space);
    return 0;
  }

  private int dissolveSpace() throws HypervisorException {
    int[] space = spaces.remove(random.nextInt(spaces.size()));
    for (int table : space) {
      dissolve(table);
    }
    return LEVELS;
  }

  private int toggleForeign() throws HypervisorException {
    if (foreign[0] >= 0 && guest.isForeign(foreign[0], foreign[1])) {
      guest.unmapForeign(foreign[0], foreign[1]);
      foreign = new int[] {-1, -1};
    } else if (!leaves.isEmpty()) {
      foreign = new int[] {leaves.get(random.nextInt(leaves.size()))[0], random.nextInt(ENTRIES)};
      guest.mapForeign(foreign[0], foreign[1]);
    }
    return 0;
  }
}
