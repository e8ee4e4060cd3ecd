// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;

/// The entries of a PAGE_DATA record: for each page its type in bits 63–60 and its pfn in bits 51–0
/// (specification, "PAGE_DATA").
///
/// All that the rules and the summaries ask of a batch is gathered in one pass when the object is
/// made, so that a batch in which nothing is odd is walked once.
public final class PageEntries {
  /// Entries are looked at through an array of this many at most: a cold virtual machine reads an
  /// array many times faster than a segment, and a record of any length costs no more memory.
  private static final int CHUNK = 4 * Wire.MAX_BATCH;

  private final MemorySegment entries;
  private final int count;

  /// All entries where one chunk holds them, else empty.
  private final long[] held;

  private final int[] countOfType = new int[16];
  private final int withData;
  private long highestPfn = -1;
  private long reservedBits;
  private boolean ascending = true;

  /// @param entries 8 octets for each entry, little-endian; kept, not copied
  public PageEntries(MemorySegment entries) {
    this.entries = entries;
    this.count = (int) (entries.byteSize() >>> 3);
    long[] chunk = new long[Math.min(count, CHUNK)];
    this.held = count <= CHUNK ? chunk : new long[0];
    for (int from = 0; from < count; from += CHUNK) {
      int length = Math.min(CHUNK, count - from);
      Wire.copyU64(entries, from * 8L, chunk, length);
      scan(chunk, length);
    }
    this.reservedBits &= Wire.PFN_RESERVED_MASK;
    this.withData =
        count
            - countOfType[PageType.BROKEN]
            - countOfType[PageType.XALLOC]
            - countOfType[PageType.XTAB];
  }

  private void scan(long[] chunk, int length) {
    int[] counts = countOfType;
    long highest = highestPfn;
    long previous = highest;
    long reserved = reservedBits;
    boolean inOrder = ascending;
    for (int i = 0; i < length; i++) {
      long entry = chunk[i];
      long pfn = entry & Wire.PFN_MASK;
      counts[(int) (entry >>> Wire.PFN_TYPE_SHIFT)]++;
      reserved |= entry;
      inOrder &= pfn > previous;
      highest = Math.max(highest, pfn);
      previous = pfn;
    }
    highestPfn = highest;
    reservedBits = reserved;
    ascending = inOrder;
  }

  /// The number of entries.
  public int count() {
    return count;
  }

  /// Entry `index` whole: type, reserved bits and pfn.
  public long entry(int index) {
    return held.length > 0 ? held[index] : Wire.u64(entries, index * 8L);
  }

  /// The pfn of entry `index`.
  public long pfn(int index) {
    return entry(index) & Wire.PFN_MASK;
  }

  /// The page type of entry `index`, see [PageType].
  public int type(int index) {
    return PageType.of(entry(index));
  }

  /// The number of entries of a type.
  public int countOf(int type) {
    return countOfType[type];
  }

  /// The number of pages that follow the entries.
  public int withData() {
    return withData;
  }

  /// The highest pfn named; −1 when there is no entry.
  public long highestPfn() {
    return highestPfn;
  }

  /// The reserved bits (59–52) that any entry sets, in place; zero in a good record.
  public long reservedBits() {
    return reservedBits;
  }

  /// Tells whether each pfn is higher than the one before, so that none comes twice.
  public boolean isAscending() {
    return ascending;
  }

  /// Tells whether any entry is of one of the types in `set` (bit n for type n).
  public boolean hasAnyOf(int set) {
    for (int type = 0; type < 16; type++) {
      if ((set >>> type & 1) != 0 && countOfType[type] != 0) {
        return true;
      }
    }
    return false;
  }

  /// The entries whose pfn has come before in this batch, by their index; empty when none has.
  public BitSet repeated() {
    BitSet repeated = new BitSet();
    if (ascending) {
      return repeated;
    }
    long[] pfns = new long[count()];
    for (int i = 0; i < pfns.length; i++) {
      pfns[i] = pfn(i);
    }
    Arrays.sort(pfns);
    int different = 0;
    for (int i = 0; i < pfns.length; i++) {
      if (i == 0 || pfns[i] != pfns[i - 1]) {
        pfns[different++] = pfns[i];
      }
    }
    if (different < pfns.length) {
      BitSet seen = new BitSet(different);
      for (int i = 0; i < pfns.length; i++) {
        int which = Arrays.binarySearch(pfns, 0, different, pfn(i));
        repeated.set(i, seen.get(which));
        seen.set(which);
      }
    }
    return repeated;
  }

  /// The entries as they are written, 8 octets each, little-endian.
  public MemorySegment octets() {
    return entries;
  }
}
