// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.transfer.CpuPolicy;
import org.xenstream.transfer.DomainInfo;
import org.xenstream.transfer.ForeignMapping;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.transfer.LogDirtyStats;
import org.xenstream.transfer.PfnBitmap;
import org.xenstream.transfer.XenVersion;
import org.xenstream.x86.SharedInfo;

/// The calls of the port, as a [SimHost] answers them.
abstract class SimCalls implements Hypervisor {
  abstract SimOptions options();

  abstract FrameTable frames();

  abstract void mappingOpened();

  abstract void mappingClosed();

  abstract void unmappedAgain();

  /// The domain of a number.
  abstract SimDomain domain(int domid) throws XenError;

  private boolean enforced() {
    return options().checks() == SimOptions.Checks.ENFORCED;
  }

  private SimDomain pv(int domid) throws XenError {
    SimDomain domain = domain(domid);
    if (domain.isHvm()) {
      throw new XenError(Errno.EINVAL, "it is no PV domain");
    }
    return domain;
  }

  private SimDomain hvm(int domid) throws XenError {
    SimDomain domain = domain(domid);
    if (!domain.isHvm()) {
      throw new XenError(Errno.EINVAL, "it is no HVM domain");
    }
    return domain;
  }

  @Override
  public XenVersion version() {
    return options().version();
  }

  @Override
  public DomainInfo domainInfo(int domid) throws HypervisorException {
    try {
      return domain(domid).info();
    } catch (XenError e) {
      throw e.in("domainInfo", domid);
    }
  }

  @Override
  public long pfnCount(int domid) throws HypervisorException {
    try {
      SimDomain domain = domain(domid);
      if (domain.isHvm()) {
        return Math.max(1, domain.memory.p2m.end());
      }
      // A PV guest says itself how many it has.
      long count = SharedInfo.of(domain.state.width).maxPfn.get(domain.sharedInfo());
      return count == 0 ? 1 : count;
    } catch (XenError e) {
      throw e.in("pfnCount", domid);
    }
  }

  // ---- Memory

  @Override
  public void pageTypes(int domid, long[] wanted, byte[] types, int count)
      throws HypervisorException {
    try {
      domain(domid).memory.pageTypes(wanted, types, count);
    } catch (XenError e) {
      throw e.in("pageTypes", domid);
    }
  }

  @Override
  public ForeignMapping map(int domid, Access access, long[] wanted, int count)
      throws HypervisorException {
    SimMemory memory;
    try {
      memory = domain(domid).memory;
    } catch (XenError e) {
      return nothingMapped(count, e.errno());
    }
    return memory.map(access, wanted, count);
  }

  /// The kernel of dom0 asks Xen for each frame, and keeps what it says of each.
  private ForeignMapping nothingMapped(int count, Errno errno) {
    int[] errors = new int[count];
    long[] offsets = new long[count];
    Arrays.fill(errors, errno.number());
    Arrays.fill(offsets, -1);
    return new SimMapping(this, frames().memory().asReadOnly(), offsets, errors, () -> {});
  }

  @Override
  public void populate(int domid, int order, long[] pfns, int count) throws HypervisorException {
    int done = 0;
    try {
      SimMemory memory = domain(domid).memory;
      for (; done < count; done++) {
        pfns[done] = memory.populate(pfns[done], order);
      }
    } catch (XenError e) {
      // XENMEM_populate_physmap tells how many it did, and libxenctrl calls fewer than all busy.
      Errno errno = e.errno() == Errno.ESRCH ? Errno.EBUSY : e.errno();
      throw new XenError(errno, "%d of %d done: %s".formatted(done, count, e.getMessage()))
          .in("populate", domid);
    }
  }

  // ---- Log-dirty

  @Override
  public void enableLogDirty(int domid) throws HypervisorException {
    quiesced("enableLogDirty", domid, SimLogDirty::enable);
  }

  @Override
  public void disableLogDirty(int domid) throws HypervisorException {
    quiesced("disableLogDirty", domid, SimLogDirty::disable);
  }

  private void quiesced(String call, int domid, LogDirtyChange change) throws HypervisorException {
    try {
      SimDomain domain = domain(domid);
      domain.quiesced(() -> change.on(domain.memory.dirty));
    } catch (XenError e) {
      throw e.in(call, domid);
    }
  }

