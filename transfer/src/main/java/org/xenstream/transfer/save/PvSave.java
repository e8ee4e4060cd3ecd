// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.RecordSink;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;
import org.xenstream.transfer.DomainInfo;
import org.xenstream.transfer.ForeignMapping;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.x86.PageTableEntry;
import org.xenstream.x86.SharedInfo;

/// Saves a PV guest (`xg_sr_save_x86_pv.c`): frames are mfns, found by the guest's own p2m, and the
/// mfns in page tables, contexts and lists become pfns.
///
/// Where this differs from the reference: that the linear p2m's generation has not changed is asked
/// at every pass, and not only while a live save runs, since a guest can change its p2m between two
/// checkpoints as well, and before it is suspended.
final class PvSave implements GuestSave {
  private final Hypervisor hypervisor;
  private final int domid;
  private final DomainInfo first;
  private final Deque<ForeignMapping> mappings = new ArrayDeque<>();
  private @Nullable Guest guest;
  private int badLevel;
  private int badIndex;
  private long badEntry;

  /// What [#setup] finds out.
  private static final class Guest {
    final SharedInfo layout;
    final MemorySegment sharedInfo;

    /// The p2m is a linear list.
    final boolean linear;

    /// Of a linear p2m when it was found.
    final long generation;

    /// The pfns of the frames that hold the p2m.
    final long[] p2mPfns;

    final Pseudophysmap map;
    final TableNormaliser tables;

    Guest(
        SharedInfo layout,
        MemorySegment sharedInfo,
        boolean linear,
        long generation,
        long[] p2mPfns,
        Pseudophysmap map,
        TableNormaliser tables) {
      this.layout = layout;
      this.sharedInfo = sharedInfo;
      this.linear = linear;
      this.generation = generation;
      this.p2mPfns = p2mPfns;
      this.map = map;
      this.tables = tables;
    }

    int width() {
      return layout.guestWidth;
    }
  }

  /// @param info of the domain, for the place of its shared info
  PvSave(Hypervisor hypervisor, int domid, DomainInfo info) {
    this.hypervisor = hypervisor;
    this.domid = domid;
    this.first = info;
  }

  private Guest guest() {
    if (guest == null) {
      throw new IllegalStateException("setup comes first");
    }
    return guest;
  }

  @Override
  public int domainType() {
    return Wire.DOMAIN_X86_PV;
  }

  @Override
  public void setup() throws IOException {
    int width = hypervisor.guestWidth(domid);
    if (width != 4 && width != 8) {
      throw new SaveException(domid, "guest width: expected 4 or 8, found " + width);
    }
    long maxMfn = hypervisor.maximumRamPage();
    ForeignMapping m2p = keep(hypervisor.mapM2p());
    long compatM2p = width == 4 ? hypervisor.compatM2pFirstFrame() : Hypervisor.INVALID_FRAME;
    if (m2p.memory().byteSize() / 8 <= maxMfn) {
      throw new SaveException(
          domid,
          "m2p: expected entries up to mfn 0x%x, found %d octets"
              .formatted(maxMfn, m2p.memory().byteSize()));
    }
    MemorySegment sharedInfo = mapPage("shared info", first.sharedInfoFrame());
    SharedInfo layout = SharedInfo.of(width);
    long generation = layout.p2mGeneration.get(sharedInfo);
    long cr3 = layout.p2mCr3.get(sharedInfo);
    P2mFrames p2m = findP2m(width, maxMfn, layout, sharedInfo, cr3);

    ForeignMapping leaves =
        keep(hypervisor.map(domid, Hypervisor.Access.READ, p2m.leaves(), p2m.leaves().length));
    long[] offsets = new long[p2m.leaves().length];
    for (int i = 0; i < offsets.length; i++) {
      checkMapped(leaves, i, "p2m frame %d".formatted(i), p2m.leaves()[i]);
      offsets[i] = leaves.offset(i);
    }
    Pseudophysmap map =
        new Pseudophysmap(m2p.memory(), maxMfn, leaves.memory(), offsets, width, p2m.maxPfn());
    guest =
        new Guest(
            layout,
            sharedInfo,
            cr3 != 0,
            generation,
            pfnsOf(p2m.leaves(), map),
            map,
            new TableNormaliser(map, compatM2p));
  }

  private P2mFrames findP2m(
      int width, long maxMfn, SharedInfo layout, MemorySegment sharedInfo, long cr3)
      throws IOException {
    long count = layout.maxPfn.get(sharedInfo);
    if (count <= 0) {
      throw new SaveException(
          domid,
          "shared_info.max_pfn: expected a number of pfns, found " + Long.toUnsignedString(count));
    }
    return cr3 != 0
        ? new P2mList(hypervisor, domid, width, maxMfn)
            .find(cr3, layout.p2mVaddr.get(sharedInfo), count - 1)
        : new P2mTree(hypervisor, domid, width, maxMfn)
            .find(layout.frameListList.get(sharedInfo), count - 1);
  }

