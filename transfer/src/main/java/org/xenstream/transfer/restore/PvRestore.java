// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.RecordType;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;
import org.xenstream.transfer.DomainInfo;
import org.xenstream.transfer.EntryRuns;
import org.xenstream.transfer.ForeignMapping;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.x86.SharedInfo;

/// PV guests of 64 and of 32 bits (`tools/libs/guest/xg_sr_restore_x86_pv.c`).
///
/// That the hypervisor's m2p agrees with the frame of a pfn is looked at once, when the frame is
/// given, and again for each pfn that the guest's state names; C looks at it for each entry of each
/// page table. A frame that the guest has lost meanwhile is refused when its tables are pinned.
final class PvRestore implements GuestRestore {
  private static final int PIN_BATCH = 1024;

  /// So few frames are looked up one by one.
  private static final int FEW = 4;

  private static final int LEVELS_64 = 4;
  private static final int LEVELS_32 = 3;

  private final Hypervisor hypervisor;
  private final RestoreRequest request;
  private final DomainInfo domain;
  private final String source;
  private final PvP2m p2m;
  private final PvVcpus vcpus;
  private final PvTables tables;
  private final long[] frame = new long[1];
  private @Nullable ForeignMapping m2p;
  private long maxMfn;
  private @Nullable PvFrames translator;
  private @Nullable PvState state;
  private int width;
  private boolean seenPvInfo;

  PvRestore(Hypervisor hypervisor, RestoreRequest request, DomainInfo domain, String source)
      throws IOException {
    this.hypervisor = hypervisor;
    this.request = request;
    this.domain = domain;
    this.source = source;
    this.vcpus = new PvVcpus(source, domain.maxVcpuId() + 1);
    this.p2m = new PvP2m();
    this.tables = new PvTables(request.domid(), source, p2m);
  }

  @Override
  public void setUp() throws IOException {
    width = askWidth();
    maxMfn = hypervisor.maximumRamPage();
    m2p = hypervisor.mapM2p();
    translator = new PvFrames(source, p2m, m2p, maxMfn);
    state = new PvState(hypervisor, request, domain, translator, source);
  }

  private int askWidth() throws IOException {
    int octets = hypervisor.guestWidth(request.domid());
    if (octets != 4 && octets != 8) {
      throw new HypervisorException(
          "guestWidth", request.domid(), "EINVAL", "expected 4 or 8, found " + octets);
    }
    return octets;
  }

  private int levels() {
    return width == 8 ? LEVELS_64 : LEVELS_32;
  }

  @Override
  public long highestPfn() {
    return p2m.maxPfn();
  }

  @Override
  public void frames(long[] pfns, long[] frames, int count) {
    p2m.frames(pfns, frames, count);
  }

  @Override
  public void setFrames(long[] pfns, long[] frames, int count) throws IOException {
    for (int i = 0; i < count; ) {
      int end = Math.min(PvP2m.runEnd(pfns, i, count), PvP2m.runEnd(frames, i, count));
      if (end - i < FEW || !isRunInM2p(pfns[i], frames[i], end - i)) {
        for (int j = i; j < end; j++) {
          checkInM2p(pfns[j], frames[j]);
        }
      }
      i = end;
    }
    p2m.setFrames(pfns, frames, count);
  }

  /// Tells whether frames that follow each other are at pfns that do, and all are in order.
  private boolean isRunInM2p(long pfn, long mfn, int count) {
    long last = mfn + count - 1;
    if (m2p == null || mfn < 0 || last > maxMfn || (width == 4 && last >>> 32 != 0)) {
      return false;
    }
    return EntryRuns.ascends(m2p.memory(), m2p.offset(0) + mfn * Long.BYTES, pfn, count);
  }

  private void checkInM2p(long pfn, long mfn) throws HypervisorException {
    if (translator == null || !translator.isAt(mfn, pfn) || (width == 4 && mfn >>> 32 != 0)) {
      throw new HypervisorException(
          "populate",
          request.domid(),
          "ERANGE",
          "frame 0x%x for pfn 0x%x is not there in the m2p".formatted(mfn, pfn));
    }
  }

  @Override
  public boolean keepsTypes() {
    return true;
  }

  @Override
  public void setTypes(long[] pfns, byte[] types, int count) {
    p2m.setTypes(pfns, types, count);
  }

  @Override
  public boolean isLocalised(int type) {
    return PageType.isTable(type);
  }

  @Override
  public long nextLocalised(long from) {
    return tables.next(from);
  }

  @Override
  public boolean areFirst(long[] entries, int count) {
    return tables.areFirst(entries, count);
  }

  @Override
  public void checkPage(Frame at, int type, long pfn, MemorySegment memory, long offset)
      throws IOException {
    tables.check(at, type, pfn, memory, offset);
  }

  @Override
  public void localise(long pfn, Populator populator, MemorySegment memory, long offset)
      throws IOException {
    tables.localise(pfn, populator, memory, offset);
  }

  @Override
  public void accept(Framed framed) throws IOException {
    Frame at = framed.frame();
    switch (framed.record()) {
      case StreamRecord.PvInfo info -> info(at, info);
      case StreamRecord.PvP2mFrames frames -> p2mFrames(at, frames);
      case StreamRecord.PvVcpu vcpu -> vcpus.take(at, vcpu, width);
      case StreamRecord.SharedInfo(var page) -> sharedInfo(at, page);
      default ->
          throw RefusedStreamException.of(
              source, at, "a record of an x86 PV guest", RecordType.nameOf(framed.record().type()));
    }
  }

