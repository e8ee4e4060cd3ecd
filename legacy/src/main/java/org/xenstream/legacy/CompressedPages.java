// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.MemoryRuns;
import org.xenstream.core.format.PageRuns;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.Wire;

/// Pages of checkpoints that Remus compressed: batches bring their entries, chunks of compressed
/// data their pages in the same order, as differences from what they were (`Format B` in
/// `xg_save_restore.h`).
///
/// A difference is against the page as it was last. Xen's saver sends a page whole when it sends it
/// for the first time since compression began (the cache of `xc_compression.c` begins empty), so
/// that the pages that came compressed are all that has to be kept; [LegacyOptions#keepPages] keeps
/// the others as well.
final class CompressedPages implements AutoCloseable {
  /// Pages that are made at once: 1 MiB stays in a processor's cache.
  private static final int GROUP = 256;

  private static final int WINDOW = 256 << 10;
  private static final String PART = Chunk.COMPRESSED_DATA.name();
  private static final MemorySegment NOTHING = MemorySegment.ofArray(new byte[0]);

  private final LegacyCursor in;
  private final PageFrames frames;
  private final PageStore store;
  private final EarlierPages earlier;
  private final boolean keepAll;
  private final Arena arena;
  private final EntryQueue queue = new EntryQueue();
  private final long[] group = new long[PageBatch.MOST];
  private final long[] pfns = new long[GROUP];
  private final boolean[] changed = new boolean[GROUP];
  private @Nullable MemorySegment buffer;
  private long taken;
  private long made;

  /// Where the chunk of compressed data began, and how much of it is not passed yet.
  private long chunk;

  private long left;

  /// A view of what comes next in the chunk, or carried octets with what comes next; none between
  /// two records. The place in it, and how much of it is carried.
  private MemorySegment window = NOTHING;

  private long at;
  private long carried;

  /// @param earlier where pages are found that came before compression began
  /// @param keepAll whether pages that come as they are have to be kept, too
  /// @param arena where buffers live
  CompressedPages(
      LegacyCursor in,
      PageFrames frames,
      PageStore store,
      EarlierPages earlier,
      boolean keepAll,
      Arena arena) {
    this.in = in;
    this.frames = frames;
    this.store = store;
    this.earlier = earlier;
    this.keepAll = keepAll;
    this.arena = arena;
  }

  /// Whether pages that come as they are have to be kept, too.
  boolean keepsAll() {
    return keepAll;
  }

  /// Keeps pages that came as they are, where that is wanted.
  void keep(long[] entries, int from, int to, PageRuns pages) throws IOException {
    if (!keepAll) {
      return;
    }
    int page = 0;
    for (int i = from; i < to; i++) {
      if (PageType.hasData(PageType.of(entries[i]))) {
        store.write(entries[i] & Wire.PFN_MASK, pages.page(page++), where());
      }
    }
  }

  private Location where() {
    return in.at(in.position(), PART, null);
  }

  /// Notes entries whose pages follow.
  void expect(PageBatch batch) throws StreamFormatException {
    if (batch.count() > EntryQueue.MOST - queue.size()) {
      throw in.fault(
          Fault.TOO_LONG,
          batch.offset(),
          "batch",
          "count",
          "at most %d pages that wait for their compressed data".formatted(EntryQueue.MOST),
          "more");
    }
    queue.add(batch.entries(), batch.count());
  }

  /// A chunk of data begins at the cursor.
  ///
  /// @param at where the chunk itself began
  void data(long length, long at) throws IOException {
    if (length < 0) {
      throw in.fault(Fault.TOO_LONG, at, PART, "length", "octets", Long.toUnsignedString(length));
    }
    chunk = at;
    left = length;
    if (carried > 0) {
      MemorySegment more = in.require(Math.min(left, PageDelta.LONGEST), PART, "data");
      MemorySegment joined = MemorySegment.ofArray(new byte[(int) (carried + more.byteSize())]);
      joined.copyFrom(window.asSlice(0, carried));
      joined.asSlice(carried).copyFrom(more);
      window = joined;
    }
  }

  /// The next record of pages, or null where more data have to come first.
  @Nullable Framed next(PagesShown shown) throws IOException {
    int entries = 0;
    int pages = 0;
    long last = -1;
    while (!queue.isEmpty() && entries < group.length) {
      long entry = queue.peek();
      long pfn = entry & Wire.PFN_MASK;
      if (pfn <= last) {
        break; // A record names each pfn once, and a page is made once before it is kept.
      }
      if (PageType.hasData(PageType.of(entry))) {
        if (pages == GROUP || !makePage(pfn, pages)) {
          break;
        }
        pages++;
      }
      last = pfn;
      group[entries++] = entry;
      queue.remove();
    }
    leaveWindow();
    if (entries == 0) {
      holdOverrun();
      return null;
    }
    keepChanged(pages);
    return show(chunk, entries, pages, shown);
  }

  private Framed show(long offset, int entries, int pages, PagesShown shown) {
    taken = 0;
    made = (long) pages * Layout.PAGE;
    PageRuns runs =
        shown == PagesShown.IN_VIEW && pages > 0
            ? PageRuns.of(buffer().asSlice(0, made))
            : PageRuns.NONE;
    return frames.frame(offset, group, 0, entries, runs);
  }

