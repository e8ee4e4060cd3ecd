// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.Wire;

/// What the octets behind an image's head tell of a PV guest's width where no extended info does:
/// how long the list of p2m frames is, so that chunks follow it, and which page tables these have.
final class WidthEvidence {
  /// How far chunks are followed behind the list: some batches of 1024 pages.
  private static final long FAR = 12L << 20;

  private final LegacyCursor in;
  private final long p2mSize;
  private final WordWidth guest;
  private boolean fourLevels;
  private boolean pinnedThree;

  private WidthEvidence(LegacyCursor in, long p2mSize, WordWidth guest) {
    this.in = in;
    this.p2mSize = p2mSize;
    this.guest = guest;
  }

  /// The width by evidence, or null where both are possible, or none.
  ///
  /// @param in stands at the list of p2m frames
  static @Nullable WordWidth of(LegacyCursor in, long p2mSize) throws IOException {
    WidthEvidence wide = new WidthEvidence(in, p2mSize, WordWidth.BITS_64);
    WidthEvidence narrow = new WidthEvidence(in, p2mSize, WordWidth.BITS_32);
    boolean canBeWide = wide.fits();
    boolean canBeNarrow = narrow.fits();
    if (canBeWide && (!canBeNarrow || wide.fourLevels)) {
      return WordWidth.BITS_64;
    }
    return canBeNarrow && (!canBeWide || narrow.pinnedThree) ? WordWidth.BITS_32 : null;
  }

  /// Tells whether a list for such a guest can stand here, and chunks behind it as far as they are
  /// seen. Notes the page tables met: of four levels only a 64-bit guest has some, and a table of
  /// the third is pinned only where it is the topmost.
  private boolean fits() throws IOException {
    long list = Layout.p2mFrames(p2mSize, guest);
    long at = list * in.width().octets();
    MemorySegment there = in.input().peek(at + FAR);
    boolean whole = there.byteSize() < at + FAR;
    if (there.byteSize() < at + 4) {
      return false;
    }
    for (long i = 0; i < list; i++) {
      if (!isInside(in.word(there, i))) {
        return false;
      }
    }
    while (at + 4 <= there.byteSize()) {
      int id = Wire.u32(there, at);
      at += 4;
      if (id == 0) {
        return true;
      }
      if (!Chunk.canBegin(id)) {
        return false;
      }
      long length = id > 0 ? batch(there, at, id) : Chunk.fixedLength(id);
      if (length < 0) {
        return id < 0; // A batch that is none, or a chunk whose length is not known from its id.
      }
      at += length;
    }
    return !whole;
  }

  /// How long a batch is behind its count; −1 when it is none of this guest.
  private long batch(MemorySegment there, long from, int count) {
    int width = in.width().octets();
    long octets = (long) count * width;
    if (from + octets > there.byteSize()) {
      return octets;
    }
    MemorySegment entries = there.asSlice(from, octets);
    for (int i = 0; i < count; i++) {
      long entry = in.word(entries, i);
      int type = (int) (entry >>> PageBatch.TYPE_SHIFT & 0xF);
      if (type == PageType.XTAB) {
        continue;
      }
      if (entry >>> PageBatch.TYPE_SHIFT > 0xF || !isInside(entry & PageBatch.PFN_MASK)) {
        return -1;
      }
      fourLevels |= PageType.level(type) == 4;
      pinnedThree |= type == (PageType.L3TAB | PageType.PINNED);
      octets += PageType.hasData(type) ? Layout.PAGE : 0;
    }
    return octets;
  }

  private boolean isInside(long pfn) {
    return pfn >= 0 && pfn < p2mSize;
  }
}
