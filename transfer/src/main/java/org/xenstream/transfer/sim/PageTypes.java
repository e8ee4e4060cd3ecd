// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import static org.xenstream.x86.PageTableEntry.PRESENT;
import static org.xenstream.x86.PageTableEntry.WRITABLE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.xenstream.x86.PageTableEntry;
import org.xenstream.x86.PageTableLevel;

/// What the frames of one PV domain are used as: page tables are checked when they become some, and
/// as long as they are nobody can write them (`get_page_type`, `promote_l1_table` to `l4` and
/// `mod_l1_entry` to `l4` in xen/arch/x86/mm.c).
///
/// Left out of it: what depends on the machine (memory-mapped devices, cache attributes), and the
/// bits that Xen sets in entries of its own accord.
final class PageTypes {
  private static final VarHandle ENTRY = ValueLayout.JAVA_LONG.varHandle();

  /// `base_disallow_mask`: PWT, PCD, PSE, GLOBAL.
  private static final long DISALLOWED = 0x198;

  /// `L1_DISALLOW_MASK` of a guest without devices: PWT, PCD, PAT.
  private static final long L1_DISALLOWED = 0x098;

  /// `l3_disallow_mask` of a 32-bit guest: none of the high bits either.
  private static final long PAE_L3_DISALLOWED = 0xFFF0_0000_0000_0198L;

  private static final long NO_FRAME = PageTableEntry.FRAME_MASK >>> 12;

  private final FrameTable frames;
  private final MemorySegment memory;
  private final int domid;
  private final SimLogDirty dirty;
  private final long compatM2p;
  private int width = 8;

  PageTypes(FrameTable frames, int domid, SimLogDirty dirty, long compatM2p) {
    this.frames = frames;
    this.memory = frames.memory();
    this.domid = domid;
    this.dirty = dirty;
    this.compatM2p = compatM2p;
  }

  void setWidth(int octets) {
    width = octets;
  }

  // ---- Type references

  /// Takes a reference to a frame as something: [FrameTable#WRITABLE], [FrameTable#SEGDESC], or a
  /// table of level 1 to 4. Call under the frame table's monitor.
  void get(long frame, int type) throws XenError {
    get(frame, type, 0);
  }

  /// Tells whether a frame can be referred to as a writable page: it is one, or used as nothing.
  ///
  /// @param word the frame's, see [FrameTable]
  static boolean canBeWritable(long word) {
    return (word & FrameTable.COUNT) == 0 || FrameTable.type(word) == FrameTable.WRITABLE;
  }

  /// The word of such a frame with one reference more to it as a writable page, as [#get] takes it:
  /// of whole batches that are mapped each word is read and written once.
  static long withWritable(long word) {
    return ((word & ~FrameTable.TYPE) | (long) FrameTable.WRITABLE << 24 | FrameTable.VALIDATED)
        + 1;
  }

  private void get(long frame, int type, long flag) throws XenError {
    if (!frames.belongs(frame, domid)) {
      throw new XenError(Errno.EINVAL, "frame 0x%x is not the domain's".formatted(frame));
    }
    long word = frames.word(frame);
    if ((word & FrameTable.COUNT) != 0) {
      if (FrameTable.type(word) != type
          || (word & FrameTable.PAE_XEN_L2) != flag
          || (word & FrameTable.VALIDATED) == 0) {
        throw new XenError(
            Errno.EINVAL,
            "frame 0x%x is in use as %s and cannot become %s"
                .formatted(frame, name(FrameTable.type(word)), name(type)));
      }
      frames.setWord(frame, word + 1);
      return;
    }
    if (FrameTable.type(word) != type) {
      word &= ~(FrameTable.TYPE | FrameTable.VALIDATED);
      word |= (long) type << 24;
    }
    frames.setWord(frame, (word | flag) + 1);
    if ((word & FrameTable.VALIDATED) == 0) {
      try {
        validate(frame, type, flag);
      } catch (XenError e) {
        long left = frames.word(frame);
        frames.setWord(frame, (left & ~(FrameTable.VALIDATED | FrameTable.PAE_XEN_L2)) - 1);
        throw e;
      }
      frames.setWord(frame, frames.word(frame) | FrameTable.VALIDATED);
    }
  }

  /// Gives a reference back. A table that nobody uses any more lets go what it names.
  void put(long frame) {
    frames.setWord(frame, without(frame, frames.word(frame)));
  }

  /// The frame's word when that is done.
  long without(long frame, long word) {
    assert (word & FrameTable.COUNT) != 0;
    if ((word & FrameTable.COUNT) == 1) {
      int level = FrameTable.type(word);
      if (level >= 1 && level <= 4) {
        frames.setWord(frame, word & ~FrameTable.VALIDATED);
        letGo(frame, level, word & FrameTable.PAE_XEN_L2, PageTableEntry.ENTRIES);
        word &= ~(FrameTable.VALIDATED | FrameTable.PAE_XEN_L2);
      }
      // "A page is dirtied when its type count becomes zero."
      markDirty(frame);
    }
    return word - 1;
  }