  private long[] pfnsOf(long[] mfns, Pseudophysmap map) throws SaveException {
    long[] pfns = new long[mfns.length];
    for (int i = 0; i < mfns.length; i++) {
      pfns[i] = map.pfnOf(mfns[i]);
      if (pfns[i] < 0) {
        throw new SaveException(
            domid,
            "p2m frame %d: expected a frame of the guest, found %s"
                .formatted(i, map.describe(mfns[i])));
      }
    }
    return pfns;
  }

  private MemorySegment mapPage(String what, long frame) throws IOException {
    ForeignMapping mapping =
        keep(hypervisor.map(domid, Hypervisor.Access.READ, new long[] {frame}, 1));
    checkMapped(mapping, 0, what, frame);
    return mapping.memory().asSlice(mapping.offset(0), Wire.PAGE_SIZE);
  }

  private ForeignMapping keep(ForeignMapping mapping) {
    mappings.push(mapping);
    return mapping;
  }

  private void checkMapped(ForeignMapping mapping, int index, String what, long frame)
      throws SaveException {
    if (mapping.error(index) != 0) {
      throw new SaveException(
          domid,
          "%s: expected a frame that can be mapped, found mfn 0x%x (error %d)"
              .formatted(what, frame, mapping.error(index)));
    }
  }

  @Override
  public long pfnCount() {
    return guest().map.maxPfn() + 1;
  }

  @Override
  public void staticData(RecordSink out) throws IOException {
    int width = guest().width();
    out.accept(new StreamRecord.PvInfo(width, width == 8 ? 4 : 3));
    CommonRecords.writeCpuPolicy(hypervisor, domid, out);
  }

  @Override
  public void startOfStream(RecordSink out) throws IOException {
    long[] p2mPfns = guest().p2mPfns;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pfns = arena.allocate(8L * p2mPfns.length, 8);
      for (int i = 0; i < p2mPfns.length; i++) {
        Wire.putU64(pfns, 8L * i, p2mPfns[i], ByteOrder.LITTLE_ENDIAN);
      }
      out.accept(new StreamRecord.PvP2mFrames(0, guest().map.maxPfn(), pfns));
    }
  }

  @Override
  public void startOfCheckpoint(RecordSink out) {}

  @Override
  public void frames(long[] pfns, long[] frames, int count) {
    guest().map.mfnsOf(pfns, frames, count);
  }

  @Override
  public boolean normalises(int type) {
    return PageType.isTable(type);
  }

  @Override
  public Normalised normalise(
      int type, MemorySegment source, long from, MemorySegment target, long to) {
    TableNormaliser tables = guest().tables;
    badLevel = PageType.level(type);
    if (badLevel == 4 && guest().width() == 4) {
      badIndex = -1;
      return Normalised.IMPOSSIBLE;
    }
    badIndex = tables.normalise(badLevel, source, from, target, to);
    if (badIndex < 0) {
      return Normalised.DONE;
    }
    badEntry = tables.entry(badIndex);
    return isSuperpage() ? Normalised.IMPOSSIBLE : Normalised.UNSTABLE;
  }

  private boolean isSuperpage() {
    return badLevel > 1 && (badEntry & PageTableEntry.PSE) != 0;
  }

  @Override
  public String whyNot() {
    if (badIndex < 0) {
      return "expected no L4 table in a 32-bit guest, found one";
    }
    return isSuperpage()
        ? "L%d[%d]: expected a table, found a superpage (0x%016x)"
            .formatted(badLevel, badIndex, badEntry)
        : "L%d[%d]: expected a frame of the guest, found %s"
            .formatted(badLevel, badIndex, guest().map.describe(PageTableEntry.frame(badEntry)));
  }

  @Override
  public void checkState() throws SaveException {
    Guest known = guest();
    if (!known.linear) {
      return;
    }
    long now = known.layout.p2mGeneration.get(known.sharedInfo);
    if (now != known.generation) {
      throw new SaveException(
          domid,
          "shared_info.p2m_generation: expected %s as when the p2m was found, found %s: the guest"
                  .formatted(Long.toUnsignedString(known.generation), Long.toUnsignedString(now))
              + " has moved its p2m");
    }
  }

  @Override
  public void endOfCheckpoint(RecordSink out, DomainInfo info) throws IOException {
    CommonRecords.writeTsc(hypervisor, domid, out);
    out.accept(new StreamRecord.SharedInfo(guest().sharedInfo));
    new PvVcpus(hypervisor, domid, guest().map, guest().width()).write(out, info.maxVcpuId());
  }

  @Override
  public void rehearse(RecordSink nowhere) throws IOException {
    CommonRecords.writeTsc(hypervisor, domid, nowhere);
    nowhere.accept(new StreamRecord.SharedInfo(guest().sharedInfo));
    new PvVcpus(hypervisor, domid, guest().map, guest().width()).rehearse(nowhere);
  }

  @Override
  public void cleanup() {
    guest = null;
    while (!mappings.isEmpty()) {
      mappings.pop().close();
    }
  }
}
