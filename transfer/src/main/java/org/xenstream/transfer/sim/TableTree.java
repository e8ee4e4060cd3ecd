// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.xenstream.x86.PageTableEntry;
import org.xenstream.x86.PageTableLevel;

/// The page tables that a PV guest has from the beginning, as a tree over virtual addresses: which
/// tables there are, and what hangs where. Tables are numbered in the order in which they are asked
/// for; which pages they are is the layout's matter.
final class TableTree {
  /// The tables of a top table that the guest's kernel runs on.
  static final int KERNEL = 0;

  /// Those of a 64-bit guest's user mode.
  static final int USER = 1;

  private final int width;
  private final Map<Long, Integer> byPlace = new HashMap<>();
  private byte[] levels = new byte[64];
  private long[] bases = new long[64];

  /// Above level 1: the table in each slot, −1 for none.
  private int[][] children = new int[64][];

  private int count;

  /// @param width 8 or 4
  TableTree(int width) {
    this.width = width;
    int top = topLevel();
    table(KERNEL, top, 0);
    if (width == 8) {
      table(USER, top, 0);
    }
  }

  int topLevel() {
    return width == 8 ? 4 : 3;
  }

  int count() {
    return count;
  }

  int level(int table) {
    return levels[table];
  }

  /// The virtual address where a table begins, without the sign extension of a 64-bit one.
  long base(int table) {
    return bases[table];
  }

  /// The table that hangs in a slot of a table above level 1, −1 for none.
  int child(int table, int slot) {
    return children[table][slot];
  }

  /// The top table of an address space.
  int root(int space) {
    return space;
  }

  /// Makes all tables that are needed to map a range.
  void cover(int space, long vaddr, long pages) {
    long first = plain(vaddr) & -PageTableLevel.L1.span() * PageTableEntry.ENTRIES;
    long span = PageTableLevel.L2.span();
    for (long at = first; at < plain(vaddr) + pages * PagePattern.PAGE; at += span) {
      table(space, 1, at);
    }
  }

  /// The level 1 table of an address, −1 when there is none.
  int l1(int space, long vaddr) {
    return find(space, 1, plain(vaddr));
  }

  /// The table of a level for an address, −1 when there is none.
  int find(int space, int level, long vaddr) {
    return byPlace.getOrDefault(key(space, level, plain(vaddr)), -1);
  }

  /// The table of a level for an address, made with all above it when it is not there.
  int table(int space, int level, long vaddr) {
    long key = key(space, level, plain(vaddr));
    Integer there = byPlace.get(key);
    if (there != null) {
      return there;
    }
    int parent = level == topLevel() ? -1 : table(space, level + 1, vaddr);
    int made = append(level, plain(vaddr) & -coverage(level));
    byPlace.put(key, made);
    if (parent >= 0) {
      children[parent][PageTableLevel.of(level + 1).slot(plain(vaddr))] = made;
    }
    return made;
  }

  private int append(int level, long base) {
    if (count == levels.length) {
      levels = Arrays.copyOf(levels, 2 * count);
      bases = Arrays.copyOf(bases, 2 * count);
      children = Arrays.copyOf(children, 2 * count);
    }
    levels[count] = (byte) level;
    bases[count] = base;
    if (level > 1) {
      children[count] = new int[PageTableEntry.ENTRIES];
      Arrays.fill(children[count], -1);
    }
    return count++;
  }

  /// The octets of virtual addresses that a table covers.
  private long coverage(int level) {
    return level == topLevel()
        ? 1L << (width == 8 ? 48 : 32)
        : PageTableLevel.of(level).span() * PageTableEntry.ENTRIES;
  }

  private long key(int space, int level, long plain) {
    return (long) space << 62 | (long) level << 56 | plain / coverage(level);
  }

  private static long plain(long vaddr) {
    return vaddr & 0x0000_FFFF_FFFF_FFFFL;
  }
}
