// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;
import org.xenstream.os.SparseMemory;
import org.xenstream.transfer.LogDirtyStats;
import org.xenstream.transfer.PfnBitmap;

/// Which pfns of a domain were written (xen/arch/x86/mm/paging.c), one bit each.
///
/// Guests mark from many threads while one reads. A writer stores first and marks afterwards, and
/// the mark is an atomic step that orders what was before it: so whoever takes a bit and then reads
/// the page sees the store, or finds the bit set again later. Nothing marks unconditionally twice:
/// a look at the bit alone would not do, as it may overtake the store.
final class SimLogDirty implements AutoCloseable {
  private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle();

  private static final int CHUNK = 4096;
  private static final MemorySegment EMPTY =
      MemorySegment.ofArray(new long[CHUNK / 8]).asReadOnly();

  private final SparseMemory bits;
  private final MemorySegment words;
  private volatile boolean on;

  /// Behind all words in which anything was ever marked, a multiple of the chunk.
  private final AtomicLong end = new AtomicLong();

  SimLogDirty(long pfns) throws IOException {
    bits = SparseMemory.reserve((pfns / 8 + 4096) & -4096);
    words = bits.memory();
  }

  boolean isOn() {
    return on;
  }

  /// Begins, with nothing marked.
  void enable() throws XenError {
    if (on) {
      throw new XenError(Errno.EINVAL, "log-dirty is on already");
    }
    on = true;
  }

  /// Ends and forgets. No guest thread may be inside.
  void disable() {
    on = false;
    try {
      bits.discard(0, words.byteSize());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Marks a pfn, where marking is on.
  void mark(long pfn) {
    if (!on) {
      return;
    }
    long at = pfn >>> 6 << 3;
    if (at >= end.get()) {
      end.accumulateAndGet((at + CHUNK) & -CHUNK, Math::max);
    }
    long _ = (long) WORD.getAndBitwiseOr(words, at, 1L << pfn);
  }

  /// Reads as many pfns as `into` has, and with `clean` clears all. Where marking is off nothing is
  /// marked, which is no error in Xen.
  ///
  /// The count is that of the bits seen, as in Xen with those beyond `into`. Xen may keep it beside
  /// the bits, for it pauses the domain; here it would fall behind them while a guest marks, and a
  /// saver passes by a bitmap of which it is told that nothing is in it.
  LogDirtyStats read(PfnBitmap into, boolean clean) {
    long count = 0;
    MemorySegment to = into.words();
    long given = to.byteSize();
    long marked = end.get();
    for (long at = 0; at < marked; at += CHUNK) {
      // Most of a bitmap is empty. What is marked while this looks is found the next time.
      if (MemorySegment.mismatch(words, at, at + CHUNK, EMPTY, 0, CHUNK) >= 0) {
        count += readChunk(to, at, at + CHUNK, clean);
      } else if (at < given) {
        MemorySegment.copy(EMPTY, 0, to, at, Math.min(CHUNK, given - at));
      }
    }
    if (given > marked) {
      to.asSlice(marked).fill((byte) 0);
    }
    long last = into.pfns();
    if ((last & 63) != 0) {
      long at = last >>> 6 << 3;
      to.set(ValueLayout.JAVA_LONG, at, to.get(ValueLayout.JAVA_LONG, at) & ~(-1L << last));
    }
    return new LogDirtyStats(count, count);
  }

  private long readChunk(MemorySegment to, long from, long until, boolean clean) {
    long count = 0;
    for (long at = from; at < until; at += 8) {
      long word = (long) WORD.getOpaque(words, at);
      if (word != 0 && clean) {
        word = (long) WORD.getAndSet(words, at, 0L);
      }
      if (at < to.byteSize()) {
        to.set(ValueLayout.JAVA_LONG, at, word);
      }
      count += Long.bitCount(word);
    }
    return count;
  }

  @Override
  public void close() {
    bits.close();
  }
}
