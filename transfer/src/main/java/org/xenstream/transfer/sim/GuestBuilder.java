// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.xenstream.x86.PageTableEntry;
import org.xenstream.x86.StartInfo;

/// Builds whole guests on a [SimHost]: what a domain builder of the tools does, and what the
/// guest's kernel has done when it is up. What comes out runs, saves without a finding of the
/// judge, and can check itself after a restore.
///
/// ```java
/// SimGuest guest = GuestBuilder.of(GuestKind.PV64).memory(64 << 20).vcpus(2).build(host);
/// ```
public final class GuestBuilder {
  private static final int BATCH = 1024;
  private static final int SUPERPAGE = 512;

  private final GuestKind kind;
  private long pages = 4096;
  private int vcpus = 2;
  private long offline;
  private long seed = 1;
  private boolean linearP2m;
  private boolean mmioHole;
  private int spareTables = 32;
  private int userTables;
  private long balloonPages;
  private long absentPages;
  private long devicePages;
  private long touchedPages = Long.MAX_VALUE;

  private GuestBuilder(GuestKind kind) {
    this.kind = kind;
  }

  /// A guest of a kind: 16 MiB, two vCPUs, everything touched.
  public static GuestBuilder of(GuestKind kind) {
    return new GuestBuilder(kind);
  }

  /// How much RAM it has.
  ///
  /// @param octets a multiple of 4096
  public GuestBuilder memory(long octets) {
    pages = octets / PagePattern.PAGE;
    return this;
  }

  /// How many vCPUs it has, see [GuestSpec#vcpus].
  public GuestBuilder vcpus(int count) {
    vcpus = count;
    return this;
  }

  /// Which vCPUs are offline, see [GuestSpec#offline].
  public GuestBuilder offline(long mask) {
    offline = mask;
    return this;
  }

  /// What decides the contents, see [GuestSpec#seed].
  public GuestBuilder seed(long value) {
    seed = value;
    return this;
  }

  /// Whether a PV guest announces its p2m as a list, see [GuestSpec#linearP2m].
  public GuestBuilder linearP2m(boolean announced) {
    linearP2m = announced;
    return this;
  }

  /// Whether an HVM guest has the hole below 4 GiB, see [GuestSpec#mmioHole].
  public GuestBuilder mmioHole(boolean hole) {
    mmioHole = hole;
    return this;
  }

  /// How many pages page-table churn has, see [GuestSpec#spareTables].
  public GuestBuilder spareTables(int count) {
    spareTables = count;
    return this;
  }

  /// How many page tables the processes of a PV guest of 64 bits have, see [GuestSpec#userTables].
  public GuestBuilder userTables(int count) {
    userTables = count;
    return this;
  }

  /// How many pages the balloon has, and how many of them are out, see [GuestSpec#balloonPages].
  public GuestBuilder balloon(long count, long absent) {
    balloonPages = count;
    absentPages = absent;
    return this;
  }

  /// How many pages the device model writes, see [GuestSpec#devicePages].
  public GuestBuilder devicePages(long count) {
    devicePages = count;
    return this;
  }

  /// How many data pages hold something, see [GuestSpec#touchedPages].
  public GuestBuilder touchedPages(long count) {
    touchedPages = count;
    return this;
  }

  /// The figures so far.
  public GuestSpec spec() {
    return new GuestSpec(
        kind,
        pages,
        vcpus,
        offline,
        seed,
        linearP2m && kind.isPv(),
        mmioHole && !kind.isPv(),
        kind.isPv() ? spareTables : 0,
        userTables,
        balloonPages,
        absentPages,
        kind == GuestKind.HVM ? devicePages : 0,
        touchedPages);
  }

  /// Builds the guest. It runs, without a workload.
  ///
  /// @throws IOException when the host has not the memory, or refuses something
  /// @throws IllegalArgumentException when the figures fit no guest
  public SimGuest build(SimHost host) throws IOException {
    GuestSpec spec = spec();
    GuestLayout layout = new GuestLayout(spec);
    SimDomain domain =
        kind.isPv()
            ? host.createPv(vcpus, spec.pages())
            : host.createHvm(vcpus, spec.pages() + GuestParams.pages());
    try {
      SimGuest guest = new SimGuest(host, domain, new GuestRecord(spec, 1, 0, 0));
      if (kind == GuestKind.PV32) {
        host.setGuestWidth(domain.domid(), 4);
      }
      host.setCpuPolicy(domain.domid(), GuestPolicy.policy());
      host.setTscInfo(domain.domid(), GuestPolicy.tsc(spec));
      populate(host, domain, layout);
      GuestMemory memory = guest.newMemory();
      accounts(memory);
      if (kind.isPv()) {
        paravirtual(guest, memory);
      } else {
        GuestParams.build(host, domain, layout);
      }
      long touched = Math.min(spec.touchedPages(), layout.workPages());
      for (long i = 0; i < touched; i++) {
        memory.rewrite(layout.dataPfn(i));
      }
      guest.drawStates();
      guest.storeRecord();
      guest.live();
      domain.unpause();
      return guest;
    } catch (IOException | RuntimeException e) {
      domain.destroy();
      throw e;
    }
  }

