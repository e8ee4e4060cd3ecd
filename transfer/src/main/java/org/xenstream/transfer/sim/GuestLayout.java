// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.util.ArrayList;
import java.util.List;

/// Where everything of a simulated guest lies, in pfns. It follows from the [GuestSpec] alone.
///
/// RAM holds a block of structures, from [#SYSTEM_FIRST] or 1 MiB on, and data everywhere else. The
/// data pages are numbered through, whatever lies between them: first those for workloads, then
/// those that may be ballooned out, then those of the device model.
///
/// An HVM guest's special pages lie behind its RAM, or with [GuestSpec#mmioHole] where libxl puts
/// them, below 4 GiB (`tools/libs/guest/xg_dom_x86.c`).
final class GuestLayout {
  /// Where the structures of a PV guest, or of a small HVM guest, begin.
  static final long SYSTEM_FIRST = 16;

  private static final long ENTRIES = 512;
  private static final long LEGACY_HOLE = 0xA0;
  private static final long MEBIBYTE = 0x100;
  private static final long MMIO_HOLE = 0xF0000;
  private static final long FOUR_GIBIBYTES = 0x100000;
  private static final long SPECIALS_BELOW_4G = 0xFEFF0;

  /// How many special pages there are: those with a meaning and, before them, those for further
  /// device models.
  static final int SPECIALS = 8;

  static final int IOREQ_SERVER_PAGES = 8;

  final GuestSpec spec;

  /// The number of pfns: the highest plus one.
  final long pfns;

  /// Describes the guest to itself, see [GuestRecord].
  final long record;

  /// The version table.
  final long versionsFirst;

  final long versionsCount;

  /// HVM: the first page for further device models; the special pages follow those.
  final long ioreqServerFirst;

  /// The address space of a PV guest; unused otherwise.
  final PvLayout pv;

  private final long systemEnd;
  private final List<Range> ram;
  private final List<Range> data = new ArrayList<>();
  private final long dataPages;

  /// Pfns from `first` up to `end`, not included.
  record Range(long first, long end) {
    long count() {
      return end - first;
    }
  }

  GuestLayout(GuestSpec spec) {
    this.spec = spec;
    this.ram = spec.kind().isPv() ? List.of(new Range(0, spec.pages())) : hvmRam(spec);
    long ramEnd = ram.getLast().end();
    if (spec.kind().isPv()) {
      this.ioreqServerFirst = -1;
      this.pfns = ramEnd;
    } else {
      this.ioreqServerFirst =
          hasHole(spec) ? SPECIALS_BELOW_4G : (ramEnd + IOREQ_SERVER_PAGES - 1) & -SPECIALS;
      this.pfns = Math.max(ramEnd, ioreqServerFirst + IOREQ_SERVER_PAGES + SPECIALS);
    }
    long systemFirst = !spec.kind().isPv() && spec.pages() > 4 * MEBIBYTE ? MEBIBYTE : SYSTEM_FIRST;
    this.record = systemFirst;
    this.versionsFirst = record + 1;
    this.versionsCount = (pfns + ENTRIES - 1) / ENTRIES;
    this.pv = new PvLayout(spec, versionsFirst + versionsCount);
    this.systemEnd = spec.kind().isPv() ? pv.end : versionsFirst + versionsCount;
    for (Range range : ram) {
      addData(range.first(), Math.min(range.end(), systemFirst));
      addData(Math.max(range.first(), systemEnd), range.end());
    }
    this.dataPages = data.stream().mapToLong(Range::count).sum();
    boolean fits = ram.stream().anyMatch(r -> r.first() <= systemFirst && systemEnd <= r.end());
    GuestSpec.require(
        fits && dataPages >= spec.balloonPages() + spec.devicePages() + 1,
        "pages",
        "enough for %d structures, balloon and device".formatted(systemEnd - systemFirst),
        spec.pages());
  }

  private static boolean hasHole(GuestSpec spec) {
    return spec.mmioHole() || spec.pages() > MMIO_HOLE;
  }

