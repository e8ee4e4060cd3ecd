// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.Wire;
import org.xenstream.os.SparseMemory;
import org.xenstream.transfer.Hypervisor;

/// What a restore knows of a PV guest's pfns: the frame and the type of each, and which pfns hold
/// the guest's own p2m.
///
/// A record of 16 octets can claim pfns up to 2^32. So the tables lie in sparse memory and hold the
/// complement of what they say: what nobody wrote to costs nothing, even where it is read, and
/// reads as no frame. A type is in its table only where there is a frame, so that a hostile stream
/// cannot make a table grow by entries that cost it nothing. Of a pfn without a frame that was sent
/// as no ordinary page, which is one of type BROKEN or XTAB, so much is kept: a page table can give
/// it a frame later.
final class PvP2m implements AutoCloseable {
  private static final long MOST_PFNS = 1L << 32;
  private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG;
  private static final ValueLayout.OfByte U8 = ValueLayout.JAVA_BYTE;

  /// The pages of the guest's p2m, of a guest of 64 bits; one of 32 bits has half as many.
  private static final long MOST_LEAVES = MOST_PFNS / 512;

  /// As much as is kept of pfns without a frame: those of a guest of 256 GiB that is none but them,
  /// in some 16 MiB.
  private static final int MOST_ABSENT = 1 << 17;

  /// The pfns of a guest of 16 GiB. Their frames lie in pages of 2 MiB, as page faults may cost 11
  /// µs each, for a guest of 1 GiB a tenth of its restore. What is known of pfns beyond does not: a
  /// hostile stream touches it here and there, mostly to read that there is nothing.
  private static final long DENSE = 1L << 22;

  /// Beside a type, which has four bits: there was something to localise in the page when it came.
  private static final int MARK = 0x80;

  /// So many types are in a page of the machine.
  private static final long IN_TYPED = 4096;

  private final SparseMemory memory;
  private final MemorySegment frames;
  private final MemorySegment types;
  private final MemorySegment leaves;
  private final long[] scratch = new long[Wire.MAX_BATCH];
  private final byte[] kept = new byte[Wire.MAX_BATCH];

  /// Pfns sent with a type but without a frame.
  private final SparsePfnSet absent = new SparsePfnSet();

  /// Which pages of `types` hold any: one at the end of 2^32 pfns is found without a page fault at
  /// each before it.
  private final BitSet typed = new BitSet();

  private long maxPfn = -1;
  private long highestTyped = -1;

  PvP2m() throws IOException {
    long framesEnd = MOST_PFNS * Long.BYTES;
    long typesEnd = framesEnd + MOST_PFNS;
    memory = SparseMemory.reserve(typesEnd + MOST_LEAVES * Long.BYTES);
    memory.preferHugePages(0, DENSE * Long.BYTES);
    frames = memory.memory().asSlice(0, framesEnd);
    types = memory.memory().asSlice(framesEnd, MOST_PFNS);
    leaves = memory.memory().asSlice(typesEnd);
  }

  /// The highest pfn of the guest; −1 while none is known.
  long maxPfn() {
    return maxPfn;
  }

  /// Makes the guest at least that large.
  void expand(long pfn) throws IOException {
    if (pfn >= DENSE && maxPfn < DENSE) {
      memory.shareZeros(DENSE * Long.BYTES, (MOST_PFNS - DENSE) * Long.BYTES);
      memory.shareZeros(MOST_PFNS * Long.BYTES + DENSE, MOST_PFNS - DENSE);
    }
    maxPfn = Math.max(maxPfn, pfn);
  }

  /// The frame of a pfn; [Hypervisor#INVALID_FRAME] where it has none.
  long frame(long pfn) {
    return pfn > maxPfn ? Hypervisor.INVALID_FRAME : ~frames.getAtIndex(U64, pfn);
  }

  /// The type of a page, see [org.xenstream.core.format.PageType].
  int type(long pfn) {
    return types.get(U8, pfn) & (MARK - 1);
  }

  /// Marks a page that has a type, until it gets its next one.
  void mark(long pfn) {
    types.set(U8, pfn, (byte) (types.get(U8, pfn) | MARK));
  }

  /// Tells whether the page is marked.
  boolean isMarked(long pfn) {
    return (types.get(U8, pfn) & MARK) != 0;
  }

  /// The highest page that ever had a type but NOTAB; −1 when there is none.
  long highestTyped() {
    return highestTyped;
  }

  /// The first page from `from` on whose type is not NOTAB; −1 when there is none. Eight pages are
  /// passed over at a time: few are page tables.
  long nextTyped(long from) {
    long pfn = from;
    while (pfn <= highestTyped) {
      if ((pfn & (IN_TYPED - 1)) == 0 || pfn == from) {
        int part = typed.nextSetBit((int) (pfn / IN_TYPED));
        pfn = Math.max(pfn, part * IN_TYPED);
      }
      if ((pfn & 7) == 0 && types.get(U64, pfn) == 0) {
        pfn += 8;
      } else if (types.get(U8, pfn) == 0) {
        pfn++;
      } else {
        return pfn;
      }
    }
    return -1;
  }

