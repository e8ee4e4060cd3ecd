// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.Wire;

/// What the octets behind an image's head tell of a PV guest's width where no extended info does:
/// how long the list of p2m frames is, and which page tables the first batches have.
final class WidthEvidence {
  /// How far page tables are looked for behind the list: some batches of 1024 pages.
  private static final long FAR = 12L << 20;

  private final LegacyCursor in;
  private final long p2mSize;

  private WidthEvidence(LegacyCursor in, long p2mSize) {
    this.in = in;
    this.p2mSize = p2mSize;
  }

  /// The width by evidence, or null where both are possible.
  ///
  /// @param in stands at the list of p2m frames
  static @Nullable WordWidth of(LegacyCursor in, long p2mSize) throws IOException {
    return new WidthEvidence(in, p2mSize).find();
  }

  private @Nullable WordWidth find() throws IOException {
    boolean wide = fits(WordWidth.BITS_64);
    boolean narrow = fits(WordWidth.BITS_32);
    if (wide != narrow) {
      return wide ? WordWidth.BITS_64 : WordWidth.BITS_32;
    }
    return wide ? byTables() : null;
  }

  private long listLength(WordWidth guest) {
    return Layout.p2mFrames(p2mSize, guest) * in.width().octets();
  }

  /// Tells whether a list for such a guest can stand here: frames inside the guest, and a chunk
  /// behind them.
  private boolean fits(WordWidth guest) throws IOException {
    long length = listLength(guest);
    int width = in.width().octets();
    MemorySegment there = in.input().peek(length + 4 + (long) PageBatch.MOST * width);
    if (there.byteSize() < length + 4 || !Chunk.canBegin(Wire.u32(there, length))) {
      return false;
    }
    for (long i = 0; i < length / width; i++) {
      if (!isInside(in.word(there, i))) {
        return false;
      }
    }
    MemorySegment behind = there.asSlice(length + 4);
    long entries = Math.min(Wire.u32(there, length), behind.byteSize() / width);
    for (long i = 0; i < entries; i++) {
      long entry = in.word(behind, i);
      if (entry >>> PageBatch.TYPE_SHIFT > 0xF || !isInside(entry & PageBatch.PFN_MASK)) {
        return false;
      }
    }
    return true;
  }

  private boolean isInside(long pfn) {
    return pfn >= 0 && pfn < p2mSize;
  }

  /// Page tables of four levels are those of a 64-bit guest, pinned ones of three those of a 32-bit
  /// guest. Both lists have the same length, or the wrong one would not fit.
  private @Nullable WordWidth byTables() throws IOException {
    long at = listLength(WordWidth.BITS_32);
    MemorySegment there = in.input().peek(at + FAR);
    boolean pinnedThree = false;
    while (at + 4 <= there.byteSize()) {
      int count = Wire.u32(there, at);
      at += 4;
      if (count <= 0) {
        int length = Chunk.fixedLength(count);
        if (length < 0) {
          break;
        }
        at += length;
        continue;
      }
      MemorySegment entries = there.asSlice(at);
      at += (long) count * in.width().octets();
      if (count > PageBatch.MOST || at > there.byteSize()) {
        break;
      }
      for (int i = 0; i < count; i++) {
        int type = (int) (in.word(entries, i) >>> PageBatch.TYPE_SHIFT) & 0xF;
        if (PageType.level(type) == 4) {
          return WordWidth.BITS_64;
        }
        pinnedThree |= type == (PageType.L3TAB | PageType.PINNED);
        at += PageType.hasData(type) ? Layout.PAGE : 0;
      }
    }
    return pinnedThree ? WordWidth.BITS_32 : null;
  }
}
