// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.util.function.LongPredicate;
import org.xenstream.x86.PageTableEntry;
import org.xenstream.x86.PageTableLevel;

/// The structures of a PV guest and its address space.
///
/// ```text
///                 64 bits             32 bits
/// direct map      0xffff880000000000  0xc8000000, 704 MiB; what is more, at 0
/// linear p2m      0xffffc90000000000  0xc0000000
/// kernel window   0xffffe20000000000  0xf4000000, 24 MiB
/// user mode       0x400000            part of the direct map
/// processes       0x100000000000      none
/// ```
///
/// The first table of the kernel window holds the mapping of the shared info page; the others are
/// for page-table churn. In the direct map, tables and GDTs are read-only, as Xen demands.
///
/// Each table, spare ones included, has a shadow: an ordinary page that holds the same entries with
/// pfns, by which the guest checks them after a restore.
final class PvLayout {
  private static final long DIRECT_64 = 0xFFFF_8800_0000_0000L;
  private static final long P2M_64 = 0xFFFF_C900_0000_0000L;
  private static final long WINDOW_64 = 0xFFFF_E200_0000_0000L;
  private static final long USER_64 = 0x40_0000L;
  private static final long PROCESSES_64 = 0x1000_0000_0000L;
  private static final long DIRECT_32 = 0xC800_0000L;
  private static final long P2M_32 = 0xC000_0000L;
  private static final long WINDOW_32 = 0xF400_0000L;
  private static final long LOW_32 = (WINDOW_32 - DIRECT_32) / PagePattern.PAGE;
  private static final long HIGH_32 = P2M_32 / PagePattern.PAGE;
  private static final int USER_PAGES = 16;

  static final long KERNEL_FLAGS =
      PageTableEntry.PRESENT
          | PageTableEntry.WRITABLE
          | PageTableEntry.USER
          | PageTableEntry.ACCESSED
          | PageTableEntry.DIRTY;

  /// A PAE level 3 entry has none of the flags of the others.
  static final long PAE_L3_FLAGS = PageTableEntry.PRESENT;

  final GuestSpec spec;
  final int width;
  final TableTree tree;
  final long startInfo;
  final long store;
  final long console;
  final long gdtFirst;
  final long p2mFirst;
  final long p2mCount;

  /// The frame lists of the p2m tree, and the list of those.
  final long frameListFirst;

  final long frameListCount;
  final long frameListList;

  /// The tables in the order of the tree, then the spare ones.
  final long tablesFirst;

  /// The shadows, in the same order.
  final long shadowsFirst;

  /// The first pfn behind the structures.
  final long end;

  PvLayout(GuestSpec spec, long first) {
    this.spec = spec;
    this.width = spec.kind().isPv() ? spec.kind().width() : 8;
    this.p2mCount = (spec.pages() + perFrame() - 1) / perFrame();
    this.frameListCount = (p2mCount + perFrame() - 1) / perFrame();
    this.startInfo = first;
    this.store = first + 1;
    this.console = first + 2;
    this.gdtFirst = first + 3;
    this.p2mFirst = gdtFirst + 2L * spec.vcpus();
    this.frameListFirst = p2mFirst + p2mCount;
    this.frameListList = frameListFirst + frameListCount;
    this.tablesFirst = frameListList + 1;
    this.tree = new TableTree(width);
    if (spec.kind().isPv()) {
      plan();
    }
    this.shadowsFirst = tablesFirst + tables();
    this.end = shadowsFirst + tables();
  }

  private void plan() {
    if (width == 8) {
      tree.cover(TableTree.KERNEL, DIRECT_64, spec.pages());
      tree.cover(TableTree.USER, USER_64, USER_PAGES);
      tree.cover(TableTree.USER, PROCESSES_64, userPages());
    } else {
      tree.cover(TableTree.KERNEL, DIRECT_32, Math.min(spec.pages(), LOW_32));
      tree.cover(TableTree.KERNEL, 0, Math.clamp(spec.pages() - LOW_32, 0, HIGH_32));
      // A PAE guest has all four level 2 tables: the last one must be there.
      for (long gibibyte = 0; gibibyte < 4; gibibyte++) {
        tree.table(TableTree.KERNEL, 2, gibibyte << 30);
      }
    }
    if (spec.linearP2m()) {
      tree.cover(TableTree.KERNEL, p2mAddress(), p2mCount);
    }
    tree.cover(TableTree.KERNEL, windowAddress(), 1);
  }

  /// How many pages are mapped for processes, each counted as often as it is.
  private long userPages() {
    return (long) spec.userTables() * PageTableEntry.ENTRIES;
  }

  /// How many entries of the p2m a page holds.
  int perFrame() {
    return PagePattern.PAGE / width;
  }

  long p2mAddress() {
    return width == 8 ? P2M_64 : P2M_32;
  }

  /// Where in the guest's address space its kernel maps things for a time.
  long windowAddress() {
    return width == 8 ? WINDOW_64 : WINDOW_32;
  }

  /// The table whose first entry maps the shared info page.
  int fixmap() {
    return tree.l1(TableTree.KERNEL, windowAddress());
  }

