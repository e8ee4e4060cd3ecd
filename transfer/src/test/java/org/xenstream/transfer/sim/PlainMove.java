// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.transfer.CpuPolicy;
import org.xenstream.transfer.ForeignMapping;
import org.xenstream.transfer.Hypervisor.Access;
import org.xenstream.transfer.Hypervisor.VcpuState;
import org.xenstream.x86.Cr3;
import org.xenstream.x86.PageTableEntry;
import org.xenstream.x86.PageTableLevel;
import org.xenstream.x86.SharedInfo;
import org.xenstream.x86.StartInfo;
import org.xenstream.x86.VcpuContext;

/// Moves a suspended guest to another host at one go, by what it knows of the guest's structures
/// and without a stream: what the engines have to come to, for the tests of the guests themselves.
final class PlainMove {
  private static final int PAGE = PagePattern.PAGE;

  private final SimGuest guest;
  private final SimDomain from;
  private final SimHost host;
  private final SimDomain to;
  private final int width;
  private final List<Long> pfns = new ArrayList<>();

  /// Changes what is moved, to see that it is noticed.
  @FunctionalInterface
  interface Damage {
    void page(long pfn, int type, MemorySegment page);
  }

  private PlainMove(SimGuest guest, SimHost host, SimDomain to) {
    this.guest = guest;
    this.from = guest.domain();
    this.host = host;
    this.to = to;
    this.width = guest.spec().kind().width();
  }

  /// Moves a guest that is suspended.
  ///
  /// @return where it is now, paused
  static SimDomain move(SimGuest guest, SimHost host, Damage damage) throws IOException {
    SimDomain to = SimDestination.createDomain(host, guest.spec());
    PlainMove move = new PlainMove(guest, host, to);
    guest.domain().outcome().forEachPage((pfn, page) -> move.pfns.add(pfn));
    move.populate();
    move.pages(damage);
    if (guest.spec().kind().isPv()) {
      move.pins();
      move.sharedInfo();
      move.vcpus();
    } else {
      move.hvm();
    }
    move.both();
    return to;
  }

  static SimDomain move(SimGuest guest, SimHost host) throws IOException {
    return move(guest, host, (pfn, type, page) -> {});
  }

  private void populate() throws IOException {
    // From the end, so that no pfn has the frame that it had.
    for (int i = pfns.size() - 1; i >= 0; i--) {
      host.populate(to.domid(), 0, new long[] {pfns.get(i)}, 1);
    }
  }

  private int type(long pfn) throws IOException {
    byte[] type = new byte[1];
    guest.host().pageTypes(from.domid(), new long[] {from.frameOf(pfn)}, type, 1);
    return guest.spec().kind().isPv() ? type[0] : PageType.NOTAB;
  }

  private void pages(Damage damage) throws IOException {
    MemorySegment page = MemorySegment.ofArray(new byte[PAGE]);
    PvLayout pv = guest.layout().pv;
    for (long pfn : pfns) {
      from.readPage(pfn, page);
      int type = type(pfn);
      if (PageType.isTable(type)) {
        localise(page, PageTableLevel.of(PageType.level(type)), pfn);
      } else if (width != 0 && pfn >= pv.p2mFirst && pfn < pv.p2mFirst + pv.p2mCount) {
        p2m(page, (pfn - pv.p2mFirst) * pv.perFrame());
      } else if (width != 0 && pfn == pv.startInfo) {
        startInfo(page);
      }
      damage.page(pfn, type, page);
      to.writePage(pfn, page);
    }
  }

  private void localise(MemorySegment page, PageTableLevel level, long pfn) throws IOException {
    boolean top = width == 4 && guest.layout().pv.tableOf(pfn) == guest.layout().pv.window();
    for (int slot = 0; slot < PageTableEntry.ENTRIES; slot++) {
      long entry = page.get(PagePattern.WORD, 8L * slot);
      boolean xens =
          PageTableEntry.isXenSlot(level, slot)
              || (level == PageTableLevel.L2 && top && slot >= PageTableEntry.COMPAT_L2_XEN_FIRST)
              || slot >= level.entries(width);
      if (xens || !PageTableEntry.isPresent(entry)) {
        entry = xens ? 0 : entry;
      } else {
        long names = from.pfnOf(PageTableEntry.frame(entry));
        entry = PageTableEntry.withFrame(entry, to.frameOf(names));
      }
      page.set(PagePattern.WORD, 8L * slot, entry);
    }
  }