  /// Makes a page in the buffer. Gives false where its data have to come first.
  private boolean makePage(long pfn, int slot) throws IOException {
    int length = seek();
    if (length == 0) {
      return false;
    }
    int first = PageDelta.u8(window, at);
    long into = (long) slot * Layout.PAGE;
    MemorySegment page = buffer().asSlice(into, Layout.PAGE);
    if (first == PageDelta.WHOLE) {
      MemorySegment.copy(window, at + 1, page, 0, Layout.PAGE);
    } else {
      if (!store.has(pfn) && !earlier.find(pfn, store)) {
        throw in.malformed(
            place(),
            PART,
            "pfn 0x%x".formatted(pfn),
            "a page that came whole since compression began (or the image in a file, or all its"
                + " pages kept)",
            "a difference from what came before");
      }
      store.read(pfn, page);
      if (first != PageDelta.UNCHANGED) {
        PageDelta.apply(window, at, page, 0);
      }
    }
    pfns[slot] = pfn;
    changed[slot] = first != PageDelta.UNCHANGED;
    at += length;
    if (at >= carried && carried > 0) {
      leaveWindow();
    }
    return true;
  }

  /// The place in the image of what the window shows next.
  private long place() {
    return Math.max(chunk, in.position() + at - carried);
  }

  /// Brings a whole page into the window, and gives its length; 0 where more data have to come.
  private int seek() throws IOException {
    while (true) {
      int length = at < window.byteSize() ? PageDelta.length(window, at) : PageDelta.CUT;
      if (length > 0) {
        return length;
      }
      if (length != PageDelta.CUT) {
        throw in.malformed(
            place(),
            PART,
            "run",
            "runs of at least a word that make up a page",
            length == PageDelta.EMPTY_RUN ? "a run of none" : "more than a page");
      }
      long ahead = window.byteSize() - at;
      if (carried > 0 || ahead == left) {
        carry(ahead);
        return 0;
      }
      leaveWindow();
      window = in.require(Math.min(left, WINDOW), PART, "data");
    }
  }

  /// The chunk ends amid a page: what is there of it waits for the next chunk.
  private void carry(long ahead) throws IOException {
    byte[] kept = window.asSlice(at, ahead).toArray(ValueLayout.JAVA_BYTE);
    in.pass(left, PART, "data");
    left = 0;
    window = MemorySegment.ofArray(kept);
    at = 0;
    carried = kept.length;
  }

  /// Passes what was used of the window, whose views die.
  private void leaveWindow() throws IOException {
    if (at < carried) {
      return; // Carried octets are our own, and none of them is used yet.
    }
    long used = at - carried;
    in.pass(used, PART, "data");
    left -= used;
    window = NOTHING;
    at = 0;
    carried = 0;
  }

  private void holdOverrun() throws StreamFormatException {
    if (queue.isEmpty() && (left > 0 || carried > 0)) {
      throw in.malformed(
          place(),
          PART,
          "data",
          "pages for the entries that came before",
          "%d octets more".formatted(left + carried));
    }
  }

  /// The body ends: all pages have to be there.
  ///
  /// @param end where it does
  void end(long end) throws StreamFormatException {
    holdOverrun();
    if (!queue.isEmpty()) {
      throw in.malformed(
          end,
          "body",
          null,
          "compressed data for %d more entries".formatted(queue.size()),
          "the end of the body");
    }
  }

  private void keepChanged(int pages) throws IOException {
    int slot = 0;
    while (slot < pages) {
      int from = slot++;
      if (!changed[from]) {
        continue;
      }
      while (slot < pages && changed[slot] && pfns[slot] == pfns[slot - 1] + 1) {
        slot++;
      }
      MemorySegment run =
          buffer().asSlice((long) from * Layout.PAGE, (long) (slot - from) * Layout.PAGE);
      store.write(pfns[from], run, in.at(chunk, PART, null));
    }
  }

  /// A record of pages as they are kept.
  ///
  /// @param entries as in PAGE_DATA, with at most as many pages as a record of [#next] has
  Framed stored(long offset, MemorySegment entries, PagesShown shown) throws IOException {
    int count = (int) (entries.byteSize() / 8);
    int pages = 0;
    for (int i = 0; i < count; i++) {
      group[i] = Wire.u64(entries, i * 8L);
      if (PageType.hasData(PageType.of(group[i]))) {
        pfns[pages++] = group[i] & Wire.PFN_MASK;
      }
    }
    int slot = 0;
    while (slot < pages) {
      int from = slot++;
      while (slot < pages && pfns[slot] == pfns[slot - 1] + 1) {
        slot++;
      }
      store.read(
          pfns[from],
          buffer().asSlice((long) from * Layout.PAGE, (long) (slot - from) * Layout.PAGE));
    }
    return show(offset, count, pages, shown);
  }

  /// Moves the next pages of the record given last into memory.
  void takePages(MemoryRuns into) {
    if (into.byteSize() > made - taken) {
      throw new IllegalArgumentException(
          "%d octets of pages wanted, %d left".formatted(into.byteSize(), made - taken));
    }
    for (int i = 0; i < into.count(); i++) {
      MemorySegment.copy(buffer(), taken, into.memory(i), into.offset(i), into.length(i));
      taken += into.length(i);
    }
  }

  private MemorySegment buffer() {
    MemorySegment there = buffer;
    if (there == null) {
      there = arena.allocate((long) GROUP * Layout.PAGE, Layout.PAGE);
      buffer = there;
    }
    return there;
  }

  @Override
  public void close() throws IOException {
    store.close();
  }
}