  private static void populate(SimHost host, SimDomain domain, GuestLayout layout)
      throws IOException {
    long[] pfns = new long[BATCH];
    int count = 0;
    GuestSpec spec = layout.spec;
    for (GuestLayout.Range range : layout.populated()) {
      long pfn = range.first();
      while (pfn < range.end()) {
        boolean large =
            !spec.kind().isPv() && pfn % SUPERPAGE == 0 && pfn + SUPERPAGE <= range.end();
        if (large) {
          host.populate(domain.domid(), 9, new long[] {pfn}, 1);
          pfn += SUPERPAGE;
          continue;
        }
        pfns[count++] = pfn++;
        if (count == BATCH) {
          host.populate(domain.domid(), 0, pfns, count);
          count = 0;
        }
      }
    }
    host.populate(domain.domid(), 0, pfns, count);
  }

  /// Takes down in the version table what each page is.
  private static void accounts(GuestMemory memory) throws IOException {
    GuestLayout layout = memory.layout;
    for (GuestLayout.Range range : layout.system()) {
      for (long pfn = range.first(); pfn < range.end(); pfn++) {
        int table = layout.spec.kind().isPv() ? layout.pv.tableOf(pfn) : -1;
        if (table < 0) {
          memory.setAccount(pfn, PageAccount.system());
        } else if (!layout.pv.isSpare(pfn)) {
          int level = layout.pv.tree.level(table);
          boolean top = level == layout.pv.tree.topLevel();
          memory.setAccount(pfn, PageAccount.table(level, top, 0));
        }
      }
    }
    for (long i = 0; i < layout.spec.absentPages(); i++) {
      memory.setAccount(layout.balloonPfn(i), PageAccount.absent(0));
    }
  }

  // ---- PV

  private static void paravirtual(SimGuest guest, GuestMemory memory) throws IOException {
    SimDomain domain = guest.domain();
    GuestLayout layout = memory.layout;
    PvLayout pv = layout.pv;
    long[] pfns = new long[pv.perFrame()];
    for (long frame = 0; frame < pv.p2mCount; frame++) {
      int count = (int) Math.min(pfns.length, layout.spec.pages() - frame * pfns.length);
      for (int i = 0; i < count; i++) {
        pfns[i] = frame * pfns.length + i;
      }
      memory.writeFrames(pv.p2mFirst + frame, pfns, count);
    }
    memory.writeFrameLists();
    startInfo(guest, memory);
    long[] entries = new long[PageTableEntry.ENTRIES];
    for (int table = 0; table < pv.tree.count(); table++) {
      pv.entries(table, layout, pfn -> domain.frameOf(pfn) < 0, entries);
      memory.fillTable(table, entries);
    }
    int top = pv.tree.topLevel();
    domain.pinTable(pv.tablePfn(pv.tree.root(TableTree.KERNEL)), top);
    if (pv.width == 8) {
      domain.pinTable(pv.tablePfn(pv.tree.root(TableTree.USER)), top);
    }
    domain.updateEntry(pv.tablePfn(pv.fixmap()), 0, guest.sharedInfoEntry());
    guest.announceP2m();
  }

  private static void startInfo(SimGuest guest, GuestMemory memory) throws IOException {
    GuestLayout layout = memory.layout;
    PvLayout pv = layout.pv;
    SimDomain domain = guest.domain();
    StartInfo info = StartInfo.of(pv.width);
    MemorySegment page = MemorySegment.ofArray(new byte[PagePattern.PAGE]);
    text(page, info.magicOffset, pv.width == 8 ? "xen-3.0-x86_64" : "xen-3.0-x86_32p");
    text(page, info.commandLineOffset, GuestRecord.COMMAND_LINE + Long.toHexString(layout.record));
    info.pages.set(page, layout.spec.pages());
    info.sharedInfo.set(page, guest.sharedInfoFrame() << 12);
    info.flags.set(page, layout.spec.linearP2m() ? StartInfo.VIRT_P2M_4TOOLS : 0);
    info.storeFrame.set(page, domain.frameOf(pv.store));
    info.storeEventChannel.set(page, domain.allocateEventChannel());
    info.consoleFrame.set(page, domain.frameOf(pv.console));
    info.consoleEventChannel.set(page, domain.allocateEventChannel());
    info.pageTableBase.set(page, pv.directAddress(pv.tablePfn(pv.tree.root(TableTree.KERNEL))));
    info.pageTableFrames.set(page, pv.tree.count());
    info.p2mList.set(page, layout.spec.linearP2m() ? pv.p2mAddress() : 0);
    info.firstP2mPfn.set(page, pv.p2mFirst);
    info.p2mFrames.set(page, pv.p2mCount);
    domain.writePage(pv.startInfo, page);
  }

  private static void text(MemorySegment page, long offset, String text) {
    byte[] octets = text.getBytes(StandardCharsets.US_ASCII);
    MemorySegment.copy(MemorySegment.ofArray(octets), 0, page, offset, octets.length);
  }
}
