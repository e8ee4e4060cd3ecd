// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import org.xenstream.transfer.DomainInfo;
import org.xenstream.transfer.Hypervisor.VcpuState;
import org.xenstream.transfer.HypervisorException;

/// A domain of a [SimHost], as its toolstack and as the guest inside see it. What engines see of it
/// is the port's, [SimHost] itself; what came of it, [#outcome].
///
/// # Threads
///
/// Guest threads do everything between [#enter] and [#exit]; pausing and suspending wait until all
/// are outside. The rest of the guest's side may be called by any number of them. The toolstack's
/// side is for any thread that is not inside.
///
/// A new domain is paused, as one that libxl has created.
public final class SimDomain {
  private static final int RUNNING = -1;

  private final SimHost host;
  private final int domid;
  private final boolean hvm;
  final SimMemory memory;
  final SimState state;
  private final Gate gate = new Gate();
  private final Object life = new Object();
  private int pauses = 1;
  private final AtomicInteger eventChannels = new AtomicInteger();
  private volatile int shutdown = RUNNING;
  private boolean destroyed;
  private Runnable onSuspend = () -> {};
  private Runnable onResume = () -> {};

  SimDomain(SimHost host, int domid, boolean hvm, int vcpus, long maxPages, long sharedInfoFrame)
      throws IOException {
    this.host = host;
    this.domid = domid;
    this.hvm = hvm;
    this.memory = new SimMemory(host, domid, hvm, maxPages);
    this.state = new SimState(vcpus, sharedInfoFrame);
  }

  // ---- Toolstack

  /// Its number.
  public int domid() {
    return domid;
  }

  /// An HVM or PVH guest, else PV.
  public boolean isHvm() {
    return hvm;
  }

  /// How many vCPUs it has at most.
  public int vcpus() {
    return state.vcpus.length;
  }

  DomainInfo info() {
    synchronized (life) {
      return new DomainInfo(
          domid,
          hvm,
          pauses > 0,
          shutdown != RUNNING,
          Math.max(shutdown, 0),
          state.vcpus.length - 1,
          state.sharedInfoFrame);
    }
  }

  /// Stops the guest; returns when all its threads are outside. Counts: as many [#unpause] let it
  /// go on.
  public void pause() {
    synchronized (life) {
      pauses++;
      gate.close();
    }
  }

  /// Takes one [#pause] back, or the pause in which a domain is created.
  public void unpause() {
    synchronized (life) {
      if (pauses > 0 && --pauses == 0) {
        openIfRunning();
      }
    }
  }

  private void openIfRunning() {
    if (pauses == 0 && shutdown == RUNNING && !destroyed) {
      memory.runs();
      gate.open();
      if (shutdown != RUNNING) {
        // A thread that was inside has shut the domain down meanwhile.
        gate.shut();
      }
    }
  }

  /// What the guest does last before it suspends, and first after it was resumed, on the thread
  /// that asks for it, while all its own are outside.
  public void onSuspend(Runnable last, Runnable first) {
    synchronized (life) {
      onSuspend = last;
      onResume = first;
    }
  }

  /// Asks the guest to suspend itself, as by xenstore, and waits until it has.
  ///
  /// @return false where it cannot: it is paused, has stopped, or is gone
  public boolean suspend() {
    synchronized (life) {
      if (pauses > 0 || shutdown != RUNNING || destroyed) {
        return false;
      }
      gate.close();
      if (shutdown != RUNNING) {
        return false; // by a thread that was inside until now
      }
      onSuspend.run();
      shutdown = DomainInfo.SHUTDOWN_SUSPEND;
      return true;
    }
  }

  /// Lets a guest that stopped itself go on where it did (`xc_domain_resume`).
  public void resume() {
    synchronized (life) {
      if (shutdown != RUNNING && !destroyed) {
        onResume.run();
        shutdown = RUNNING;
        openIfRunning();
      }
    }
  }