  private void hasType(long pfn) {
    typed.set((int) (pfn / IN_TYPED));
    highestTyped = Math.max(highestTyped, pfn);
  }

  /// The pfn of the page that holds entries of the guest's own p2m; −1 when no record named it.
  ///
  /// @param index which page: it begins with the entry of pfn `index` × entries in a page
  long leaf(long index) {
    return ~leaves.getAtIndex(U64, index);
  }

  /// Sets the pfn of such a page.
  void setLeaf(long index, long pfn) {
    leaves.setAtIndex(U64, index, ~pfn);
  }

  /// The complements of all frames, by pfn: 0 where there is none.
  MemorySegment complements() {
    return frames;
  }

  /// Where a run of numbers that follow each other ends: many are copied by one call, which costs
  /// what one alone does.
  static int runEnd(long[] numbers, int from, int count) {
    long first = numbers[from] - from;
    int end = from + 1;
    while (end < count && numbers[end] == first + end) {
      end++;
    }
    return end;
  }

  /// The frames of pfns of the guest, as [#frame] has them.
  ///
  /// @param into takes the frames, by position
  void frames(long[] pfns, long[] into, int count) {
    for (int i = 0; i < count; ) {
      int end = runEnd(pfns, i, count);
      MemorySegment.copy(frames, U64, pfns[i] * Long.BYTES, into, i, end - i);
      i = end;
    }
    for (int i = 0; i < count; i++) {
      into[i] = ~into[i];
    }
  }

  /// The frames of pfns of the guest that follow each other.
  ///
  /// @param into takes the frames, from its beginning
  void frames(long first, long[] into, int count) {
    MemorySegment.copy(frames, U64, first * Long.BYTES, into, 0, count);
    for (int i = 0; i < count; i++) {
      into[i] = ~into[i];
    }
  }

  /// Sets the frames of pfns of the guest, at most a batch.
  void setFrames(long[] pfns, long[] to, int count) {
    for (int i = 0; i < count; i++) {
      scratch[i] = ~to[i];
    }
    for (int i = 0; i < count; ) {
      int end = runEnd(pfns, i, count);
      MemorySegment.copy(scratch, i, frames, U64, pfns[i] * Long.BYTES, end - i);
      i = end;
    }
    if (absent.count() > 0) {
      for (int i = 0; i < count; i++) {
        if (absent.contains(pfns[i])) {
          types.set(U8, pfns[i], (byte) PageType.XTAB);
          hasType(pfns[i]);
        }
      }
    }
  }

  /// Sets the types of pages of the guest, at most a batch.
  void setTypes(long[] pfns, byte[] to, int count) {
    for (int i = 0; i < count; ) {
      int end = runEnd(pfns, i, count);
      MemorySegment.copy(frames, U64, pfns[i] * Long.BYTES, scratch, i, end - i);
      if (haveFrames(i, end)) {
        MemorySegment.copy(to, i, types, U8, pfns[i], end - i);
        haveTypes(pfns, to, i, end);
      } else {
        setTypesOfSome(pfns, to, i, end);
      }
      i = end;
    }
  }

  /// Tells whether there is a frame for each of those in the scratch.
  private boolean haveFrames(int from, int end) {
    long none = 0;
    for (int i = from; i < end; i++) {
      // All numbers but 0 have the highest bit in themselves or in what is opposite to them.
      none |= ~(scratch[i] | -scratch[i]);
    }
    return none >= 0;
  }

  /// Of a run, at most a batch, which lies in two parts of `typed` at most: those of the first and
  /// of the last that is typed.
  private void haveTypes(long[] pfns, byte[] to, int from, int end) {
    int first = from;
    while (first < end && to[first] == 0) {
      first++;
    }
    if (first < end) {
      int last = end - 1;
      while (to[last] == 0) {
        last--;
      }
      hasType(pfns[first]);
      hasType(pfns[last]);
    }
  }

  /// The same of a run in which some pfns have no frame.
  private void setTypesOfSome(long[] pfns, byte[] to, int from, int end) {
    long any = 0;
    for (int i = from; i < end; i++) {
      boolean there = scratch[i] != 0;
      any |= scratch[i];
      kept[i] = there ? to[i] : 0;
      if (to[i] == 0) {
        continue;
      }
      if (there) {
        hasType(pfns[i]);
      } else if (absent.places() < MOST_ABSENT) {
        absent.add(pfns[i]);
      }
    }
    // Where there is no frame the type is 0 already, and must not cost memory.
    if (any != 0) {
      MemorySegment.copy(kept, from, types, U8, pfns[from], end - from);
    }
  }

  @Override
  public void close() {
    memory.close();
  }
}
