// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.MemoryRuns;
import org.xenstream.core.format.PageEntries;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.Wire;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.ForeignMapping;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.HypervisorException;

/// Puts the pages of PAGE_DATA records into the guest, or compares them with what it has
/// (`handle_page_data`, `process_page_data` of `xg_sr_restore.c`).
///
/// Pages go from the source into the guest's mapped memory, with no copy in between; page tables
/// are localised there. One object serves all batches: a batch makes no garbage but its mapping.
///
/// The page tables of the first pass wait until all its pages are there. C localises each at once
/// and gives frames to what it names, far ahead of its turn: the guest's memory would become a
/// patchwork, for the rest of the restore and of its life. Nothing else of the outcome differs.
/// Those that name nothing do not wait.
final class PageLoader {
  /// Where the pages of the record come from, in the order of its entries.
  interface Supply {
    /// Moves the next pages into memory. The record's views are dead from then on.
    void take(MemoryRuns into) throws IOException;
  }

  /// Pages of a verify pass are looked at through this much memory.
  private static final int VERIFIED_AT_ONCE = 64;

  /// Octets of a line of the processor's cache.
  private static final int LINE = 64;

  private final Hypervisor hypervisor;
  private final int domid;
  private final String source;
  private final GuestRestore guest;
  private final Populator populator;
  private final RestoreListener listener;
  private final Cancellation cancellation;
  private final Arena arena;
  private final long[] entries = new long[Wire.MAX_BATCH];
  private final long[] pfns = new long[Wire.MAX_BATCH];
  private final byte[] types = new byte[Wire.MAX_BATCH];
  private final long[] frames = new long[Wire.MAX_BATCH];
  private final MemoryRuns runs = new MemoryRuns();
  private @Nullable MemorySegment verified;
  private boolean tablesWait = true;

  /// What [#fetch] read, so that it is read.
  @SuppressWarnings("UnusedVariable")
  private long fetched;

  private long pages;
  private long mismatches;

  /// @param arena outlives the loader
  PageLoader(
      Hypervisor hypervisor,
      int domid,
      String source,
      GuestRestore guest,
      RestoreListener listener,
      Cancellation cancellation,
      Arena arena) {
    this.hypervisor = hypervisor;
    this.domid = domid;
    this.source = source;
    this.guest = guest;
    this.populator = new Populator(hypervisor, domid, guest);
    this.listener = listener;
    this.cancellation = cancellation;
    this.arena = arena;
  }

  /// How many pages of data were taken.
  long pages() {
    return pages;
  }

  /// How many of them were not what the guest has.
  long mismatches() {
    return mismatches;
  }

  Populator populator() {
    return populator;
  }

  /// From here on pages are compared and no longer put in place: VERIFY has come.
  void verifyFromNowOn() throws IOException {
    localiseWaiting();
    if (verified == null) {
      verified = arena.allocate((long) VERIFIED_AT_ONCE * Wire.PAGE_SIZE, Wire.PAGE_SIZE);
    }
  }

  /// Localises the page tables of the first pass, once: before any of them is sent again, before
  /// pages are compared, and before the guest is completed.
  void localiseWaiting() throws IOException {
    if (!tablesWait) {
      return;
    }
    tablesWait = false;
    long pfn = guest.nextLocalised(0);
    while (pfn >= 0) {
      int count = 0;
      for (; pfn >= 0 && count < pfns.length; pfn = guest.nextLocalised(pfn + 1)) {
        pfns[count++] = pfn;
      }
      cancellation.check();
      guest.frames(pfns, frames, count);
      try (ForeignMapping mapping = map(count)) {
        MemorySegment memory = mapping.memory();
        for (int i = 0; i < count; i++) {
          if (i + 1 < count) {
            fetch(memory, mapping.offset(i + 1));
          }
          guest.localise(pfns[i], populator, memory, mapping.offset(i));
        }
      }
    }
  }

  /// Takes one record. Nothing is done before all its entries were found good.
  void load(Frame at, PageEntries batch, Supply supply) throws IOException {
    check(at, batch);
    int count = batch.count();
    if (batch.withData() == 0 && batch.countOf(PageType.XALLOC) == 0 && !guest.keepsTypes()) {
      // Nothing is to be done: most batches of a guest with holes between its pages are like that.
      cancellation.check();
    } else if (count <= entries.length) {
      Wire.copyU64(batch.octets(), 0, entries, count);
      load(at, count, batch.isAscending(), supply);
    } else {
      loadLong(at, batch, supply);
    }
    listener.batch(pages);
  }

  /// A record of more entries than any saver writes goes piece by piece. Its entries are copied, as
  /// they die with the first pages taken.
  private void loadLong(Frame at, PageEntries batch, Supply supply) throws IOException {
    boolean ascending = batch.isAscending();
    try (Arena copies = Arena.ofConfined()) {
      MemorySegment copy = copies.allocate(batch.octets().byteSize(), Long.BYTES);
      copy.copyFrom(batch.octets());
      long count = copy.byteSize() / Long.BYTES;
      for (long from = 0; from < count; from += entries.length) {
        int length = (int) Math.min(entries.length, count - from);
        for (int i = 0; i < length; i++) {
          entries[i] = Wire.u64(copy, (from + i) * Long.BYTES);
        }
        load(at, length, ascending, supply);
      }
    }
  }