  private void markDirty(long frame) {
    long pfn = frames.pfn(frame);
    if (pfn >= 0) {
      dirty.mark(pfn);
    }
  }

  // ---- Tables

  private void validate(long table, int type, long flag) throws XenError {
    if (type < 1 || type > 4) {
      return;
    }
    if (type == 3 && width == 4) {
      // The processor sees the whole page, of which the guest filled four entries only.
      for (int i = PageTableEntry.PAE_L3_ENTRIES; i < PageTableEntry.ENTRIES; i++) {
        store(table, i, 0);
      }
      if ((load(table, 3) & PRESENT) == 0) {
        throw new XenError(
            Errno.EINVAL,
            "level 3 table 0x%x: slot 3 must be present in a 32-bit guest".formatted(table));
      }
    }
    int slot = 0;
    try {
      for (; slot < PageTableEntry.ENTRIES; slot++) {
        long entry = load(table, slot);
        if ((entry & PRESENT) != 0 && isGuestSlot(type, flag, slot)) {
          getEntry(table, type, slot, entry);
        }
      }
    } catch (XenError e) {
      letGo(table, type, flag, slot);
      throw e;
    }
    fillXenSlots(table, type, flag);
  }

  private boolean isGuestSlot(int level, long flag, int slot) {
    return switch (level) {
      case 4 -> slot < PageTableEntry.L4_XEN_FIRST || slot > PageTableEntry.L4_XEN_LAST;
      case 2 -> flag == 0 || slot < PageTableEntry.COMPAT_L2_XEN_FIRST;
      default -> true;
    };
  }

  /// What a guest finds in Xen's slots: entries that name nothing of its own (`init_xen_l4_slots`,
  /// `init_xen_pae_l2_slots`).
  private void fillXenSlots(long table, int level, long flag) {
    if (level == 4) {
      for (int i = PageTableEntry.L4_XEN_FIRST; i <= PageTableEntry.L4_XEN_LAST; i++) {
        store(table, i, 0);
      }
      store(table, PageTableEntry.L4_XEN_FIRST, PageTableEntry.withFrame(0x25, compatM2p - 1));
      store(table, PageTableEntry.L4_XEN_FIRST + 2, PageTableEntry.withFrame(0x63, table));
    } else if (flag != 0) {
      for (int i = PageTableEntry.COMPAT_L2_XEN_FIRST; i < PageTableEntry.ENTRIES; i++) {
        store(table, i, 0);
      }
      long superpage = PRESENT | PageTableEntry.PSE | PageTableEntry.ACCESSED;
      store(
          table,
          PageTableEntry.COMPAT_L2_XEN_FIRST,
          PageTableEntry.withFrame(superpage, compatM2p));
    }
  }

  private void letGo(long table, int level, long flag, int slots) {
    for (int i = 0; i < slots; i++) {
      long entry = load(table, i);
      if ((entry & PRESENT) != 0 && isGuestSlot(level, flag, i)) {
        putEntry(table, level, entry);
      }
    }
  }

  private void getEntry(long table, int level, int slot, long entry) throws XenError {
    long disallowed =
        switch (level) {
          case 1 -> L1_DISALLOWED;
          case 3 -> width == 4 ? PAE_L3_DISALLOWED : DISALLOWED;
          default -> DISALLOWED;
        };
    if ((entry & disallowed) != 0) {
      throw bad(Errno.EINVAL, table, level, slot, entry, "has flags that are not allowed");
    }
    if (level == 1) {
      getData(table, slot, entry);
      return;
    }
    long child = PageTableEntry.frame(entry);
    boolean last = level == 3 && width == 4 && slot == 3;
    try {
      get(child, level - 1, last ? FrameTable.PAE_XEN_L2 : 0);
    } catch (XenError e) {
      if (last || !isLinear(table, level, entry)) {
        // What is wrong below says itself where.
        throw frames.belongs(child, domid)
            ? e
            : bad(e.errno(), table, level, slot, entry, String.valueOf(e.getMessage()));
      }
      if (child != table) {
        frames.setWord(child, frames.word(child) + 1);
      }
      return;
    }
    if (last && (frames.word(child) & FrameTable.COUNT) != 1) {
      put(child);
      throw bad(Errno.EINVAL, table, level, slot, entry, "is shared with another level 3 table");
    }
  }

  /// A table may name one of its own level, so that the guest finds its tables in its address
  /// space, if it does not let it write there.
  private boolean isLinear(long table, int level, long entry) {
    long child = PageTableEntry.frame(entry);
    if ((entry & WRITABLE) != 0 || (level == 3 && width == 4)) {
      return false;
    }
    if (child == table) {
      return true;
    }
    if (!frames.belongs(child, domid)) {
      return false;
    }
    long word = frames.word(child);
    return FrameTable.type(word) == level && (word & FrameTable.VALIDATED) != 0;
  }

