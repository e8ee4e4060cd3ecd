// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.function.IntPredicate;
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

  /// Room for the data of any group.
  private static final int ROOM = GROUP * PageDelta.LONGEST;

  private static final String PART = Chunk.COMPRESSED_DATA.name();

  private final LegacyCursor in;
  private final PageFrames frames;
  private final PageStore store;
  private final EarlierPages earlier;
  private final boolean keepAll;
  private final Arena arena;
  private final EntryQueue queue = new EntryQueue();
  private final long[] group = new long[PageBatch.MOST];
  private final long[] pfns = new long[GROUP];
  private final int[] places = new int[GROUP];
  private @Nullable MemorySegment buffer;
  private long taken;
  private long made;

  /// Where the chunk of compressed data began, and how much of it is not read yet.
  private long chunk;

  private long left;

  /// What was read and not used yet: the rest of a page that ends in the next chunk stays here.
  private byte[] data = new byte[0];

  private int at;
  private int end;

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
      throw in.fault(
          Fault.TOO_LONG,
          at,
          PART,
          "length",
          "at most " + Long.MAX_VALUE,
          Long.toUnsignedString(length));
    }
    chunk = at;
    left = length;
  }

  /// The next record of pages, or null where more data have to come first.
  @Nullable Framed next(PagesShown shown) throws IOException {
    int entries = 0;
    int pages = 0;
    long last = -1;
    read();
    while (!queue.isEmpty() && entries < group.length) {
      long entry = queue.peek();
      long pfn = entry & Wire.PFN_MASK;
      if (pfn <= last) {
        break; // A record names each pfn once, and a page is made once before it is kept.
      }
      if (PageType.hasData(PageType.of(entry))) {
        int length = pages == GROUP ? PageDelta.CUT : PageDelta.length(data, at, end);
        if (length == PageDelta.CUT) {
          break;
        }
        holdGood(length);
        pfns[pages] = pfn;
        places[pages++] = at;
        at += length;
      }
      last = pfn;
      group[entries++] = entry;
      queue.remove();
    }
    if (entries == 0) {
      if (queue.isEmpty()) {
        holdUsedUp();
      }
      return null;
    }
    make(pages);
    return show(chunk, entries, pages, shown);
  }

  /// Reads on, so that the data of a whole group are here, or all that the chunk has.
  private void read() throws IOException {
    int here = end - at;
    if (left == 0 || here >= ROOM / 2) {
      return;
    }
    if (data.length == 0) {
      data = new byte[ROOM];
    }
    System.arraycopy(data, at, data, 0, here);
    at = 0;
    end = here;
    int count = (int) Math.min(left, ROOM - here);
    in.require(count, PART, "data").asByteBuffer().get(data, here, count);
    in.pass(count, PART, "data");
    end += count;
    left -= count;
  }

  /// The place in the image of what comes next, but for the id of a chunk in between.
  private long place() {
    return in.position() - (end - at);
  }

  private void holdGood(int length) throws StreamFormatException {
    if (length < 0) {
      throw in.malformed(
          place(),
          PART,
          "run",
          "runs of at least a word that make up a page",
          length == PageDelta.EMPTY_RUN ? "a run of none" : "more than a page");
    }
  }

  private void holdUsedUp() throws StreamFormatException {
    if (left > 0 || at < end) {
      throw in.malformed(
          place(),
          PART,
          "data",
          "pages for the entries that came before",
          "%d octets more".formatted(left + end - at));
    }
  }

  /// Makes the pages of a group: what they were is read in as few steps as their pfns allow, and
  /// what they are now is kept.
  private void make(int pages) throws IOException {
    ByteBuffer into = buffer().asByteBuffer();
    eachRun(pages, this::isDifference, this::load);
    for (int i = 0; i < pages; i++) {
      PageDelta.apply(data, places[i], into, i * Layout.PAGE);
    }
    eachRun(pages, i -> data[places[i]] != PageDelta.UNCHANGED, this::keep);
  }

  private boolean isDifference(int page) {
    return data[places[page]] != PageDelta.WHOLE;
  }

  private interface PageRun {
    void take(long pfn, MemorySegment pages) throws IOException;
  }

  /// Pages of a group that are wanted, as runs of consecutive pfns.
  private void eachRun(int pages, IntPredicate wanted, PageRun run) throws IOException {
    int i = 0;
    while (i < pages) {
      int from = i++;
      if (!wanted.test(from)) {
        continue;
      }
      while (i < pages && pfns[i] == pfns[i - 1] + 1 && wanted.test(i)) {
        i++;
      }
      run.take(
          pfns[from], buffer().asSlice((long) from * Layout.PAGE, (long) (i - from) * Layout.PAGE));
    }
  }

  private void load(long pfn, MemorySegment pages) throws IOException {
    for (long i = pfn; i < pfn + pages.byteSize() / Layout.PAGE; i++) {
      if (!store.has(i) && !earlier.find(i, store)) {
        boolean all = keepAll || earlier instanceof RereadPages;
        throw in.malformed(
            chunk,
            PART,
            "pfn 0x%x".formatted(i),
            all
                ? "a page that came before"
                : "a page that came whole since compression began (or the image in a plain file,"
                    + " or --keep-pages)",
            all ? "a difference from nothing" : "a difference from what came before");
      }
    }
    store.read(pfn, pages);
  }

  private void keep(long pfn, MemorySegment pages) throws IOException {
    store.write(pfn, pages, in.at(chunk, PART, null));
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

  /// The body ends: all pages have to be there.
  ///
  /// @param end where it does
  void endOfBody(long end) throws StreamFormatException {
    if (queue.isEmpty()) {
      holdUsedUp();
      return;
    }
    throw in.malformed(
        end,
        "body",
        null,
        "compressed data for %d more entries".formatted(queue.size()),
        "the end of the body");
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
    eachRun(pages, _ -> true, store::read);
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
