// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.xenstream.core.format.PageEntries;
import org.xenstream.core.format.PageRuns;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;

/// A PAGE_DATA record about to be written: its entries, and the places in native memory where their
/// pages lie, guest memory and scratch pages alike. One object serves all batches of a save, so
/// that a batch makes no garbage; pages that follow each other in memory become one run.
///
/// It owns the entries; the pages belong to whoever added them and must stay until it is written.
public final class PageBatch {
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// Gathered here, and copied into [#entries] at once when they are wanted.
  private final long[] values;

  private final MemorySegment entries;
  private final MemorySegment[] bases;
  private final long[] offsets;
  private final long[] lengths;
  private int count;
  private int runs;
  private int pages;

  /// @param arena owns the entries
  /// @param capacity the most entries
  public PageBatch(Arena arena, int capacity) {
    this.values = new long[capacity];
    this.entries = arena.allocate(8L * capacity, 8);
    this.bases = new MemorySegment[capacity];
    this.offsets = new long[capacity];
    this.lengths = new long[capacity];
  }

  /// Forgets all entries and pages.
  public void clear() {
    count = 0;
    runs = 0;
    pages = 0;
  }

  /// Adds an entry. One whose type has data wants a page, by [#addPage], in the same order.
  public void addEntry(int type, long pfn) {
    values[count++] = (long) type << Wire.PFN_TYPE_SHIFT | pfn;
  }

  /// Adds the page at `offset` of native memory.
  public void addPage(MemorySegment memory, long offset) {
    pages++;
    int last = runs - 1;
    if (last >= 0 && offsets[last] + lengths[last] == offset && bases[last].equals(memory)) {
      lengths[last] += Wire.PAGE_SIZE;
      return;
    }
    bases[runs] = memory;
    offsets[runs] = offset;
    lengths[runs] = Wire.PAGE_SIZE;
    runs++;
  }

  /// The number of entries.
  public int count() {
    return count;
  }

  /// The number of pages.
  public int pages() {
    return pages;
  }

  /// The entries, 8 octets each, little-endian; valid until the next [#clear].
  public MemorySegment entries() {
    MemorySegment.copy(values, 0, entries, U64, 0, count);
    return entries.asSlice(0, 8L * count);
  }

  /// The number of runs of pages.
  public int runs() {
    return runs;
  }

  /// The address of run `i`.
  public long runAddress(int i) {
    return bases[i].address() + offsets[i];
  }

  /// The length of run `i` in octets.
  public long runLength(int i) {
    return lengths[i];
  }

  /// The length of the record's body in octets.
  public long bodyLength() {
    return 8 + 8L * count + (long) pages * Wire.PAGE_SIZE;
  }

  /// The same as a value, for whoever takes records one by one.
  public StreamRecord.PageData toRecord() {
    List<MemorySegment> segments = new ArrayList<>(runs);
    for (int i = 0; i < runs; i++) {
      segments.add(bases[i].asSlice(offsets[i], lengths[i]));
    }
    return new StreamRecord.PageData(new PageEntries(entries()), new PageRuns(segments));
  }
}
