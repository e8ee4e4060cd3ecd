// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.xenstream.transfer.ForeignMapping;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.x86.PageTableEntry;

/// The smallest page tables of a 64-bit PV guest, built from outside: a level 4 table at pfn 4 that
/// names a level 3 table at pfn 3, and so on to a level 1 table at pfn 1, which maps itself
/// read-only and the page at pfn 0 writable.
public final class PvTables {
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final long PRESENT = PageTableEntry.PRESENT | PageTableEntry.USER;
  private static final long WRITABLE = PRESENT | PageTableEntry.WRITABLE;

  private final Hypervisor port;
  private final int domid;
  private final long[] frames;

  /// Populates pfns 0 to 4 of the domain, and fills the tables.
  public PvTables(Hypervisor port, int domid) throws IOException {
    this.port = port;
    this.domid = domid;
    this.frames = new long[] {0, 1, 2, 3, 4};
    port.populate(domid, 0, frames, frames.length);
    set(1, 0, PageTableEntry.withFrame(WRITABLE, frames[0]));
    set(1, 1, PageTableEntry.withFrame(PRESENT, frames[1]));
    for (int level = 2; level <= 4; level++) {
      set(level, 0, PageTableEntry.withFrame(WRITABLE, frames[level - 1]));
    }
  }

  /// The frame of the table of a level; that of the mapped page for 0.
  public long frame(int level) {
    return frames[level];
  }

  /// Stores an entry into the page of the table of a level, as long as it is none.
  public void set(int level, int slot, long entry) throws IOException {
    try (ForeignMapping mapping =
        port.map(domid, Hypervisor.Access.WRITE, new long[] {frames[level]}, 1)) {
      if (mapping.error(0) != 0) {
        throw new IOException("error %d".formatted(mapping.error(0)));
      }
      mapping.memory().set(U64, mapping.offset(0) + 8L * slot, entry);
    }
  }

  /// Reads an entry of the table of a level.
  public long get(int level, int slot) throws IOException {
    try (ForeignMapping mapping =
        port.map(domid, Hypervisor.Access.READ, new long[] {frames[level]}, 1)) {
      MemorySegment memory = mapping.memory();
      return memory.get(U64, mapping.offset(0) + 8L * slot);
    }
  }

  /// Pins the table of a level.
  public void pin(int level) throws IOException {
    port.pinTables(domid, new int[] {level}, new long[] {frames[level]}, 1);
  }

  /// The types of the five pages, by pfn.
  public byte[] types() throws IOException {
    byte[] types = new byte[frames.length];
    port.pageTypes(domid, frames, types, frames.length);
    return types;
  }
}