  private void p2m(MemorySegment page, long first) {
    for (int i = 0; i < PAGE / width; i++) {
      long frame = first + i < guest.spec().pages() ? to.frameOf(first + i) : -1;
      if (width == 8) {
        page.set(PagePattern.WORD, 8L * i, frame);
      } else {
        page.set(Words.U32, 4L * i, (int) frame);
      }
    }
  }

  private void startInfo(MemorySegment page) throws IOException {
    StartInfo info = StartInfo.of(width);
    info.storeFrame.set(page, to.frameOf(info.storeFrame.get(page)));
    info.consoleFrame.set(page, to.frameOf(info.consoleFrame.get(page)));
    info.pages.set(page, guest.spec().pages());
    info.sharedInfo.set(page, host.domainInfo(to.domid()).sharedInfoFrame() << 12);
    info.flags.set(page, 0);
  }

  private void pins() throws IOException {
    for (long pfn : pfns) {
      int type = type(pfn);
      if ((type & PageType.PINNED) != 0) {
        long[] frame = {to.frameOf(pfn)};
        host.pinTables(to.domid(), new int[] {PageType.level(type)}, frame, 1);
      }
    }
  }

  private void sharedInfo() throws IOException {
    SharedInfo shared = SharedInfo.of(width);
    long[] frame = {host.domainInfo(to.domid()).sharedInfoFrame()};
    try (ForeignMapping mapping = host.map(to.domid(), Access.WRITE, frame, 1)) {
      MemorySegment page = mapping.memory().asSlice(mapping.offset(0), PAGE);
      page.copyFrom(from.sharedInfo());
      shared.frameListList.set(page, 0);
    }
  }

  private void vcpus() throws IOException {
    VcpuContext layout = VcpuContext.of(width);
    for (int vcpu = 0; vcpu < guest.spec().vcpus(); vcpu++) {
      if (!guest.host().vcpuOnline(from.domid(), vcpu)) {
        continue;
      }
      for (VcpuState kind : VcpuState.values()) {
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment state = guest.host().vcpuState(from.domid(), vcpu, kind, arena);
          if (kind == VcpuState.BASIC) {
            context(layout, vcpu, state);
          }
          host.setVcpuState(to.domid(), vcpu, kind, state);
        }
      }
    }
  }

  private void context(VcpuContext layout, int vcpu, MemorySegment state) throws IOException {
    if (vcpu == 0) {
      layout.edx.set(state, moved(layout.edx.get(state)));
    }
    for (int i = 0; i * 512L < layout.gdtEntries.get(state); i++) {
      layout.gdtFrames.set(state, i, moved(layout.gdtFrames.get(state, i)));
    }
    for (int register : new int[] {1, 3}) {
      long value = layout.controlRegisters.get(state, register);
      if (value != 0) {
        long frame = moved(Cr3.toFrame(value, width));
        layout.controlRegisters.set(state, register, Cr3.fromFrame(frame, width));
      }
    }
  }

  private long moved(long frame) throws IOException {
    return to.frameOf(from.pfnOf(frame));
  }

  private void hvm() throws IOException {
    for (GuestParams.Param param : GuestParams.travelling(guest.layout())) {
      int index = param.param().index();
      host.setHvmParam(to.domid(), index, guest.host().hvmParam(from.domid(), index));
    }
    try (Arena arena = Arena.ofConfined()) {
      host.setHvmContext(to.domid(), guest.host().hvmContext(from.domid(), arena));
    }
  }

  private void both() throws IOException {
    StreamRecord.TscInfo tsc = guest.host().tscInfo(from.domid());
    host.setTscInfo(to.domid(), tsc);
    try (Arena arena = Arena.ofConfined()) {
      CpuPolicy policy = guest.host().cpuPolicy(from.domid(), arena);
      host.setCpuPolicy(to.domid(), policy);
    }
  }
}
