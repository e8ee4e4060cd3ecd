// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static org.xenstream.core.verify.Report.expected;
import static org.xenstream.core.verify.Report.hex;

import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.List;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.PageEntries;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.RecordType;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;

/// PAGE_DATA: its entries and, of a PV guest, what is in its page tables and what its pages would
/// name as start info.
///
/// A batch's summary decides whether its entries are walked at all; the pages of an HVM guest are
/// never touched.
final class PageCheck implements Check {
  /// The lowest pfn that is beyond 52 bits of physical address.
  private static final long BEYOND_ADDRESS = 1L << (52 - Wire.PAGE_SHIFT);

  private static final int L4_SET = 1 << PageType.L4TAB | 1 << (PageType.L4TAB | PageType.PINNED);
  private static final long ENTRIES = 8;

  @Override
  public void see(ImageItem item, StreamState before, Report report) {
    if (!(item instanceof ImageItem.Libxc libxc)
        || !(libxc.framed().record() instanceof StreamRecord.PageData data)) {
      return;
    }
    Frame frame = libxc.framed().frame();
    PageEntries entries = data.entries();
    int reserved = Wire.u32(frame.head(), Wire.RECORD_HEADER + 4);
    if (reserved != 0) {
      report.at(
          Rule.PAGE_DATA_RESERVED,
          frame,
          4,
          "reserved",
          expected("0", hex(Integer.toUnsignedLong(reserved))));
    }
    if (entries.count() == 0) {
      report.at(Rule.PAGE_DATA_EMPTY, frame, 0, "count", expected("more than 0", "0"));
      return;
    }
    if (entries.count() > Wire.MAX_BATCH) {
      report.at(
          Rule.BATCH_LARGE,
          frame,
          0,
          "count",
          entries.count()
              + " pages in a batch, where the reference writes at most "
              + Wire.MAX_BATCH);
    }
    if (entries.reservedBits() != 0) {
      for (int i = 0; i < entries.count(); i++) {
        if ((entries.entry(i) & Wire.PFN_RESERVED_MASK) != 0
            && !report.counted(Rule.PFN_RESERVED_BITS)) {
          entry(
              Rule.PFN_RESERVED_BITS,
              frame,
              i,
              expected("bits 59 to 52 clear", "0x%016x".formatted(entries.entry(i))),
              report);
        }
      }
    }
    if (entries.hasAnyOf(PageType.RESERVED_SET)) {
      for (int i = 0; i < entries.count(); i++) {
        if (isOneOf(PageType.RESERVED_SET, entries.type(i))
            && !report.counted(Rule.PAGE_TYPE_RESERVED)) {
          entry(
              Rule.PAGE_TYPE_RESERVED,
              frame,
              i,
              expected(
                  "a known type",
                  "type 0x%x of pfn 0x%x".formatted(entries.type(i), entries.pfn(i))),
              report);
        }
      }
    }
    if (!entries.isAscending()) {
      repeated(frame, entries, report);
    }
    if (before.isHvm()) {
      hvm(frame, entries, report);
    } else if (before.isPv()) {
      pv(frame, data, before, report);
    }
  }

  private static void repeated(Frame frame, PageEntries entries, Report report) {
    BitSet repeated = entries.repeated();
    for (int i = repeated.nextSetBit(0); i >= 0; i = repeated.nextSetBit(i + 1)) {
      if (!report.counted(Rule.PFN_REPEATED)) {
        entry(
            Rule.PFN_REPEATED,
            frame,
            i,
            "pfn 0x%x comes again in the batch".formatted(entries.pfn(i)),
            report);
      }
    }
  }

  private static void hvm(Frame frame, PageEntries entries, Report report) {
    if (entries.highestPfn() >= BEYOND_ADDRESS) {
      beyond(
          Rule.PFN_BEYOND_ADDRESS,
          BEYOND_ADDRESS - 1,
          "a pfn below 0x%x".formatted(BEYOND_ADDRESS),
          frame,
          entries,
          report);
    }
    if (entries.hasAnyOf(PageType.TABLE_SET)) {
      typed(Rule.PAGE_TABLE_IN_HVM, PageType.TABLE_SET, "an HVM guest", frame, entries, report);
    }
  }

