// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.xenstream.core.format.PageType;
import org.xenstream.transfer.ForeignMapping;
import org.xenstream.transfer.Hypervisor.Access;
import org.xenstream.transfer.LogDirtyStats;
import org.xenstream.transfer.PfnBitmap;

/// The memory of one domain: populated by the toolstack, used by the guest, mapped by engines.
final class SimMemory implements AutoCloseable {
  static final int PAGE = 4096;

  private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle();
  private static final int MOST_FRAMES_OF_TYPES = 1024;
  private static final int[] NO_ERRORS = {};

  final SimP2m p2m;
  final SimLogDirty dirty;
  final PageTypes types;
  private final SimHost host;
  private final FrameTable frames;
  private final int domid;
  private final boolean hvm;
  private final long maxPages;
  private final Set<Long> mappedByXen = ConcurrentHashMap.newKeySet();
  private long pages;
  private long superpages;

  /// Before the guest has run nobody but engines and toolstack stores into its memory.
  private volatile boolean ran;

  SimMemory(SimHost host, int domid, boolean hvm, long maxPages) throws IOException {
    this.host = host;
    this.frames = host.frames();
    this.domid = domid;
    this.hvm = hvm;
    this.maxPages = maxPages;
    p2m = new SimP2m(host.options().maxPfns());
    dirty = new SimLogDirty(host.options().maxPfns());
    types = new PageTypes(frames, domid, dirty, host.options().compatM2pFirstFrame());
  }

  /// The guest is let go on.
  void runs() {
    ran = true;
  }

  long pages() {
    return pages;
  }

  long superpages() {
    return superpages;
  }

  // ---- Populating

  /// Gives the domain 2^order frames from `pfn` on.
  ///
  /// @return the first of them as the domain's kind names it
  synchronized long populate(long pfn, int order) throws XenError {
    long count = 1L << order;
    if ((order != 0 && order != 9) || pfn < 0 || (pfn & count - 1) != 0) {
      throw new XenError(Errno.EINVAL, "2^%d pages at pfn 0x%x".formatted(order, pfn));
    }
    if (pfn + count > p2m.limit()) {
      throw new XenError(Errno.EBUSY, "pfn 0x%x is beyond any".formatted(pfn));
    }
    if (pages + count > maxPages) {
      throw new XenError(Errno.EBUSY, "the domain has its %d pages".formatted(maxPages));
    }
    for (long i = 0; i < count; i++) {
      if (p2m.frame(pfn + i) >= 0) {
        throw new XenError(Errno.EBUSY, "pfn 0x%x is populated already".formatted(pfn + i));
      }
    }
    FramePlacement placement = hvm ? null : host.options().placement();
    long first;
    if (placement == null) {
      first = frames.allocate(domid, order);
      if (first < 0) {
        throw new XenError(
            Errno.EBUSY, "the machine has no memory left for 2^%d pages".formatted(order));
      }
      enter(pfn, first, count);
    } else {
      first = placement.frameFor(pfn);
      for (long i = 0; i < count; i++) {
        long frame = placement.frameFor(pfn + i);
        if (!frames.allocateAt(frame, domid)) {
          throw new XenError(Errno.EBUSY, "frame 0x%x is not free".formatted(frame));
        }
        enter(pfn + i, frame, 1);
      }
    }
    pages += count;
    if (order == 9) {
      superpages++;
    }
    return hvm ? pfn : first;
  }

  private void enter(long pfn, long frame, long count) {
    synchronized (frames) {
      for (long i = 0; i < count; i++) {
        frames.setPfn(frame + i, pfn + i);
      }
    }
    for (long i = 0; i < count; i++) {
      p2m.set(pfn + i, frame + i);
      dirty.mark(pfn + i);
    }
  }

  /// Takes the page at `pfn` from the domain.
  synchronized void remove(long pfn) throws XenError {
    long frame = frameOf(pfn);
    synchronized (frames) {
      long word = frames.word(frame);
      if ((word & FrameTable.COUNT) != 0) {
        throw new XenError(Errno.EBUSY, "the page at pfn 0x%x is in use".formatted(pfn));
      }
      p2m.set(pfn, -1);
      frames.release(frame);
    }
    pages--;
    dirty.mark(pfn);
  }

  // ---- The guest's side

  /// The frame at a pfn.
  long frameOf(long pfn) throws XenError {
    long frame = p2m.frame(pfn);
    if (frame < 0) {
      throw new XenError(Errno.EINVAL, "there is no page at pfn 0x%x".formatted(pfn));
    }
    return frame;
  }

  private long writable(long pfn) throws XenError {
    long frame = frameOf(pfn);
    if (!hvm && frames.readOnly(frame)) {
      throw new XenError(
          Errno.EPERM, "pfn 0x%x is a page table or a descriptor table".formatted(pfn));
    }
    return frame;
  }

  long readWord(long pfn, int offset) throws XenError {
    return (long) WORD.getVolatile(frames.memory(), (frameOf(pfn) << 12) + offset);
  }

  void writeWord(long pfn, int offset, long value) throws XenError {
    WORD.setVolatile(frames.memory(), (writable(pfn) << 12) + offset, value);
    dirty.mark(pfn);
  }