  private void getData(long table, int slot, long entry) throws XenError {
    long frame = PageTableEntry.frame(entry);
    if (frame >= frames.frames()) {
      Errno errno = frame == NO_FRAME ? Errno.EINVAL : Errno.EPERM;
      throw bad(errno, table, 1, slot, entry, "names no memory of the machine");
    }
    if (!frames.belongs(frame, domid)) {
      throw bad(Errno.EBUSY, table, 1, slot, entry, "names a frame of somebody else");
    }
    if ((entry & WRITABLE) != 0) {
      try {
        get(frame, FrameTable.WRITABLE);
      } catch (XenError e) {
        throw bad(Errno.EBUSY, table, 1, slot, entry, String.valueOf(e.getMessage()));
      }
    }
  }

  private void putEntry(long table, int level, long entry) {
    long frame = PageTableEntry.frame(entry);
    if (level == 1) {
      if ((entry & WRITABLE) != 0 && frames.belongs(frame, domid)) {
        put(frame);
      }
    } else if (frame != table) {
      put(frame);
    }
  }

  private static XenError bad(
      Errno errno, long table, int level, int slot, long entry, String what) {
    return new XenError(
        errno,
        "level %d table 0x%x, slot %d: entry 0x%x %s".formatted(level, table, slot, entry, what));
  }

  // ---- What guests and toolstacks ask for

  /// Changes an entry (`mmu_update`), in a table or in a page that is none.
  void update(long table, int slot, long entry) throws XenError {
    synchronized (frames) {
      if (!frames.belongs(table, domid)) {
        throw new XenError(Errno.EINVAL, "frame 0x%x is not the domain's".formatted(table));
      }
      long word = frames.word(table);
      int level = FrameTable.type(word);
      if ((word & FrameTable.COUNT) == 0 || level == FrameTable.WRITABLE) {
        store(table, slot, entry);
      } else if (level < 1 || level > 4) {
        throw new XenError(Errno.EINVAL, "frame 0x%x is %s".formatted(table, name(level)));
      } else {
        change(table, level, word & FrameTable.PAE_XEN_L2, slot, entry);
      }
      markDirty(table);
    }
  }

  private void change(long table, int level, long flag, int slot, long entry) throws XenError {
    boolean hole = !isGuestSlot(level, flag, slot);
    if (hole || (level == 3 && width == 4 && slot >= 3)) {
      throw bad(Errno.EINVAL, table, level, slot, entry, "would change what is Xen's");
    }
    long old = load(table, slot);
    if ((entry & PRESENT) != 0) {
      getEntry(table, level, slot, entry);
    }
    store(table, slot, entry);
    if ((old & PRESENT) != 0) {
      putEntry(table, level, old);
    }
  }

  /// Makes a frame a table of a level for good (`MMUEXT_PIN_L1_TABLE` to `L4`).
  void pin(long frame, int level) throws XenError {
    if (level == 4 && width == 4) {
      // Xen passes over it without a word.
      return;
    }
    synchronized (frames) {
      get(frame, level);
      long word = frames.word(frame);
      if ((word & FrameTable.PINNED) != 0) {
        put(frame);
        throw new XenError(Errno.EINVAL, "frame 0x%x is pinned already".formatted(frame));
      }
      frames.setWord(frame, word | FrameTable.PINNED);
      markDirty(frame);
    }
  }

  /// Takes down that a frame was pinned, and looks at nothing in it.
  void recordPin(long frame, int level) {
    synchronized (frames) {
      if (frames.belongs(frame, domid)) {
        long word = frames.word(frame) & ~FrameTable.TYPE;
        frames.setWord(
            frame, (word | (long) level << 24 | FrameTable.VALIDATED | FrameTable.PINNED) + 1);
      }
    }
  }

  /// Lets a pinned table go (`MMUEXT_UNPIN_TABLE`).
  void unpin(long frame) throws XenError {
    synchronized (frames) {
      if (!frames.belongs(frame, domid) || (frames.word(frame) & FrameTable.PINNED) == 0) {
        throw new XenError(Errno.EINVAL, "frame 0x%x is not pinned".formatted(frame));
      }
      frames.setWord(frame, frames.word(frame) & ~FrameTable.PINNED);
      put(frame);
      markDirty(frame);
    }
  }

  private long load(long table, int slot) {
    return (long) ENTRY.getVolatile(memory, (table << 12) + 8L * slot);
  }

  private void store(long table, int slot, long entry) {
    ENTRY.setVolatile(memory, (table << 12) + 8L * slot, entry);
  }

  private static String name(int type) {
    return switch (type) {
      case FrameTable.NONE -> "nothing";
      case FrameTable.SEGDESC -> "a descriptor table";
      case FrameTable.WRITABLE -> "writable";
      default -> "a level %d table".formatted(PageTableLevel.of(type).number());
    };
  }
}
