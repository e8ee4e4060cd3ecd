// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.xenstream.core.format.PageEntries;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.Wire;

/// What a restore would know of a PV guest's pages: the last type of each, whether it has a frame,
/// and which frames hold the p2m.
///
/// An octet for each pfn of the guest, whose size X86_PV_P2M_FRAMES pays for with 8 octets for 512
/// pfns. Nothing is kept of pfns above [#TRACKED], which bounds the memory by 64 MiB for any image;
/// they pass.
final class PvMemory {
  /// How many pfns are kept: those of a guest of 256 GiB.
  static final long TRACKED = 1L << 26;

  private static final int ENTRIES = Wire.PAGE_SIZE / 8;
  private static final long FRAME_MASK = (1L << 40) - 1;

  private static final int TYPE = 0x0F;
  private static final int NAMED = 0x10;
  private static final int POPULATED = 0x20;
  private static final int POPULATED_BIT = 5;
  private static final int MARK_SHIFT = 6;
  private static final int BELOW_MARK = (1 << MARK_SHIFT) - 1;

  /// An octet for each pfn below `size`, then one for each entry of a table, in which the entries
  /// that are not present leave their mark, so that no branch need tell them apart.
  private byte[] pages = new byte[ENTRIES];

  private int size;
  private final long[] table = new long[ENTRIES];
  private long[] p2mFrames = new long[0];

  /// Takes in how large the guest is. Where it is told little by little, room is made for twice as
  /// much, so that what is outgrown is never more than what is there.
  void grow(long maxPfn) {
    int wanted = (int) Math.min(maxPfn + 1, TRACKED);
    if (wanted > size) {
      Arrays.fill(pages, size, size + ENTRIES, (byte) 0);
      if (wanted + ENTRIES > pages.length) {
        long room = Math.max(wanted, Math.min(2L * size, TRACKED));
        pages = Arrays.copyOf(pages, (int) room + ENTRIES);
      }
      size = wanted;
    }
  }

  /// Takes a batch in: the last type of a pfn counts, and what has a frame keeps it.
  void take(PageEntries entries) {
    int count = entries.count();
    for (int i = 0; i < count; i++) {
      long entry = entries.entry(i);
      long pfn = entry & Wire.PFN_MASK;
      if (pfn < size) {
        int type = PageType.of(entry);
        int kept = (pages[(int) pfn] & (POPULATED | ~BELOW_MARK)) | NAMED | type;
        pages[(int) pfn] = (byte) (PageType.isPopulated(type) ? kept | POPULATED : kept);
      }
    }
  }

  /// Takes in a page table: a restore gives a frame to each pfn that a present entry names.
  ///
  /// @param page the normalised table
  /// @param maxPfn the guest's highest pfn
  /// @return the first present entry that names a pfn above it, −1 when none does
  int takeTable(MemorySegment page, long maxPfn) {
    long[] entries = table;
    Wire.copyU64(page, 0, entries, ENTRIES);
    // Negative as soon as one present entry is too high: no branch for each.
    long room = 0;
    for (int i = 0; i < ENTRIES; i++) {
      long entry = entries[i];
      room |= maxPfn - (entry >>> Wire.PAGE_SHIFT & FRAME_MASK & -(entry & 1));
    }
    if (room < 0) {
      return nextAbove(0, maxPfn);
    }
    if (maxPfn < size) {
      markFrames(entries);
    } else {
      markTrackedFrames(entries);
    }
    return -1;
  }

  /// The first present entry of the last table, from one on, that names a pfn above the guest's
  /// highest, −1 when none does.
  int nextAbove(int from, long maxPfn) {
    for (int i = from; i < ENTRIES; i++) {
      if ((table[i] & 1) != 0 && frameOf(table[i]) > maxPfn) {
        return i;
      }
    }
    return -1;
  }

  private void markFrames(long[] entries) {
    byte[] marks = pages;
    for (int i = 0; i < ENTRIES; i++) {
      long entry = entries[i];
      long present = entry & 1;
      int at = (int) ((frameOf(entry) & -present) | ((size + i) & (present - 1)));
      marks[at] |= (byte) (present << POPULATED_BIT);
    }
  }

  /// The same for a guest of which not all is kept.
  private void markTrackedFrames(long[] entries) {
    for (int i = 0; i < ENTRIES; i++) {
      if ((entries[i] & 1) != 0 && frameOf(entries[i]) < size) {
        pages[(int) frameOf(entries[i])] |= POPULATED;
      }
    }
  }

  /// The frame that a page-table entry names: bits 51–12.
  static long frameOf(long entry) {
    return entry >>> Wire.PAGE_SHIFT & FRAME_MASK;
  }

  /// Entry `index` of the table that was taken last.
  long tableEntry(int index) {
    return table[index];
  }

  /// Tells whether anything is kept of a pfn of the guest.
  static boolean isTracked(long pfn) {
    return pfn >= 0 && pfn < TRACKED;
  }

  /// The last type of a tracked pfn; NOTAB when it was never named, as in a restore.
  int type(long pfn) {
    return pages[(int) pfn] & TYPE;
  }

  /// Tells whether a restore has a frame for a tracked pfn.
  boolean isPopulated(long pfn) {
    return (pages[(int) pfn] & POPULATED) != 0;
  }

  /// What was marked last at a pfn of the guest that is tracked, 0 to begin with.
  int mark(long pfn) {
    return pages[(int) pfn] >>> MARK_SHIFT & 3;
  }

  /// Marks a tracked pfn, for whoever has something to remember of each: types and frames leave it.
  ///
  /// @param mark 0 to 3
  void mark(long pfn, int mark) {
    pages[(int) pfn] = (byte) ((pages[(int) pfn] & BELOW_MARK) | (mark << MARK_SHIFT));
  }

  /// "L1TAB", or "no page" when the pfn was never named and has no frame.
  String describe(long pfn) {
    int state = pages[(int) pfn];
    return (state & (NAMED | POPULATED)) == 0 ? "no page" : PageType.name(state & TYPE);
  }

  /// Takes in that slot `slot` of the guest's p2m lies in the page `pfn`.
  void takeP2mFrame(long slot, long pfn) {
    if (slot >= TRACKED / ENTRIES) {
      return;
    }
    if (slot >= p2mFrames.length) {
      int before = p2mFrames.length;
      long wanted = Math.max(slot + 1, Math.min(2L * before, TRACKED / ENTRIES));
      p2mFrames = Arrays.copyOf(p2mFrames, (int) wanted);
      Arrays.fill(p2mFrames, before, p2mFrames.length, -1);
    }
    p2mFrames[(int) slot] = pfn;
  }

  /// The pfn of a slot of the p2m, −1 when no record named it.
  long p2mFrame(long slot) {
    return slot < p2mFrames.length ? p2mFrames[(int) slot] : -1;
  }
}