  private static List<Range> hvmRam(GuestSpec spec) {
    long pages = spec.pages();
    if (pages <= 4 * MEBIBYTE) {
      return List.of(new Range(0, pages));
    }
    List<Range> ranges = new ArrayList<>();
    ranges.add(new Range(0, LEGACY_HOLE));
    // The hole of 384 KiB takes the place of RAM and is not made up for.
    long below = hasHole(spec) ? Math.min(pages, MMIO_HOLE) : pages;
    ranges.add(new Range(0xC0, below));
    if (pages > below) {
      ranges.add(new Range(FOUR_GIBIBYTES, FOUR_GIBIBYTES + pages - below));
    }
    return List.copyOf(ranges);
  }

  private void addData(long first, long end) {
    if (first < end) {
      data.add(new Range(first, end));
    }
  }

  /// The ranges of pages that are there from the beginning.
  List<Range> populated() {
    List<Range> ranges = new ArrayList<>();
    for (Range range : ram) {
      long first = range.first();
      // The pages that are ballooned out are numbered through, across ranges.
      for (long i = 0; i < spec.absentPages(); i++) {
        long pfn = balloonPfn(i);
        if (pfn >= first && pfn < range.end()) {
          if (first < pfn) {
            ranges.add(new Range(first, pfn));
          }
          first = pfn + 1;
        }
      }
      ranges.add(new Range(first, range.end()));
    }
    if (ioreqServerFirst >= 0) {
      ranges.add(specials());
    }
    return ranges;
  }

  private Range specials() {
    return new Range(ioreqServerFirst, ioreqServerFirst + IOREQ_SERVER_PAGES + SPECIALS);
  }

  /// The ranges of structures; spare tables are within.
  List<Range> system() {
    Range block = new Range(record, systemEnd);
    return ioreqServerFirst < 0 ? List.of(block) : List.of(block, specials());
  }

  /// Tells whether a pfn is RAM or a special page.
  boolean isPage(long pfn) {
    for (Range range : ram) {
      if (pfn >= range.first() && pfn < range.end()) {
        return true;
      }
    }
    return isSpecial(pfn);
  }

  /// Tells whether a pfn is one of an HVM guest's special pages.
  boolean isSpecial(long pfn) {
    return ioreqServerFirst >= 0
        && pfn >= ioreqServerFirst
        && pfn < ioreqServerFirst + IOREQ_SERVER_PAGES + SPECIALS;
  }

  /// Tells whether a pfn holds a structure for good. (Spare tables are not among them.)
  boolean isSystem(long pfn) {
    boolean inBlock = pfn >= record && pfn < systemEnd;
    boolean spare = spec.kind().isPv() && pv.isSpare(pfn);
    return (inBlock && !spare) || isSpecial(pfn);
  }

  /// An HVM guest's special page, by its number in `tools/libs/guest/xg_dom_x86.c`.
  long special(int number) {
    return ioreqServerFirst + IOREQ_SERVER_PAGES + number;
  }

  /// The pfn of a data page.
  long dataPfn(long index) {
    long left = index;
    for (Range range : data) {
      if (left < range.count()) {
        return range.first() + left;
      }
      left -= range.count();
    }
    throw new IndexOutOfBoundsException(
        "data page %d of a guest that has %d".formatted(index, dataPages));
  }

  /// How many data pages workloads may write.
  long workPages() {
    return dataPages - spec.balloonPages() - spec.devicePages();
  }

  /// The pfn of a page that may be ballooned out.
  long balloonPfn(long index) {
    return dataPfn(workPages() + index);
  }

  /// The pfn of a page that the device model writes.
  long devicePfn(long index) {
    return dataPfn(dataPages - spec.devicePages() + index);
  }

  /// The pfn of the version table's page for a pfn.
  long versionPage(long pfn) {
    return versionsFirst + pfn / ENTRIES;
  }

  /// Where in that page its entry lies.
  static int versionOffset(long pfn) {
    return (int) (pfn % ENTRIES) * 8;
  }
}