  private void check(Frame at, PageEntries batch) throws IOException {
    if (batch.count() == 0) {
      throw RefusedStreamException.of(source, at, 0, "count", "at least 1", "0");
    }
    if (batch.highestPfn() <= guest.highestPfn() && !batch.hasAnyOf(PageType.RESERVED_SET)) {
      return;
    }
    for (int i = 0; i < batch.count(); i++) {
      if (batch.pfn(i) > guest.highestPfn()) {
        throw RefusedStreamException.of(
            source,
            at,
            8 + 8L * i,
            "pfn[%d]".formatted(i),
            guest.highestPfn() < 0
                ? "no pages before X86_PV_P2M_FRAMES"
                : "a pfn up to 0x%x".formatted(guest.highestPfn()),
            "0x%x".formatted(batch.pfn(i)));
      }
      if ((PageType.RESERVED_SET >>> batch.type(i) & 1) != 0) {
        throw RefusedStreamException.of(
            source,
            at,
            8 + 8L * i,
            "pfn[%d]".formatted(i),
            "a known page type",
            "%s for pfn 0x%x".formatted(PageType.name(batch.type(i)), batch.pfn(i)));
      }
    }
  }

  /// Puts what [#entries] name in place.
  ///
  /// @param ascending no pfn comes twice
  private void load(Frame at, int count, boolean ascending, Supply supply) throws IOException {
    cancellation.check();
    if (tablesWait && !(ascending && guest.areFirst(entries, count))) {
      localiseWaiting();
    }
    for (int i = 0; i < count; i++) {
      long entry = entries[i];
      int type = PageType.of(entry);
      pfns[i] = entry & Wire.PFN_MASK;
      types[i] = (byte) type;
      if (PageType.isPopulated(type)) {
        populator.want(entry & Wire.PFN_MASK);
      }
    }
    populator.finish();
    guest.setTypes(pfns, types, count);
    int withData = 0;
    boolean localised = false;
    for (int i = 0; i < count; i++) {
      int type = types[i];
      if (PageType.hasData(type)) {
        pfns[withData] = pfns[i];
        types[withData] = (byte) type;
        withData++;
        localised |= type != PageType.NOTAB && guest.isLocalised(type);
      }
    }
    guest.frames(pfns, frames, withData);
    if (withData == 0) {
      return;
    }
    try (ForeignMapping mapping = map(withData)) {
      if (verified != null) {
        compare(at, mapping, withData, verified, supply);
      } else {
        // A page table that comes twice in a batch must be localised before it comes again.
        int step = ascending || !localised ? withData : 1;
        for (int from = 0; from < withData; from += step) {
          place(at, mapping, from, from + step, localised, supply);
        }
      }
    }
    pages += withData;
  }

  /// Maps what [#frames] names, the frames of [#pfns].
  @SuppressWarnings("MustBeClosedChecker") // the caller's
  private ForeignMapping map(int count) throws IOException {
    ForeignMapping mapping = hypervisor.map(domid, Hypervisor.Access.WRITE, frames, count);
    for (int i = 0; i < count; i++) {
      if (mapping.error(i) != 0) {
        try (mapping) {
          throw new HypervisorException(
              "map",
              domid,
              "errno " + mapping.error(i),
              "pfn 0x%x at frame 0x%x".formatted(pfns[i], frames[i]));
        }
      }
    }
    return mapping;
  }

  private void place(
      Frame at, ForeignMapping mapping, int from, int to, boolean localised, Supply supply)
      throws IOException {
    MemorySegment memory = mapping.memory();
    runs.clear();
    for (int i = from; i < to; ) {
      long first = mapping.offset(i);
      long end = first + Wire.PAGE_SIZE;
      for (i++; i < to && mapping.offset(i) == end; i++) {
        end += Wire.PAGE_SIZE;
      }
      runs.add(memory, first, end - first);
    }
    supply.take(runs);
    if (localised) {
      for (int i = from; i < to; i++) {
        if (guest.isLocalised(types[i])) {
          localise(at, i, memory, mapping.offset(i));
        }
      }
    }
  }

  /// Has the processor fetch a page that is to be localised next: all its lines at once, and not
  /// one after the other when their turn comes. By then it lies in no cache any more.
  private void fetch(MemorySegment memory, long offset) {
    long all = 0;
    for (long at = offset; at < offset + Wire.PAGE_SIZE; at += LINE) {
      all |= memory.get(ValueLayout.JAVA_LONG, at);
    }
    fetched = all;
  }

  /// Localises a page of the record at once, or has a look at it while it waits.
  private void localise(Frame at, int i, MemorySegment memory, long offset) throws IOException {
    guest.checkPage(at, types[i], pfns[i], memory, offset);
    if (!tablesWait) {
      guest.localise(pfns[i], populator, memory, offset);
    }
  }

  private void compare(
      Frame at, ForeignMapping mapping, int count, MemorySegment scratch, Supply supply)
      throws IOException {
    for (int from = 0; from < count; from += VERIFIED_AT_ONCE) {
      int length = Math.min(VERIFIED_AT_ONCE, count - from);
      runs.clear();
      runs.add(scratch, 0, (long) length * Wire.PAGE_SIZE);
      supply.take(runs);
      for (int i = 0; i < length; i++) {
        long offset = (long) i * Wire.PAGE_SIZE;
        int type = types[from + i];
        if (guest.isLocalised(type)) {
          localise(at, from + i, scratch, offset);
        }
        long there = mapping.offset(from + i);
        if (MemorySegment.mismatch(
                scratch,
                offset,
                offset + Wire.PAGE_SIZE,
                mapping.memory(),
                there,
                there + Wire.PAGE_SIZE)
            != -1) {
          mismatches++;
          listener.mismatch(pfns[from + i], type);
        }
      }
    }
  }
}