  private void info(Frame at, StreamRecord.PvInfo info) throws IOException {
    if (seenPvInfo) {
      throw RefusedStreamException.of(source, at, "one such record", "a second");
    }
    boolean fits =
        (info.guestWidth() == 8 && info.ptLevels() == LEVELS_64)
            || (info.guestWidth() == 4 && info.ptLevels() == LEVELS_32);
    if (!fits) {
      throw RefusedStreamException.of(
          source,
          at,
          0,
          "guest_width",
          "width 4 with 3 levels, or 8 with 4",
          "width %d with %d".formatted(info.guestWidth(), info.ptLevels()));
    }
    if (info.guestWidth() != width) {
      // A new domain has the host's width; the stream is the first to say another.
      hypervisor.setGuestWidth(request.domid(), info.guestWidth());
      width = askWidth();
    }
    if (info.guestWidth() != width || info.ptLevels() != levels()) {
      throw RefusedStreamException.of(
          source,
          at,
          0,
          "guest_width",
          "%d, that of the domain".formatted(width),
          Integer.toString(info.guestWidth()));
    }
    seenPvInfo = true;
  }

  private void needPvInfo(Frame at) throws IOException {
    if (!seenPvInfo) {
      throw RefusedStreamException.of(source, at, RecordType.X86_PV_INFO + " before it", "none");
    }
  }

  private void p2mFrames(Frame at, StreamRecord.PvP2mFrames frames) throws IOException {
    needPvInfo(at);
    if (frames.startPfn() > frames.endPfn()) {
      throw RefusedStreamException.of(
          source,
          at,
          0,
          "start_pfn",
          "at most end_pfn, 0x%x".formatted(frames.endPfn()),
          "0x%x".formatted(frames.startPfn()));
    }
    long inPage = Wire.PAGE_SIZE / width;
    long first = frames.startPfn() / inPage;
    long wanted = frames.endPfn() / inPage + 1 - first;
    if (wanted != frames.count()) {
      throw RefusedStreamException.of(
          source,
          at,
          8,
          "p2m_pfn",
          "%d entries for pfns 0x%x to 0x%x".formatted(wanted, frames.startPfn(), frames.endPfn()),
          Integer.toString(frames.count()));
    }
    p2m.expand(frames.endPfn());
    for (int i = 0; i < frames.count(); i++) {
      p2m.setLeaf(first + i, frames.pfn(i));
    }
  }

  private void sharedInfo(Frame at, MemorySegment from) throws IOException {
    needPvInfo(at);
    SharedInfo layout = SharedInfo.of(width);
    frame[0] = domain.sharedInfoFrame();
    try (ForeignMapping mapping =
        hypervisor.map(request.domid(), Hypervisor.Access.WRITE, frame, 1)) {
      if (mapping.error(0) != 0) {
        throw new HypervisorException(
            "map",
            request.domid(),
            Integer.toString(mapping.error(0)),
            "shared info at frame 0x%x".formatted(frame[0]));
      }
      MemorySegment page = mapping.memory().asSlice(mapping.offset(0), Wire.PAGE_SIZE);
      merge(layout, from, page);
    }
  }

  /// What the guest and Xen know of vCPUs and p2m comes from the stream; event channels begin anew,
  /// and the clock is the new host's.
  private static void merge(SharedInfo layout, MemorySegment from, MemorySegment page) {
    long vcpus = layout.vcpuInfoOffset(SharedInfo.VCPUS);
    MemorySegment.copy(from, 0, page, 0, vcpus);
    long arch = layout.maxPfn.offset();
    MemorySegment.copy(from, arch, page, arch, layout.size() - arch);
    layout.frameListList.set(page, 0);
    long events = layout.eventChannels() / 8;
    page.asSlice(layout.eventsPendingOffset, events).fill((byte) 0);
    page.asSlice(layout.eventsMaskOffset, events).fill((byte) 0xFF);
    for (int vcpu = 0; vcpu < SharedInfo.VCPUS; vcpu++) {
      layout.pendingSelector(vcpu).set(page, 0);
    }
  }

  @Override
  public void complete(long at) throws IOException {
    PvState known = setUpState();
    vcpus.complete(
        hypervisor,
        request.domid(),
        at,
        (vcpu, basic) -> known.translate(at, vcpu, basic, width, p2m.maxPfn() + 1));
    pin();
    known.writeP2m(at, p2m, width);
    hypervisor.seedGrantTable(
        request.domid(),
        false,
        consoleFrame(),
        storeFrame(),
        request.consoleDomid(),
        request.storeDomid());
  }

  private PvState setUpState() {
    if (state == null) {
      throw new IllegalStateException("not set up");
    }
    return state;
  }

  private void pin() throws IOException {
    int[] levels = new int[PIN_BATCH];
    long[] tables = new long[PIN_BATCH];
    int count = 0;
    for (long pfn = p2m.nextTyped(0); pfn >= 0; pfn = p2m.nextTyped(pfn + 1)) {
      int type = p2m.type(pfn);
      if ((type & PageType.PINNED) != 0 && PageType.isTable(type)) {
        levels[count] = PageType.level(type);
        tables[count++] = p2m.frame(pfn);
        if (count == PIN_BATCH) {
          hypervisor.pinTables(request.domid(), levels, tables, count);
          count = 0;
        }
      }
    }
    if (count > 0) {
      hypervisor.pinTables(request.domid(), levels, tables, count);
    }
  }

  @Override
  public long storeFrame() {
    return state == null ? 0 : state.storeFrame();
  }

  @Override
  public long consoleFrame() {
    return state == null ? 0 : state.consoleFrame();
  }

  /// No page is cleared.
  @Override
  public long cleared() {
    return 0;
  }

  @Override
  public void close() {
    p2m.close();
    if (m2p != null) {
      m2p.close();
    }
  }
}
