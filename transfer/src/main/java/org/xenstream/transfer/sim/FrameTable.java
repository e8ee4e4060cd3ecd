// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.BitSet;
import org.xenstream.os.SparseMemory;
import org.xenstream.transfer.Zeros;

/// The machine: its memory, what each frame is, and the machine-to-physical table.
///
/// A frame's word says, from the lowest bit: how often its type is in use (24 bits), the type (4),
/// whether it was validated, whether it is pinned, whether it is the level 2 table with Xen's
/// mappings of a PAE guest, whether it is Xen's page shared with a guest; whose it is (16 bits: a
/// domain's number plus one, 0 where it is free); how many foreign mappings hold it (15 bits); and
/// whether the hardware lost it. Changes are made under this object's monitor; a word may be read
/// without it.
final class FrameTable implements AutoCloseable {
  static final int NONE = 0;
  static final int SEGDESC = 5;
  static final int WRITABLE = 7;

  static final long COUNT = 0xFF_FFFF;
  static final long TYPE = 0xFL << 24;
  static final long VALIDATED = 1L << 28;
  static final long PINNED = 1L << 29;
  static final long PAE_XEN_L2 = 1L << 30;
  static final long SPECIAL = 1L << 31;
  static final long OWNER = 0xFFFFL << 32;
  static final long MAPPED = 0x7FFFL << 48;
  static final long ONE_MAPPING = 1L << 48;
  static final long BROKEN = 1L << 63;

  /// Given back by its owner while a foreign mapping still held it.
  private static final int ORPHAN = 0xFFFF;

  private static final long INVALID_M2P_ENTRY = -1;
  private static final int M2P_CHUNK = 512;

  /// To look for zeros takes as long as to receive them, and to share them between pages that
  /// nobody wrote makes the first write dearer: it is done where a machine is larger than this one
  /// may be, 16 GiB.
  private static final long MORE_THAN_IS_LIKELY = 1L << 22;

  private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle();

  private final long frames;
  private final boolean discardsZeros;
  private final SparseMemory machine;
  private final MemorySegment memory;
  private final SparseMemory words;
  private final SparseMemory m2p;
  private final BitSet m2pChunks = new BitSet();
  private long cursor;
  private long free;

  FrameTable(long frames, long m2pEntries, boolean hugePages) throws IOException {
    this.frames = frames;
    this.discardsZeros = frames > MORE_THAN_IS_LIKELY && !hugePages;
    this.free = frames;
    machine = SparseMemory.reserve(frames << 12);
    memory = machine.memory();
    if (hugePages) {
      machine.preferHugePages();
    } else if (discardsZeros) {
      machine.shareZeros(0, frames << 12);
    }
    words = SparseMemory.reserve((frames * 8 + 4095) & -4096);
    m2p = SparseMemory.reserve((Math.max(frames, m2pEntries) * 8 + 4095) & -4096);
  }

  long frames() {
    return frames;
  }

  MemorySegment memory() {
    return memory;
  }

  /// The table of pfns by frame. Where no frame was ever used it reads as zeros.
  MemorySegment m2p() {
    return m2p.memory();
  }

  long pfn(long frame) {
    return m2p.memory().getAtIndex(ValueLayout.JAVA_LONG, frame);
  }

  void setPfn(long frame, long pfn) {
    int chunk = (int) (frame / M2P_CHUNK);
    if (!m2pChunks.get(chunk)) {
      m2pChunks.set(chunk);
      m2p.memory()
          .asSlice((long) chunk * M2P_CHUNK * 8, M2P_CHUNK * 8L)
          .fill((byte) INVALID_M2P_ENTRY);
    }
    m2p.memory().setAtIndex(ValueLayout.JAVA_LONG, frame, pfn);
  }

  long word(long frame) {
    return (long) WORD.getAcquire(words.memory(), frame << 3);
  }

  void setWord(long frame, long word) {
    WORD.setRelease(words.memory(), frame << 3, word);
  }

  static int type(long word) {
    return (int) (word >>> 24) & 15;
  }

  static int owner(long word) {
    return ((int) (word >>> 32) & 0xFFFF) - 1;
  }

  /// Tells whether the frame is there and belongs to the domain.
  boolean belongs(long frame, int domid) {
    return frame >= 0 && frame < frames && owner(word(frame)) == domid;
  }

