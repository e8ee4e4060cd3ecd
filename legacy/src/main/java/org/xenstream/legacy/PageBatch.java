// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.Set;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.Wire;

/// The entries of one batch of pages, as those of PAGE_DATA: `{i32 count, count words of type in
/// bits 31–28 and pfn in bits 27–0}`.
///
/// A saver leaves an entry of type XTAB for each page that it could not map: since 4.0 without a
/// pfn, before that with the frame number of the machine, which may be any. Those that name no pfn
/// of the guest are dropped, so that a batch may end up with none; the reference looks at no entry
/// of that type. A pfn that comes twice in a batch begins a record of its own, since a record names
/// each pfn once; the later one counts either way.
final class PageBatch {
  /// The most entries of a batch (`MAX_BATCH_SIZE`).
  static final int MOST = Wire.MAX_BATCH;

  /// Where the type stands in an entry.
  static final int TYPE_SHIFT = 28;

  static final long PFN_MASK = (1L << TYPE_SHIFT) - 1;

  /// An entry for nothing: no page, and no pfn.
  private static final long BARE_XTAB = (long) PageType.XTAB << TYPE_SHIFT;

  private static final String PART = "batch";

  private final Layout layout;
  private final long[] entries = new long[MOST];
  private final long[] raw = new long[MOST];
  private final int[] narrow = new int[MOST];
  private long offset;
  private int count;
  private int types;
  private boolean ascending;

  PageBatch(Layout layout) {
    this.layout = layout;
  }

  /// Where the batch begins in the image.
  long offset() {
    return offset;
  }

  /// The entries of PAGE_DATA that came of it.
  long[] entries() {
    return entries;
  }

  int count() {
    return count;
  }

  /// The types of the entries, a bit for each.
  int types() {
    return types;
  }

  /// Reads count and entries; the cursor stands at the count, and afterwards behind the entries.
  ///
  /// @param words what the count was found to be, 1 or more
  void read(LegacyCursor in, int words) throws IOException {
    offset = in.position();
    count = 0;
    if (words > MOST) {
      throw in.malformed(offset, PART, "count", "at most " + MOST, Integer.toString(words));
    }
    int width = in.width().octets();
    int length = 4 + words * width;
    MemorySegment octets = in.input().near(length);
    if (octets.byteSize() < length) {
      throw in.truncated(length, octets.byteSize(), offset, PART, "entries");
    }
    translate(in, octets, words);
    in.pass(length, PART, "entries");
  }

  /// Takes the words in one step: a cold virtual machine reads an array many times faster.
  private void copy(LegacyCursor in, MemorySegment octets, int words) {
    if (in.width() == WordWidth.BITS_64) {
      Wire.copyU64(octets, 4, raw, words);
      return;
    }
    Wire.copyU32(octets, 4, narrow, words);
    for (int i = 0; i < words; i++) {
      raw[i] = Integer.toUnsignedLong(narrow[i]);
    }
  }

  private void translate(LegacyCursor in, MemorySegment octets, int words)
      throws StreamFormatException {
    copy(in, octets, words);
    long p2mSize = layout.p2mSize();
    boolean inOrder = true;
    long previous = -1;
    int met = 0;
    int n = 0;
    for (int i = 0; i < words; i++) {
      long word = raw[i];
      long pfn = word & PFN_MASK;
      long type = word >>> TYPE_SHIFT;
      if (word == BARE_XTAB) {
        continue;
      }
      if (type > 0xF || pfn >= p2mSize) {
        if ((type & 0xF) == PageType.XTAB) {
          continue;
        }
        throw in.malformed(
            offset + 4 + (long) i * in.width().octets(),
            PART,
            "pfn[" + i + "]",
            "a pfn below 0x%x".formatted(p2mSize),
            "0x%x".formatted(type > 0xF ? word : pfn));
      }
      met |= 1 << type;
      inOrder &= pfn > previous;
      previous = pfn;
      entries[n++] = type << Wire.PFN_TYPE_SHIFT | pfn;
    }
    count = n;
    types = met;
    ascending = inOrder;
    int bad = PageType.RESERVED_SET | (layout.isPv() ? 0 : PageType.TABLE_SET);
    if ((types & bad) != 0) {
      throw badType(in, octets, words, bad);
    }
  }

  private StreamFormatException badType(LegacyCursor in, MemorySegment octets, int words, int bad) {
    int i = 0;
    long word;
    do {
      word = in.word(octets.asSlice(4), i++);
    } while (i < words && (bad >>> (word >>> TYPE_SHIFT) & 1) == 0);
    int type = (int) (word >>> TYPE_SHIFT);
    return in.malformed(
        offset + 4 + (long) (i - 1) * in.width().octets(),
        PART,
        "pfn[" + (i - 1) + "]",
        layout.isPv() ? "a known type" : "a type that pages of an HVM guest have",
        "%s of pfn 0x%x".formatted(PageType.name(type), word & PFN_MASK));
  }

  /// Where the part of the batch that begins at entry `from` ends: at its end, or in front of the
  /// first pfn that came already.
  int partEnd(int from) {
    if (ascending) {
      return count;
    }
    Set<Long> pfns = new HashSet<>();
    int to = from;
    while (to < count && pfns.add(entries[to] & PFN_MASK)) {
      to++;
    }
    return to;
  }

  /// How many of some entries of PAGE_DATA have a page.
  static int pages(long[] entries, int from, int to) {
    int pages = 0;
    for (int i = from; i < to; i++) {
      pages += PageType.hasData(PageType.of(entries[i])) ? 1 : 0;
    }
    return pages;
  }
}
