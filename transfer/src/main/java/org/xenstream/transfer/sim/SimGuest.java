// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.xenstream.transfer.Hypervisor.VcpuState;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.x86.Cr3;
import org.xenstream.x86.HvmParam;
import org.xenstream.x86.PageTableEntry;
import org.xenstream.x86.SharedInfo;
import org.xenstream.x86.StartInfo;
import org.xenstream.x86.VcpuContext;

/// A guest in a [SimDomain]: the software inside it. Built by [GuestBuilder], or found in the
/// memory of a domain into which one was restored.
///
/// It suspends itself as Linux does (`drivers/xen/manage.c`, `arch/x86/xen/suspend_pv.c`): a PV
/// guest unmaps the shared info page, puts pfns in the place of the mfns of start_info, and leaves
/// the frame of start_info in edx of vCPU 0; each guest draws new registers, so that a context of
/// before shows. Whoever resumes it gets all that undone.
public final class SimGuest {
  private static final int FIXMAP_SLOT = 0;

  private final SimHost host;
  private final SimDomain domain;
  private final GuestLayout layout;
  private final GuestMemory memory;
  private final Object p2mGuard = new Object();

  /// Entries that map the shared info page for a time: the table's number and the slot in one.
  private final Set<Long> foreign = ConcurrentHashMap.newKeySet();

  private final LongAdder accounts = new LongAdder();
  private GuestRecord stored;
  private long generation;
  private long incarnation;

  SimGuest(SimHost host, SimDomain domain, GuestRecord record) {
    this.host = host;
    this.domain = domain;
    this.layout = new GuestLayout(record.spec());
    this.generation = record.generation();
    this.incarnation = record.incarnation();
    this.stored = record;
    accounts.add(record.accounts());
    this.memory = newMemory();
  }

  /// Finds the guest that was restored into a domain, by what a guest itself has: start_info, named
  /// by edx of vCPU 0, or an HVM guest's parameters.
  ///
  /// Nothing is changed; [#check] tells how the guest is, and [#resumeHere] lets it go on.
  ///
  /// @throws GuestLostException when it cannot be found
  public static SimGuest attach(SimHost host, SimDomain domain) throws IOException {
    long pfn = domain.isHvm() ? recordOfHvm(host, domain) : recordOfPv(host, domain);
    MemorySegment page = MemorySegment.ofArray(new byte[PagePattern.PAGE]);
    try {
      domain.readPage(pfn, page);
      GuestRecord record = GuestRecord.load(page);
      if (record == null) {
        throw new GuestLostException("pfn 0x%x holds no record of a guest".formatted(pfn));
      }
      SimGuest guest = new SimGuest(host, domain, record);
      if (guest.layout.record != pfn) {
        throw new GuestLostException(
            "the record at pfn 0x%x is of a guest that has it at 0x%x"
                .formatted(pfn, guest.layout.record));
      }
      return guest;
    } catch (HypervisorException | IllegalArgumentException e) {
      throw new GuestLostException("the record at pfn 0x%x: %s".formatted(pfn, e.getMessage()));
    }
  }

  private static long recordOfHvm(SimHost host, SimDomain domain) throws HypervisorException {
    return host.hvmParam(domain.domid(), HvmParam.VM_GENERATION_ID_ADDR.index()) >>> 12;
  }

  private static long recordOfPv(SimHost host, SimDomain domain) throws IOException {
    int width = host.guestWidth(domain.domid());
    StartInfo layout = StartInfo.of(width);
    MemorySegment page = MemorySegment.ofArray(new byte[PagePattern.PAGE]);
    try {
      MemorySegment context = domain.vcpuState(0, VcpuState.BASIC);
      long frame = VcpuContext.of(width).edx.get(context);
      domain.readPage(domain.pfnOf(frame), page);
    } catch (HypervisorException e) {
      throw new GuestLostException("start_info: " + e.getMessage());
    }
    byte[] octets = new byte[StartInfo.COMMAND_LINE_SIZE];
    MemorySegment.ofArray(octets)
        .copyFrom(page.asSlice(layout.commandLineOffset, StartInfo.COMMAND_LINE_SIZE));
    String line = new String(octets, StandardCharsets.ISO_8859_1).split("\0", 2)[0];
    if (!line.startsWith(GuestRecord.COMMAND_LINE)) {
      throw new GuestLostException("the command line of start_info names no record: " + line);
    }
    try {
      return Long.parseLong(line.substring(GuestRecord.COMMAND_LINE.length()), 16);
    } catch (NumberFormatException e) {
      throw new GuestLostException("the command line of start_info names no record: " + line);
    }
  }

  // ---- What it is

  /// The domain it runs in.
  public SimDomain domain() {
    return domain;
  }

  /// The host it runs on.
  public SimHost host() {
    return host;
  }

  /// What it was built like.
  public GuestSpec spec() {
    return layout.spec;
  }

  /// How often it has suspended itself.
  public long generation() {
    return generation;
  }

  /// How often it went on in another domain.
  public long incarnation() {
    return incarnation;
  }

  /// The record as it was stored last.
  GuestRecord record() {
    return stored;
  }

  /// The sum over the version table as it must be.
  long accounts() {
    return accounts.sum();
  }

  GuestLayout layout() {
    return layout;
  }

  /// Hands on its memory for a thread.
  GuestMemory newMemory() {
    return new GuestMemory(domain, layout, p2mGuard, accounts);
  }

  /// Looks at all of it: every page, the p2m, page tables, vCPU states, params. The domain is
  /// paused meanwhile.
  public GuestReport check() throws HypervisorException {
    domain.pause();
    try {
      return new GuestCheck(this, GuestReport.FIRST).run();
    } finally {
      domain.unpause();
    }
  }