  /// What is done while the guest does not run.
  @FunctionalInterface
  private interface LogDirtyChange {
    void on(SimLogDirty dirty) throws XenError;
  }

  @Override
  public LogDirtyStats readLogDirty(int domid, LogDirtyOp op, PfnBitmap into, boolean last)
      throws HypervisorException {
    try {
      return domain(domid).memory.readLogDirty(into, op == LogDirtyOp.CLEAN, last);
    } catch (XenError e) {
      throw e.in("readLogDirty", domid);
    }
  }

  // ---- PV guests

  @Override
  public int guestWidth(int domid) throws HypervisorException {
    try {
      SimDomain domain = domain(domid);
      if (domain.isHvm()) {
        throw new XenError(Errno.EOPNOTSUPP, "it is no PV domain");
      }
      return domain.state.width;
    } catch (XenError e) {
      throw e.in("guestWidth", domid);
    }
  }

  @Override
  public void setGuestWidth(int domid, int octets) throws HypervisorException {
    try {
      SimDomain domain = domain(domid);
      if (domain.isHvm()) {
        throw new XenError(Errno.EOPNOTSUPP, "it is no PV domain");
      }
      if (octets == domain.state.width) {
        return;
      }
      if (octets != 4) {
        throw new XenError(
            Errno.EINVAL,
            "a %d-bit guest cannot become one of %d bits"
                .formatted(domain.state.width * 8, octets * 8));
      }
      if (domain.memory.pages() > 0) {
        throw new XenError(Errno.EACCES, "it has memory already");
      }
      domain.state.width = octets;
      domain.memory.types.setWidth(octets);
    } catch (XenError e) {
      throw e.in("setGuestWidth", domid);
    }
  }

  @Override
  public long maximumRamPage() {
    return options().maximumRamPage();
  }

  @Override
  public ForeignMapping mapM2p() {
    int count = (int) ((options().maximumRamPage() + 512) / 512);
    long[] offsets = new long[count];
    for (int i = 0; i < count; i++) {
      offsets[i] = (long) i << 12;
    }
    return new SimMapping(this, frames().m2p().asReadOnly(), offsets, new int[0], () -> {});
  }

  @Override
  public long compatM2pFirstFrame() {
    return options().compatM2pFirstFrame();
  }

  @Override
  public void pinTables(int domid, int[] levels, long[] tables, int count)
      throws HypervisorException {
    int done = 0;
    try {
      SimDomain domain = pv(domid);
      for (; done < count; done++) {
        if (enforced()) {
          domain.memory.types.pin(tables[done], levels[done]);
        } else {
          domain.memory.types.recordPin(tables[done], levels[done]);
        }
        domain.state.pins.add(new SimOutcome.Pin(levels[done], tables[done]));
      }
    } catch (XenError e) {
      throw new XenError(e.errno(), "%d of %d done: %s".formatted(done, count, e.getMessage()))
          .in("pinTables", domid);
    }
  }

  @Override
  public boolean vcpuOnline(int domid, int vcpu) throws HypervisorException {
    try {
      return domain(domid).vcpu(vcpu, Errno.EINVAL).isOnline();
    } catch (XenError e) {
      throw e.in("vcpuOnline", domid);
    }
  }

  @Override
  public MemorySegment vcpuState(int domid, int vcpu, VcpuState kind, SegmentAllocator allocator)
      throws HypervisorException {
    try {
      return copy(pv(domid).vcpu(vcpu, noVcpu(kind)).state(kind), allocator);
    } catch (XenError e) {
      throw e.in("vcpuState", domid);
    }
  }

  @Override
  public void setVcpuState(int domid, int vcpu, VcpuState kind, MemorySegment octets)
      throws HypervisorException {
    try {
      SimDomain domain = pv(domid);
      if (enforced()) {
        domain
            .vcpu(vcpu, noVcpu(kind))
            .set(kind, octets, domain.state.width, frames(), domain.memory.types);
      } else {
        domain.vcpu(vcpu, noVcpu(kind)).record(kind, octets, domain.state.width);
      }
    } catch (XenError e) {
      throw e.in("setVcpuState", domid);
    }
  }