  /// Tells whether a guest may not store into the frame: a page table or descriptor table in use.
  boolean readOnly(long frame) {
    long word = word(frame);
    int type = type(word);
    return (word & COUNT) != 0 && type != NONE && type != WRITABLE;
  }

  /// Gives the domain the next free run of 2^order frames, aligned to its length; −1 where there is
  /// none.
  synchronized long allocate(int domid, int order) {
    long run = 1L << order;
    if (free < run) {
      return -1;
    }
    long at = (cursor + run - 1) & -run;
    for (long tried = 0; tried <= frames; tried += run, at += run) {
      if (at + run > frames) {
        at = 0;
      }
      if (isFree(at, run)) {
        take(at, run, domid);
        cursor = at + run;
        return at;
      }
    }
    return -1;
  }

  /// Gives the domain this frame.
  ///
  /// @return whether it was free
  synchronized boolean allocateAt(long frame, int domid) {
    if (frame < 0 || frame >= frames || !isFree(frame, 1)) {
      return false;
    }
    take(frame, 1, domid);
    return true;
  }

  private boolean isFree(long frame, long run) {
    for (long i = 0; i < run; i++) {
      if (word(frame + i) != 0) {
        return false;
      }
    }
    return true;
  }

  private void take(long frame, long run, int domid) {
    free -= run;
    for (long i = 0; i < run; i++) {
      setWord(frame + i, (long) (domid + 1) << 32);
    }
  }

  /// Takes the frame from its owner. It is free at once, or when the last foreign mapping of it is
  /// gone.
  synchronized void release(long frame) {
    setPfn(frame, INVALID_M2P_ENTRY);
    long mapped = word(frame) & MAPPED;
    if (mapped != 0) {
      setWord(frame, mapped | (long) ORPHAN << 32);
    } else {
      setWord(frame, 0);
      free++;
      discard(frame, 1);
    }
  }

  /// Takes all frames from the domain that are its own.
  synchronized void releaseAll(SimP2m p2m) {
    Discarding discarding = new Discarding();
    for (long pfn = p2m.next(0); pfn >= 0; pfn = p2m.next(pfn + 1)) {
      long frame = p2m.frame(pfn);
      long mapped = word(frame) & MAPPED;
      setPfn(frame, INVALID_M2P_ENTRY);
      if (mapped != 0) {
        setWord(frame, mapped | (long) ORPHAN << 32);
        continue;
      }
      setWord(frame, 0);
      free++;
      discarding.add(frame);
    }
    discarding.end();
  }

  /// Gives those pages back to the machine that hold nothing but zeros: an engine writes them, too,
  /// and of a large sparse guest there are more than the machine may have. Call under the monitor,
  /// while nobody else can store into them.
  ///
  /// @param offsets of pages, some of them −1
  void discardZeros(long[] offsets) {
    if (!discardsZeros) {
      return;
    }
    Discarding discarding = new Discarding();
    for (long offset : offsets) {
      if (offset >= 0
          && (word(offset >>> 12) & MAPPED) == 0
          && Zeros.isZero(memory, offset, SimMemory.PAGE)) {
        discarding.add(offset >>> 12);
      }
    }
    discarding.end();
  }

  /// Gives frames back to the machine, those that follow each other by one call.
  private final class Discarding {
    private long first;
    private long length;

    void add(long frame) {
      if (frame == first + length) {
        length++;
      } else {
        end();
        first = frame;
        length = 1;
      }
    }

    /// Behind the last one.
    void end() {
      discard(first, length);
    }
  }

  private void discard(long frame, long run) {
    if (run == 0) {
      return;
    }
    try {
      machine.discard(frame << 12, run << 12);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Ends a foreign mapping's hold on the frame. Call under the monitor.
  ///
  /// @param mapped the frame's word, as it is to be but for the mapping
  void unmap(long frame, long mapped) {
    long word = mapped - ONE_MAPPING;
    if ((word & MAPPED) == 0 && (word & OWNER) == (long) ORPHAN << 32) {
      setWord(frame, 0);
      free++;
      discard(frame, 1);
    } else {
      setWord(frame, word);
    }
  }

  /// How many frames nobody has.
  synchronized long free() {
    return free;
  }

  @Override
  public void close() {
    machine.close();
    words.close();
    m2p.close();
  }
}