  /// Takes it down that the guest has stopped itself, from inside or outside (`SCHEDOP_shutdown`).
  ///
  /// @param reason `SHUTDOWN_*` of xen/include/public/sched.h
  public void shutdown(int reason) {
    // No lock: whoever has it may be waiting for this very thread to leave.
    shutdown = reason;
    gate.shut();
  }

  /// Ends the domain: its threads are sent away at their next [#enter], its memory goes back to the
  /// machine, save what foreign mappings hold.
  public void destroy() {
    synchronized (life) {
      if (destroyed) {
        return;
      }
      destroyed = true;
      gate.remove();
    }
    host.forget(this);
  }

  /// Tells whether [#destroy] was called.
  public boolean isDestroyed() {
    synchronized (life) {
      return destroyed;
    }
  }

  /// Runs something while the guest does not, as Xen does within a call.
  void quiesced(Quiet action) throws XenError {
    synchronized (life) {
      gate.close();
      try {
        action.run();
      } finally {
        openIfRunning();
      }
    }
  }

  /// What [#quiesced] runs.
  @FunctionalInterface
  interface Quiet {
    void run() throws XenError;
  }

  /// Begins to track the video memory, as a device model does: log-dirty cannot be enabled then
  /// before it was disabled.
  public void trackVideoMemory() throws HypervisorException {
    try {
      memory.dirty.enable();
    } catch (XenError e) {
      throw e.in("track_dirty_vram", domid);
    }
  }

  /// The device model says what it wrote (`XEN_DMOP_modified_memory`).
  public void modifiedMemory(long firstPfn, long count) {
    for (long pfn = firstPfn; pfn < firstPfn + count; pfn++) {
      if (memory.p2m.frame(pfn) >= 0) {
        memory.dirty.mark(pfn);
      }
    }
  }

  /// Lets the hardware lose the page at a pfn: from then on it is of type BROKEN and cannot be
  /// mapped.
  public void losePage(long pfn) throws HypervisorException {
    try {
      memory.lose(pfn);
    } catch (XenError e) {
      throw e.in("mce_handle_error", domid);
    }
  }

  /// A new event channel's number, the first being 1.
  public int allocateEventChannel() {
    return eventChannels.incrementAndGet();
  }

  // ---- The guest

  /// Waits until the domain runs, and begins an operation of the guest.
  ///
  /// @return false when the domain is gone or the thread was interrupted: then [#exit] must not
  ///   follow
  public boolean enter() {
    return gate.enter();
  }

  /// Ends an operation of the guest.
  public void exit() {
    gate.exit();
  }

  /// How many threads are inside.
  public int threadsInside() {
    return gate.inside();
  }

  /// Reads eight octets.
  ///
  /// @param offset a multiple of 8 below 4096
  public long readWord(long pfn, int offset) throws HypervisorException {
    try {
      return memory.readWord(pfn, offset);
    } catch (XenError e) {
      throw e.in("read", domid);
    }
  }

  /// Writes eight octets, and marks the page as dirty afterwards. A PV guest cannot write what is
  /// used as a page table.
  ///
  /// @param offset a multiple of 8 below 4096
  public void writeWord(long pfn, int offset, long value) throws HypervisorException {
    try {
      memory.writeWord(pfn, offset, value);
    } catch (XenError e) {
      throw e.in("write", domid);
    }
  }

  /// Copies a page out.
  public void readPage(long pfn, MemorySegment to) throws HypervisorException {
    try {
      memory.readPage(pfn, to);
    } catch (XenError e) {
      throw e.in("read", domid);
    }
  }

  /// Writes a page, as [#writeWord] writes a word. Others may see it half written.
  public void writePage(long pfn, MemorySegment from) throws HypervisorException {
    try {
      memory.writePage(pfn, from);
    } catch (XenError e) {
      throw e.in("write", domid);
    }
  }

  /// The frame at a pfn, for a PV guest its mfn; −1 where there is none.
  public long frameOf(long pfn) {
    return memory.p2m.frame(pfn);
  }