  // ---- Suspend and resume

  /// Takes the hooks of the domain.
  void live() {
    domain.onSuspend(() -> unchecked(this::beforeSuspend), () -> unchecked(this::afterResume));
  }

  private interface Part {
    void run() throws HypervisorException;
  }

  private static void unchecked(Part part) {
    try {
      part.run();
    } catch (HypervisorException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void beforeSuspend() throws HypervisorException {
    generation++;
    if (layout.spec.kind().isPv()) {
      for (long place : foreign) {
        memory.setEntry((int) (place >>> 9), (int) (place & 511), 0);
      }
      foreign.clear();
      domain.updateEntry(layout.pv.tablePfn(layout.pv.fixmap()), FIXMAP_SLOT, 0);
      setStartInfoFrames(layout.pv.store, layout.pv.console);
    }
    drawStates();
    storeRecord();
  }

  private void afterResume() throws HypervisorException {
    if (layout.spec.kind().isPv()) {
      setStartInfoFrames(domain.frameOf(layout.pv.store), domain.frameOf(layout.pv.console));
      domain.updateEntry(layout.pv.tablePfn(layout.pv.fixmap()), FIXMAP_SLOT, sharedInfoEntry());
    }
  }

  /// Lets a guest that was restored go on here: it sets up what only it can, as after a resume in a
  /// new domain, and takes one pause back, in which a restored domain is.
  public void resumeHere() throws HypervisorException {
    incarnation++;
    if (layout.spec.kind().isPv()) {
      memory.writeFrameLists();
      announceP2m();
    }
    afterResume();
    storeRecord();
    live();
    domain.unpause();
  }

  private void setStartInfoFrames(long store, long console) throws HypervisorException {
    StartInfo info = StartInfo.of(layout.pv.width);
    MemorySegment page = memory.read(layout.pv.startInfo);
    info.storeFrame.set(page, store);
    info.consoleFrame.set(page, console);
    domain.writePage(layout.pv.startInfo, page);
  }

  long sharedInfoEntry() {
    return PageTableEntry.withFrame(PvLayout.KERNEL_FLAGS, sharedInfoFrame());
  }

  /// Asked for by guest threads that are inside, which must not wait for the domain's state.
  long sharedInfoFrame() {
    return domain.state.sharedInfoFrame;
  }

  /// Maps the shared info page somewhere else until it is unmapped or the guest suspends itself: a
  /// table that a save cannot normalise meanwhile.
  void mapForeign(int table, int slot) throws HypervisorException {
    domain.writeWord(layout.pv.shadowPfn(table), 8 * slot, 0);
    domain.updateEntry(layout.pv.tablePfn(table), slot, sharedInfoEntry());
    foreign.add((long) table << 9 | slot);
  }

  void unmapForeign(int table, int slot) throws HypervisorException {
    if (foreign.remove((long) table << 9 | slot)) {
      memory.setEntry(table, slot, 0);
    }
  }

  /// Unmaps it wherever a table maps it: also what a workload that has ended has left.
  void unmapForeign(int table) throws HypervisorException {
    for (long place : foreign) {
      if (place >>> 9 == table) {
        unmapForeign(table, (int) (place & 511));
      }
    }
  }

  boolean isForeign(int table, int slot) {
    return foreign.contains((long) table << 9 | slot);
  }

  /// Says in the shared info page where the p2m is.
  void announceP2m() {
    PvLayout pv = layout.pv;
    SharedInfo shared = SharedInfo.of(pv.width);
    MemorySegment page = domain.sharedInfo();
    shared.maxPfn.set(page, layout.spec.pages());
    shared.frameListList.set(page, domain.frameOf(pv.frameListList));
    if (layout.spec.linearP2m()) {
      long top = domain.frameOf(pv.tablePfn(pv.tree.root(TableTree.KERNEL)));
      shared.p2mGeneration.set(page, shared.p2mGeneration.get(page) + 1);
      shared.p2mVaddr.set(page, pv.p2mAddress());
      shared.p2mCr3.set(page, Cr3.fromFrame(top, pv.width));
      shared.p2mGeneration.set(page, shared.p2mGeneration.get(page) + 1);
    }
  }

  /// Says that the mapping of the linear p2m has changed: a live save that is under way has to give
  /// up then.
  public void changeLinearP2m() {
    SharedInfo shared = SharedInfo.of(layout.pv.width);
    MemorySegment page = domain.sharedInfo();
    shared.p2mGeneration.set(page, shared.p2mGeneration.get(page) + 2);
  }

  /// Gives all vCPUs the states of this generation.
  void drawStates() throws HypervisorException {
    if (!layout.spec.kind().isPv()) {
      host.setHvmContext(domain.domid(), HvmStates.context(layout.spec, generation));
      return;
    }
    PvStates states = new PvStates(layout.pv);
    for (int vcpu = 0; vcpu < layout.spec.vcpus(); vcpu++) {
      if (layout.spec.isOnline(vcpu)) {
        for (VcpuState kind : VcpuState.values()) {
          host.setVcpuState(
              domain.domid(), vcpu, kind, states.state(kind, vcpu, generation, domain::frameOf));
        }
      }
    }
    states.fillVcpuInfo(domain.sharedInfo(), generation);
  }

  void storeRecord() throws HypervisorException {
    MemorySegment page = memory.read(layout.record);
    stored = new GuestRecord(layout.spec, generation, incarnation, accounts.sum());
    stored.store(page);
    domain.writePage(layout.record, page);
  }
}
