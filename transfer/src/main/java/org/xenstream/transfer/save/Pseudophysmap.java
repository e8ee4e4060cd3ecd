// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.xenstream.transfer.EntryRuns;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.x86.PageTableEntry;

/// A PV guest's p2m beside the host's m2p: which mfn is which pfn (`mfn_in_pseudophysmap` of
/// `xg_sr_common_x86_pv.c`). Both are seen where they lie, so what the guest changes shows at once.
///
/// The segments belong to whoever made it, and must live as long as it is used.
public final class Pseudophysmap {
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  final MemorySegment m2p;
  final long maxMfn;
  final MemorySegment p2m;
  final long[] leaves;
  final int width;
  final long maxPfn;

  /// @param m2p a u64 for each mfn up to `maxMfn`
  /// @param maxMfn the highest mfn of the host
  /// @param p2m the memory in which the frames of the p2m lie
  /// @param leaves where each frame of the p2m begins in `p2m`, in octets
  /// @param width octets of a p2m entry, 8 or 4; a frame holds 4096 / width of them
  /// @param maxPfn the highest pfn of the guest
  public Pseudophysmap(
      MemorySegment m2p, long maxMfn, MemorySegment p2m, long[] leaves, int width, long maxPfn) {
    this.m2p = m2p.asSlice(0, (maxMfn + 1) * 8);
    this.maxMfn = maxMfn;
    this.p2m = p2m;
    this.leaves = leaves;
    this.width = width;
    this.maxPfn = maxPfn;
  }

  /// The highest pfn of the guest.
  public long maxPfn() {
    return maxPfn;
  }

  /// The mfn of a pfn, [Hypervisor#INVALID_FRAME] where the guest has no frame there.
  ///
  /// @param pfn at most [#maxPfn]
  public long mfnOf(long pfn) {
    if (width == 8) {
      return p2m.get(U64, leaves[(int) (pfn >>> 9)] + ((pfn & 511) << 3));
    }
    int mfn = p2m.get(U32, leaves[(int) (pfn >>> 10)] + ((pfn & 1023) << 2));
    return mfn == -1 ? Hypervisor.INVALID_FRAME : Integer.toUnsignedLong(mfn);
  }

  /// The mfns of pfns, as [#mfnOf] has them, of neighbours by one copy.
  ///
  /// @param mfns takes them, by position
  void mfnsOf(long[] pfns, long[] mfns, int count) {
    for (int i = 0; i < count; ) {
      long first = pfns[i];
      int end = i + 1;
      while (end < count && pfns[end] == first + (end - i) && (pfns[end] & 511) != 0) {
        end++;
      }
      if (width == 8) {
        MemorySegment.copy(
            p2m, U64, leaves[(int) (first >>> 9)] + ((first & 511) << 3), mfns, i, end - i);
      } else {
        for (int j = i; j < end; j++) {
          mfns[j] = mfnOf(pfns[j]);
        }
      }
      i = end;
    }
  }

  /// The pfn of an mfn; −1 where the mfn is not one of the guest, or the two tables do not agree.
  public long pfnOf(long mfn) {
    if (mfn < 0 || mfn > maxMfn) {
      return -1;
    }
    long pfn = inM2p(mfn);
    return pfn < 0 || mfnOf(pfn) != mfn ? -1 : pfn;
  }

  /// What the m2p alone says of an mfn; −1 where that is no pfn of the guest.
  ///
  /// @param mfn at most [#maxMfn]
  long inM2p(long mfn) {
    long pfn = m2p.get(U64, mfn << 3);
    return pfn < 0 || pfn > maxPfn ? -1 : pfn;
  }

  /// Looks up the present entries of a page table, all in m2p before all in p2m, in loops that do
  /// nothing else: the processor waits for many at a time.
  ///
  /// @param bad an entry with one of these bits is a bad one
  /// @param pfns takes, by slot, the pfn of each entry that is present
  /// @param mfns overwritten
  /// @return whether all are frames of the guest, of which both tables say the same
  boolean pfnsOf(long[] table, int first, int end, long bad, long[] pfns, long[] mfns) {
    long wrong = 0;
    for (int i = first; i < end; i++) {
      long present = -(table[i] & PageTableEntry.PRESENT);
      long mfn = PageTableEntry.frame(table[i]) & present;
      wrong |= (maxMfn - mfn) | -(table[i] & bad & present);
      pfns[i] = mfn << 3;
    }
    if (wrong < 0) {
      return false;
    }
    EntryRuns.read(m2p, pfns, first, end, pfns);
    for (int i = first; i < end; i++) {
      long pfn = pfns[i] & -(table[i] & PageTableEntry.PRESENT);
      wrong |= pfn | (maxPfn - pfn);
      pfns[i] = pfn;
    }
    if (wrong < 0) {
      return false;
    }
    if (width == 8) {
      for (int i = first; i < end; i++) {
        mfns[i] = leaves[(int) (pfns[i] >>> 9)] + ((pfns[i] & 511) << 3);
      }
      EntryRuns.read(p2m, mfns, first, end, mfns);
    } else {
      for (int i = first; i < end; i++) {
        mfns[i] = mfnOf(pfns[i]);
      }
    }
    long differ = 0;
    for (int i = first; i < end; i++) {
      long present = -(table[i] & PageTableEntry.PRESENT);
      differ |= (mfns[i] ^ PageTableEntry.frame(table[i])) & present;
    }
    return differ == 0;
  }

  /// How many mfns from `mfn` on are, in either table, the pfns from `pfn` on, in one frame of the
  /// p2m.
  ///
  /// @param pfn at most [#maxPfn]
  /// @param most at most 512; no more mfns than there are
  /// @return `most`, or what of it is in one frame of the p2m; 0 where not all of those agree
  int run(long mfn, long pfn, int most) {
    int perLeaf = 4096 / width;
    int count = (int) Math.min(most, perLeaf - (pfn & (perLeaf - 1)));
    count = (int) Math.min(count, maxPfn - pfn + 1);
    return EntryRuns.ascends(m2p, mfn << 3, pfn, count) && areRun(pfn, mfn, count) ? count : 0;
  }

  /// Tells whether the p2m has frames that follow each other at pfns that do, in one of its frames.
  private boolean areRun(long pfn, long mfn, int count) {
    if (width == 8) {
      return EntryRuns.ascends(p2m, leaves[(int) (pfn >>> 9)] + ((pfn & 511) << 3), mfn, count);
    }
    long differ = 0;
    for (int i = 0; i < count; i++) {
      differ |= mfnOf(pfn + i) ^ (mfn + i);
    }
    return differ == 0;
  }

  /// What both tables say of an mfn, for messages: `mfn 0x12 (m2p[0x12] = 0x3, p2m[0x3] = 0x15)`.
  String describe(long mfn) {
    if (mfn < 0 || mfn > maxMfn) {
      return "mfn 0x%x (the highest is 0x%x)".formatted(mfn, maxMfn);
    }
    long pfn = m2p.get(U64, mfn << 3);
    if (pfn < 0 || pfn > maxPfn) {
      return "mfn 0x%x (m2p[0x%x] = 0x%x, the highest pfn is 0x%x)"
          .formatted(mfn, mfn, pfn, maxPfn);
    }
    return "mfn 0x%x (m2p[0x%x] = 0x%x, p2m[0x%x] = 0x%x)"
        .formatted(mfn, mfn, pfn, pfn, mfnOf(pfn));
  }
}
