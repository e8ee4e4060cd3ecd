// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.xenstream.testkit.StreamBuilder;
import org.xenstream.x86.Cr3;
import org.xenstream.x86.StartInfo;
import org.xenstream.x86.VcpuContext;

/// Octets of a small 64-bit PV guest of 16 pfns: its p2m at pfn 1, start_info at 2, xenstore 3,
/// console 4, page tables L4 to L1 at 5 to 8, data at 9, a GDT at 10.
final class PvStream {
  static final long PINNED_L4 = 0xC000_0000_0000_0000L;
  static final long L4 = 0x4000_0000_0000_0000L;
  static final long L3 = 0x3000_0000_0000_0000L;
  static final long L2 = 0x2000_0000_0000_0000L;
  static final long L1 = 0x1000_0000_0000_0000L;
  static final int LAST_PFN = 15;
  private static final int FLAGS = 0x67;

  private PvStream() {}

  /// Headers, static data and the place of the p2m.
  static StreamBuilder begin() {
    StreamBuilder stream = StreamBuilder.stream().imageHeader(3).domainHeader(1);
    stream.record(0x02, new byte[] {8, 4, 0, 0, 0, 0, 0, 0}).record(0x10);
    return stream.record(0x03, stream.part().u32(0).u32(LAST_PFN).u64(1).octets());
  }

  /// A batch of pages.
  static final class Batch {
    private final List<Long> entries = new ArrayList<>();
    private final StreamBuilder pages = StreamBuilder.stream();

    Batch page(long entry, byte[] page) {
      entries.add(entry);
      pages.raw(page);
      return this;
    }

    byte[] octets() {
      StreamBuilder body = StreamBuilder.stream().u32(entries.size()).u32(0);
      entries.forEach(body::u64);
      return body.raw(pages.octets()).octets();
    }
  }

  /// A table whose first slots name these pfns; −1 leaves a slot empty.
  static byte[] table(long... pfns) {
    StreamBuilder table = StreamBuilder.stream();
    for (long pfn : pfns) {
      table.u64(pfn < 0 ? 0 : pfn << 12 | FLAGS);
    }
    return table.raw(new byte[4096 - 8 * pfns.length]).octets();
  }

  static byte[] startInfo() {
    byte[] page = new byte[4096];
    MemorySegment octets = MemorySegment.ofArray(page);
    StartInfo.OF_64_BIT.storeFrame.set(octets, 3);
    StartInfo.OF_64_BIT.consoleFrame.set(octets, 4);
    StartInfo.OF_64_BIT.flags.set(octets, 0xFF);
    return page;
  }

  /// All of its pages.
  static Batch pages() {
    return pagesUpTo9().page(10, StreamBuilder.page(0xAA));
  }

  /// The same without pfn 10, which holds the GDT and is in a page table.
  static Batch pagesUpTo9() {
    return new Batch()
        .page(1, StreamBuilder.page(0))
        .page(2, startInfo())
        .page(3, StreamBuilder.page(0x33))
        .page(4, StreamBuilder.page(0x44))
        .page(PINNED_L4 | 5, table(6))
        .page(L3 | 6, table(7))
        .page(L2 | 7, table(8))
        .page(L1 | 8, table(9, -1, 10))
        .page(9, StreamBuilder.page(0x99));
  }

  /// vCPU 0.
  static byte[] basic() {
    byte[] basic = new byte[VcpuContext.SIZE_64];
    MemorySegment octets = MemorySegment.ofArray(basic);
    VcpuContext layout = VcpuContext.OF_64_BIT;
    layout.edx.set(octets, 2);
    layout.gdtEntries.set(octets, 512);
    layout.gdtFrames.set(octets, 0, 10);
    layout.controlRegisters.set(octets, 3, Cr3.fromFrame(5, 8));
    return basic;
  }

  /// What comes behind memory, and END.
  static byte[] end(StreamBuilder stream, byte[] basic) {
    stream.record(0x07, StreamBuilder.page(0x77));
    return stream.record(0x04, stream.part().u32(0).u32(0).octets(), basic).end().octets();
  }
}
