// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.xenstream.os.SparseMemory;

/// Which frame a domain has at each pfn: four octets for a pfn, in memory that is taken only where
/// pfns are used. Changed by one thread at a time, read by any.
final class SimP2m implements AutoCloseable {
  private static final int STRETCH = 16;
  private static final VarHandle ENTRY = ValueLayout.JAVA_INT.varHandle();

  private final SparseMemory memory;
  private final MemorySegment entries;
  private final long limit;

  /// Which stretches of 2^[#STRETCH] pfns ever had a frame, so that the others need not be
  /// searched.
  private final boolean[] used;

  private volatile long end;

  /// @param pfns how many there can be
  SimP2m(long pfns) throws IOException {
    limit = pfns;
    used = new boolean[(int) (pfns >>> STRETCH) + 1];
    memory = SparseMemory.reserve((pfns * 4 + 4095) & -4096);
    entries = memory.memory();
  }

  /// The frame at `pfn`; −1 where there is none.
  long frame(long pfn) {
    // An entry holds the frame plus one, so that memory never written says that there is none.
    return pfn < 0 || pfn >= end
        ? -1
        : ((int) ENTRY.getAcquire(entries, pfn << 2) & 0xFFFF_FFFFL) - 1;
  }

  /// Sets the frame at `pfn`, −1 for none.
  void set(long pfn, long frame) {
    ENTRY.setRelease(entries, pfn << 2, (int) (frame + 1));
    used[(int) (pfn >>> STRETCH)] = true;
    if (pfn >= end) {
      end = pfn + 1;
    }
  }

  /// The highest pfn that ever had a frame, plus one.
  long end() {
    return end;
  }

  /// The first pfn that cannot be.
  long limit() {
    return limit;
  }

  /// The first populated pfn from `from` on; −1 where there is none. For while nobody changes it.
  long next(long from) {
    long last = end;
    for (long pfn = from; pfn < last; pfn++) {
      if (!used[(int) (pfn >>> STRETCH)]) {
        pfn |= (1L << STRETCH) - 1;
      } else if (frame(pfn) >= 0) {
        return pfn;
      }
    }
    return -1;
  }

  @Override
  public void close() {
    memory.close();
  }
}