  /// `XEN_DOMCTL_getvcpucontext` and its counterpart say it in their own way.
  private static Errno noVcpu(VcpuState kind) {
    return kind == VcpuState.BASIC ? Errno.EINVAL : Errno.ESRCH;
  }

  private static MemorySegment copy(MemorySegment octets, SegmentAllocator allocator) {
    return octets.byteSize() == 0
        ? MemorySegment.NULL
        : allocator.allocate(octets.byteSize(), 8).copyFrom(octets);
  }

  // ---- HVM guests

  @Override
  public long hvmParam(int domid, int index) throws HypervisorException {
    try {
      return hvm(domid).state.hvm.param(index, enforced());
    } catch (XenError e) {
      throw e.in("hvmParam", domid);
    }
  }

  @Override
  public void setHvmParam(int domid, int index, long value) throws HypervisorException {
    try {
      hvm(domid).state.hvm.setParam(index, value, enforced());
    } catch (XenError e) {
      throw e.in("setHvmParam", domid);
    }
  }

  @Override
  public MemorySegment hvmContext(int domid, SegmentAllocator allocator)
      throws HypervisorException {
    try {
      return copy(hvm(domid).state.hvm.context(), allocator);
    } catch (XenError e) {
      throw e.in("hvmContext", domid);
    }
  }

  @Override
  public void setHvmContext(int domid, MemorySegment context) throws HypervisorException {
    try {
      SimState state = hvm(domid).state;
      state.hvm.setContext(context, state.vcpus.length, enforced());
    } catch (XenError e) {
      throw e.in("setHvmContext", domid);
    }
  }

  // ---- Guests of both kinds

  @Override
  public StreamRecord.TscInfo tscInfo(int domid) throws HypervisorException {
    try {
      return domain(domid).state.tsc;
    } catch (XenError e) {
      throw e.in("tscInfo", domid);
    }
  }

  @Override
  public void setTscInfo(int domid, StreamRecord.TscInfo tsc) throws HypervisorException {
    try {
      SimState state = domain(domid).state;
      if (enforced() && (tsc.mode() < 0 || tsc.mode() > 2)) {
        throw new XenError(Errno.EINVAL, "there is no TSC mode " + tsc.mode());
      }
      state.tscSet = tsc;
      // Each set is another incarnation of the guest.
      state.tsc =
          new StreamRecord.TscInfo(tsc.mode(), tsc.khz(), tsc.nsec(), tsc.incarnation() + 1);
    } catch (XenError e) {
      throw e.in("setTscInfo", domid);
    }
  }

  @Override
  public CpuPolicy cpuPolicy(int domid, SegmentAllocator allocator) throws HypervisorException {
    try {
      CpuPolicy policy = domain(domid).state.policy;
      return new CpuPolicy(copy(policy.leaves(), allocator), copy(policy.msrs(), allocator));
    } catch (XenError e) {
      throw e.in("cpuPolicy", domid);
    }
  }

  @Override
  public void setCpuPolicy(int domid, CpuPolicy policy) throws HypervisorException {
    try {
      SimState state = domain(domid).state;
      if (enforced()) {
        SimPolicy.check(policy);
      }
      if (policy.leaves().byteSize() > 0) {
        state.leavesSet = keep(policy.leaves());
      }
      if (policy.msrs().byteSize() > 0) {
        state.msrsSet = keep(policy.msrs());
      }
      state.policy =
          new CpuPolicy(
              state.leavesSet == null ? state.policy.leaves() : state.leavesSet,
              state.msrsSet == null ? state.policy.msrs() : state.msrsSet);
    } catch (XenError e) {
      throw e.in("setCpuPolicy", domid);
    }
  }

  private static MemorySegment keep(MemorySegment octets) {
    return MemorySegment.ofArray(octets.toArray(ValueLayout.JAVA_BYTE));
  }

  @Override
  public void seedGrantTable(
      int domid, boolean hvm, long consoleFrame, long storeFrame, int consoleDomid, int storeDomid)
      throws HypervisorException {
    try {
      domain(domid)
          .state
          .grantSeeds
          .add(new SimOutcome.GrantSeed(hvm, consoleFrame, storeFrame, consoleDomid, storeDomid));
    } catch (XenError e) {
      throw e.in("seedGrantTable", domid);
    }
  }
}