  /// The level 2 table of the kernel window.
  int window() {
    return tree.find(TableTree.KERNEL, 2, windowAddress());
  }

  /// The slots of that table that churn may use: from this one on.
  int windowFirstSlot() {
    return PageTableLevel.L2.slot(windowAddress()) + 1;
  }

  /// How many there are.
  int windowSlots() {
    return width == 8
        ? PageTableEntry.ENTRIES - 1
        : PageTableEntry.COMPAT_L2_XEN_FIRST - windowFirstSlot();
  }

  /// The number of tables, spare ones included.
  int tables() {
    return tree.count() + spec.spareTables();
  }

  long tablePfn(int table) {
    return tablesFirst + table;
  }

  long shadowPfn(int table) {
    return shadowsFirst + table;
  }

  /// The number of the table that a pfn is or may be; −1 for other pages.
  int tableOf(long pfn) {
    return pfn >= tablesFirst && pfn < shadowsFirst ? (int) (pfn - tablesFirst) : -1;
  }

  boolean isSpare(long pfn) {
    return pfn >= tablesFirst + tree.count() && pfn < shadowsFirst;
  }

  int gdtFrames(int vcpu) {
    return 1 + (vcpu & 1);
  }

  long gdtPfn(int vcpu, int frame) {
    return gdtFirst + 2L * vcpu + frame;
  }

  boolean isGdt(long pfn) {
    return pfn >= gdtFirst && pfn < p2mFirst;
  }

  /// The address of a pfn in the direct map, −1 when it is not in it.
  long directAddress(long pfn) {
    if (width == 8) {
      return DIRECT_64 + pfn * PagePattern.PAGE;
    }
    if (pfn < LOW_32) {
      return DIRECT_32 + pfn * PagePattern.PAGE;
    }
    return pfn - LOW_32 < HIGH_32 ? (pfn - LOW_32) * PagePattern.PAGE : -1;
  }

  /// The entry of the direct map for a page.
  static long directEntry(long pfn, boolean writable) {
    long flags = KERNEL_FLAGS | PageTableEntry.NO_EXECUTE;
    return PageTableEntry.withFrame(writable ? flags : flags & ~PageTableEntry.WRITABLE, pfn);
  }

  /// The entries of a table as the guest begins with them, with pfns.
  ///
  /// @param isAbsent tells which pfns have no page
  void entries(int table, GuestLayout layout, LongPredicate isAbsent, long[] into) {
    int level = tree.level(table);
    for (int slot = 0; slot < into.length; slot++) {
      if (level == 1) {
        into[slot] =
            pageEntry(tree.base(table) + (long) slot * PagePattern.PAGE, table, layout, isAbsent);
      } else {
        int child = tree.child(table, slot);
        long flags = width == 4 && level == 3 ? PAE_L3_FLAGS : KERNEL_FLAGS;
        into[slot] = child < 0 ? 0 : PageTableEntry.withFrame(flags, tablePfn(child));
      }
    }
  }

  private long pageEntry(long plain, int table, GuestLayout layout, LongPredicate isAbsent) {
    if (width == 8 && table == tree.l1(TableTree.USER, USER_64)) {
      long page = (plain - USER_64) / PagePattern.PAGE;
      return plain < USER_64 || page >= Math.min(USER_PAGES, layout.workPages())
          ? 0
          : PageTableEntry.withFrame(
              KERNEL_FLAGS & ~(page % 2 == 0 ? PageTableEntry.WRITABLE : 0), layout.dataPfn(page));
    }
    if (width == 8
        && plain >= PROCESSES_64
        && plain - PROCESSES_64 < userPages() * PagePattern.PAGE) {
      long page = (plain - PROCESSES_64) / PagePattern.PAGE;
      return PageTableEntry.withFrame(KERNEL_FLAGS, layout.dataPfn(page % layout.workPages()));
    }
    if (spec.linearP2m()) {
      long page = (plain - plain(p2mAddress())) / PagePattern.PAGE;
      if (plain >= plain(p2mAddress()) && page < p2mCount) {
        return directEntry(p2mFirst + page, true);
      }
    }
    long pfn = directPfn(plain);
    if (pfn < 0 || pfn >= spec.pages() || isAbsent.test(pfn)) {
      return 0;
    }
    return directEntry(pfn, !isGdt(pfn) && (tableOf(pfn) < 0 || isSpare(pfn)));
  }

  /// The pfn at an address of the direct map, −1 when it is none.
  private long directPfn(long plain) {
    if (width == 8) {
      long first = plain(DIRECT_64);
      return plain >= first && plain < plain(P2M_64) ? (plain - first) / PagePattern.PAGE : -1;
    }
    if (plain >= DIRECT_32 && plain < WINDOW_32) {
      return (plain - DIRECT_32) / PagePattern.PAGE;
    }
    return plain < P2M_32 ? LOW_32 + plain / PagePattern.PAGE : -1;
  }

  private static long plain(long vaddr) {
    return vaddr & 0x0000_FFFF_FFFF_FFFFL;
  }
}