  void readPage(long pfn, MemorySegment to) throws XenError {
    MemorySegment.copy(frames.memory(), frameOf(pfn) << 12, to, 0, PAGE);
  }

  void writePage(long pfn, MemorySegment from) throws XenError {
    MemorySegment.copy(from, 0, frames.memory(), writable(pfn) << 12, PAGE);
    dirty.mark(pfn);
  }

  /// Marks the page at `pfn` as lost by the hardware.
  void lose(long pfn) throws XenError {
    long frame = frameOf(pfn);
    synchronized (frames) {
      frames.setWord(frame, frames.word(frame) | FrameTable.BROKEN);
    }
  }

  // ---- Xen's own writes

  void mapForXen(long pfn) throws XenError {
    if (!hvm) {
      throw new XenError(Errno.EINVAL, "the pages of a PV guest that Xen maps count their users");
    }
    frameOf(pfn);
    mappedByXen.add(pfn);
  }

  void writeByXen(long pfn, int offset, long value) throws XenError {
    if (!mappedByXen.contains(pfn)) {
      throw new XenError(Errno.EINVAL, "Xen has not mapped pfn 0x%x".formatted(pfn));
    }
    WORD.setVolatile(frames.memory(), (frameOf(pfn) << 12) + offset, value);
  }

  /// Reads the log-dirty bitmap.
  LogDirtyStats readLogDirty(PfnBitmap into, boolean clean, boolean last) {
    if (last) {
      mappedByXen.forEach(dirty::mark);
    }
    return dirty.read(into, clean);
  }

  // ---- The engines' side

  /// `XEN_DOMCTL_getpageframeinfo3`.
  void pageTypes(long[] wanted, byte[] into, int count) throws XenError {
    if (count > MOST_FRAMES_OF_TYPES) {
      throw new XenError(Errno.E2BIG, "%d frames at once".formatted(count));
    }
    for (int i = 0; i < count; i++) {
      long frame = machineFrame(wanted[i]);
      into[i] = (byte) (frame < 0 ? PageType.XTAB : typeOf(frames.word(frame)));
    }
  }

  private static int typeOf(long word) {
    if ((word & FrameTable.BROKEN) != 0) {
      return PageType.BROKEN;
    }
    if ((word & FrameTable.SPECIAL) != 0) {
      return PageType.XTAB;
    }
    int type = FrameTable.type(word);
    if (type < 1 || type > 4) {
      return PageType.NOTAB;
    }
    if ((word & FrameTable.PINNED) != 0) {
      return type | PageType.PINNED;
    }
    return (word & FrameTable.VALIDATED) != 0 ? type : PageType.NOTAB;
  }

  /// The machine frame that an engine names by its number; −1 when the domain has none there.
  long machineFrame(long frame) {
    if (hvm) {
      return p2m.frame(frame);
    }
    return frames.belongs(frame, domid) ? frame : -1;
  }

  ForeignMapping map(Access access, long[] wanted, int count) {
    long[] offsets = new long[count];
    int[] errors = NO_ERRORS;
    boolean typed = access == Access.WRITE && !hvm;
    synchronized (frames) {
      for (int i = 0; i < count; i++) {
        long frame = hvm ? p2m.frame(wanted[i]) : wanted[i];
        long word = frame >= 0 && frame < frames.frames() ? frames.word(frame) : 0;
        int error = 0;
        if (FrameTable.owner(word) != domid) {
          error = notItsOwn(wanted[i]).number();
        } else if ((word & FrameTable.BROKEN) != 0) {
          error = Errno.EINVAL.number();
        } else if (typed && !PageTypes.canBeWritable(word)) {
          error = Errno.EBUSY.number();
        }
        if (error != 0) {
          errors = errors.length == 0 ? new int[count] : errors;
          errors[i] = error;
          offsets[i] = -1;
        } else {
          long held = typed ? PageTypes.withWritable(word) : word;
          frames.setWord(frame, held + FrameTable.ONE_MAPPING);
          offsets[i] = frame << 12;
        }
      }
    }
    return new SimMapping(
        host,
        access == Access.WRITE ? frames.memory() : host.readOnlyMemory(),
        offsets,
        errors,
        () -> unmap(offsets, typed, access == Access.WRITE && !ran));
  }

  /// A pfn of an HVM guest that has no page is a bad number; a frame of the machine that is not the
  /// PV guest's own cannot be held.
  private Errno notItsOwn(long frame) {
    return hvm || frame < 0 || frame >= frames.frames() ? Errno.EINVAL : Errno.EBUSY;
  }

  private void unmap(long[] offsets, boolean typed, boolean filled) {
    synchronized (frames) {
      for (long offset : offsets) {
        if (offset >= 0) {
          long frame = offset >>> 12;
          long word = frames.word(frame);
          if (typed && FrameTable.owner(word) == domid) {
            word = types.without(frame, word);
          }
          frames.unmap(frame, word);
        }
      }
      if (filled && !ran) {
        frames.discardZeros(offsets);
      }
    }
  }

  /// Gives all memory back.
  void destroy() {
    frames.releaseAll(p2m);
  }

  @Override
  public void close() {
    p2m.close();
    dirty.close();
  }
}