  private static void pv(
      Frame frame, StreamRecord.PageData data, StreamState before, Report report) {
    PageEntries entries = data.entries();
    if (before.maxPfn() >= 0 && entries.highestPfn() > before.maxPfn()) {
      beyond(
          Rule.PFN_BEYOND_GUEST,
          before.maxPfn(),
          "a pfn of at most 0x%x".formatted(before.maxPfn()),
          frame,
          entries,
          report);
    }
    if (before.guestWidth() == 4 && entries.hasAnyOf(L4_SET)) {
      typed(Rule.PAGE_TABLE_LEVEL, L4_SET, "a guest with 3 levels", frame, entries, report);
    }
    if (before.maxPfn() >= 0) {
      if (entries.hasAnyOf(PageType.TABLE_SET)) {
        tables(frame, data, before, report);
      }
      // Behind VERIFY a restore compares pages and writes none.
      if (!before.has(RecordType.VERIFY)) {
        ordinary(data, before);
      }
    }
  }

  private static void ordinary(StreamRecord.PageData data, StreamState before) {
    PageEntries entries = data.entries();
    StartInfoPages startInfo = before.startInfo();
    int width = before.guestWidth();
    long most = Math.min(before.maxPfn(), PvMemory.TRACKED - 1);
    int count = entries.count();
    long page = 0;
    for (int i = 0; i < count; i++) {
      int type = entries.type(i);
      if (type == PageType.NOTAB && entries.pfn(i) <= most) {
        startInfo.take(entries.pfn(i), page(data, page), width, before.maxPfn());
      }
      page += PageType.hasData(type) ? 1 : 0;
    }
  }

  private static MemorySegment page(StreamRecord.PageData data, long index) {
    List<MemorySegment> runs = data.pages().runs();
    return runs.size() == 1
        ? runs.getFirst().asSlice(index * Wire.PAGE_SIZE, Wire.PAGE_SIZE)
        : data.pages().page(index);
  }

  private static void tables(
      Frame frame, StreamRecord.PageData data, StreamState before, Report report) {
    PageEntries entries = data.entries();
    PvMemory memory = before.memory();
    int count = entries.count();
    long page = 0;
    for (int i = 0; i < count; i++) {
      int type = entries.type(i);
      if (PageType.isTable(type)) {
        int bad = memory.takeTable(page(data, page), before.maxPfn());
        for (int pte = bad; pte >= 0; pte = memory.nextAbove(pte + 1, before.maxPfn())) {
          if (!report.counted(Rule.PTE_BEYOND_GUEST)) {
            report.at(
                Rule.PTE_BEYOND_GUEST,
                frame,
                ENTRIES + count * 8L + page * Wire.PAGE_SIZE + pte * 8L,
                "page_data[" + page + "]",
                "entry %d of %s pfn 0x%x: expected a pfn of at most 0x%x, found 0x%x (0x%016x)"
                    .formatted(
                        pte,
                        PageType.name(type),
                        entries.pfn(i),
                        before.maxPfn(),
                        PvMemory.frameOf(memory.tableEntry(pte)),
                        memory.tableEntry(pte)));
          }
        }
      }
      page += PageType.hasData(type) ? 1 : 0;
    }
  }

  private static void entry(Rule rule, Frame frame, int index, String message, Report report) {
    report.at(rule, frame, ENTRIES + index * 8L, "pfn[" + index + "]", message);
  }

  /// Counts the pfns above a limit.
  private static void beyond(
      Rule rule, long most, String wanted, Frame frame, PageEntries entries, Report report) {
    for (int i = 0; i < entries.count(); i++) {
      if (entries.pfn(i) > most && !report.counted(rule)) {
        entry(rule, frame, i, expected(wanted, hex(entries.pfn(i))), report);
      }
    }
  }

  /// Counts the entries of some types.
  private static void typed(
      Rule rule, int set, String guest, Frame frame, PageEntries entries, Report report) {
    for (int i = 0; i < entries.count(); i++) {
      if (isOneOf(set, entries.type(i)) && !report.counted(rule)) {
        entry(
            rule,
            frame,
            i,
            "%s for pfn 0x%x of %s"
                .formatted(PageType.name(entries.type(i)), entries.pfn(i), guest),
            report);
      }
    }
  }

  private static boolean isOneOf(int set, int type) {
    return (set >>> type & 1) != 0;
  }
}