  /// The pfn of one of the guest's frames, as the m2p has it.
  public long pfnOf(long frame) throws HypervisorException {
    if (memory.machineFrame(frame) < 0) {
      throw new HypervisorException(
          "m2p", domid, Errno.EINVAL.name(), "frame 0x%x is not the domain's".formatted(frame));
    }
    return hvm ? frame : host.frames().pfn(frame);
  }

  /// Gives the page at a pfn back (`XENMEM_decrease_reservation`). It must not be in use as a page
  /// table or be mapped writable.
  public void balloonOut(long pfn) throws HypervisorException {
    try {
      memory.remove(pfn);
    } catch (XenError e) {
      throw e.in("decrease_reservation", domid);
    }
  }

  /// Takes a page of zeros at a pfn that has none (`XENMEM_populate_physmap`).
  ///
  /// @return its frame: for an HVM guest the pfn
  public long balloonIn(long pfn) throws HypervisorException {
    try {
      return memory.populate(pfn, 0);
    } catch (XenError e) {
      throw e.in("populate_physmap", domid);
    }
  }

  // ---- The guest, PV

  /// Changes an entry of a page table, or of a page that is none yet (`mmu_update`): checked, and
  /// what it names held.
  ///
  /// @param tablePfn where the table is
  /// @param entry with the mfn of what it names
  public void updateEntry(long tablePfn, int slot, long entry) throws HypervisorException {
    try {
      memory.types.update(memory.frameOf(tablePfn), slot, entry);
    } catch (XenError e) {
      throw e.in("mmu_update", domid);
    }
  }

  /// Makes a page a table of a level (`MMUEXT_PIN_L1_TABLE` to `L4`).
  public void pinTable(long pfn, int level) throws HypervisorException {
    try {
      memory.types.pin(memory.frameOf(pfn), level);
    } catch (XenError e) {
      throw e.in("mmuext_op", domid);
    }
  }

  /// Takes a pin back (`MMUEXT_UNPIN_TABLE`).
  public void unpinTable(long pfn) throws HypervisorException {
    try {
      memory.types.unpin(memory.frameOf(pfn));
    } catch (XenError e) {
      throw e.in("mmuext_op", domid);
    }
  }

  /// Loads a page table of the highest level into a vCPU (`MMUEXT_NEW_BASEPTR`).
  public void loadBase(int vcpu, long pfn) throws HypervisorException {
    try {
      vcpu(vcpu).load(memory.frameOf(pfn), state.width, host.frames(), memory.types);
    } catch (XenError e) {
      throw e.in("mmuext_op", domid);
    }
  }

  /// A vCPU's state as it is, which the guest may change in place: its registers.
  public MemorySegment vcpuState(int vcpu, VcpuState kind) throws HypervisorException {
    try {
      return vcpu(vcpu).state(kind);
    } catch (XenError e) {
      throw e.in("vcpuState", domid);
    }
  }

  /// Brings a vCPU up or down.
  public void setVcpuOnline(int vcpu, boolean online) throws HypervisorException {
    try {
      vcpu(vcpu).setOnline(online, state.width);
    } catch (XenError e) {
      throw e.in("vcpu_op", domid);
    }
  }

  SimVcpu vcpu(int number) throws XenError {
    return vcpu(number, Errno.ESRCH);
  }

  /// @param missing what Xen says where there is none, which is not the same for all its calls
  SimVcpu vcpu(int number, Errno missing) throws XenError {
    if (number < 0 || number >= state.vcpus.length) {
      throw new XenError(
          missing, "there is no vCPU %d of %d".formatted(number, state.vcpus.length));
    }
    return state.vcpus[number];
  }

  /// The page that a PV guest shares with Xen, 4096 octets; dies with the host.
  public MemorySegment sharedInfo() {
    if (state.sharedInfoFrame < 0) {
      throw new IllegalStateException("an HVM guest maps its shared info page itself");
    }
    return host.frames().memory().asSlice(state.sharedInfoFrame << 12, SimMemory.PAGE);
  }

  // ---- For whoever wants to know what came of it

  /// What was set and what is there.
  public SimOutcome outcome() {
    return new SimOutcome(this, host);
  }
}
