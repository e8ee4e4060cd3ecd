// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.Random;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.transfer.CpuPolicy;
import org.xenstream.transfer.sim.SimDomain;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.transfer.sim.SimOptions;
import org.xenstream.x86.HvmParam;

/// A small HVM guest with content by chance.
final class HvmFixture implements AutoCloseable {
  static final int PAGES = 2500;

  final SimHost host;
  final SimDomain domain;
  final Toolstack toolstack;
  private final int pages;
  private final Random chance = new Random(7);

  HvmFixture() throws IOException {
    this(PAGES);
  }

  HvmFixture(int pages) throws IOException {
    this.pages = pages;
    host = new SimHost(SimOptions.ofFrames(pages + 4096));
    domain = host.createHvm(1, pages + 1024);
    for (int pfn = 0; pfn < pages; pfn++) {
      domain.balloonIn(pfn);
    }
    host.setHvmParam(domain.domid(), HvmParam.STORE_PFN.index(), pages - 1);
    host.setHvmParam(domain.domid(), HvmParam.CONSOLE_PFN.index(), pages - 2);
    host.setHvmParam(domain.domid(), HvmParam.IDENT_PT.index(), 0x5000);
    host.setTscInfo(domain.domid(), new StreamRecord.TscInfo(0, 2_600_000, 12345, 0));
    MemorySegment leaf = MemorySegment.ofArray(new byte[24]);
    leaf.set(ValueLayout.JAVA_INT_UNALIGNED, 4, -1);
    host.setCpuPolicy(domain.domid(), new CpuPolicy(leaf, MemorySegment.ofArray(new byte[0])));
    host.setHvmContext(domain.domid(), context());
    domain.unpause();
    for (int pfn = 0; pfn < pages; pfn += 1 + chance.nextInt(3)) {
      touch(pfn);
    }
    toolstack = new Toolstack(domain);
  }

  /// A header, one vCPU, the end.
  private static MemorySegment context() {
    MemorySegment context = MemorySegment.ofArray(new byte[8 + 24 + 8 + 1032 + 8]);
    context.set(ValueLayout.JAVA_INT_UNALIGNED, 0, 1);
    context.set(ValueLayout.JAVA_INT_UNALIGNED, 4, 24);
    context.set(ValueLayout.JAVA_INT_UNALIGNED, 8, 0x54381286);
    context.set(ValueLayout.JAVA_INT_UNALIGNED, 12, 1);
    context.set(ValueLayout.JAVA_INT_UNALIGNED, 32, 2);
    context.set(ValueLayout.JAVA_INT_UNALIGNED, 36, 1032);
    context.set(ValueLayout.JAVA_INT_UNALIGNED, 40 + 656, 0x10);
    return context;
  }

  /// The guest writes to a page.
  void touch(long pfn) throws IOException {
    domain.writeWord(pfn, 8 * chance.nextInt(512), chance.nextLong());
  }

  void touch(long from, long count) throws IOException {
    for (long pfn = from; pfn < from + count; pfn++) {
      touch(pfn);
    }
  }

  /// Null when the stream holds the guest's memory as it is now, else what differs.
  String difference(CapturedStream stream) throws IOException {
    Map<Long, CapturedStream.Page> memory = stream.memory();
    StringBuilder differ = new StringBuilder();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment now = arena.allocate(4096, 8);
      for (long pfn = 0; pfn < pages; pfn++) {
        CapturedStream.Page page = memory.remove(pfn);
        boolean there = domain.frameOf(pfn) >= 0;
        if (page == null) {
          differ.append(" 0x%x missing".formatted(pfn));
        } else if (!there) {
          differ.append(page.type() == PageType.XTAB ? "" : " 0x%x is gone".formatted(pfn));
        } else {
          domain.readPage(pfn, now);
          if (page.type() != PageType.NOTAB || now.mismatch(page.octets()) != -1) {
            differ.append(" 0x%x differs".formatted(pfn));
          }
        }
      }
    }
    memory.forEach((pfn, page) -> differ.append(" 0x%x is none".formatted(pfn)));
    return differ.toString();
  }

  @Override
  public void close() {
    host.close();
  }
}
