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

  private static SimDomain pv(SimDomain domain) throws XenError {
    return pv(domain, Errno.EINVAL);
  }

  /// @param other what Xen says of another one, which is not the same for all its calls
  private static SimDomain pv(SimDomain domain, Errno other) throws XenError {
    if (domain.isHvm()) {
      throw new XenError(other, "it is no PV domain");
    }
    return domain;
  }

  private static SimDomain hvm(SimDomain domain) throws XenError {
    if (!domain.isHvm()) {
      throw new XenError(Errno.EINVAL, "it is no HVM domain");
    }
    return domain;
  }

  /// What a call asks of a domain.
  @FunctionalInterface
  private interface Question<T> {
    T of(SimDomain domain) throws XenError;
  }

  private <T> T ask(String call, int domid, Question<T> question) throws HypervisorException {
    try {
      return question.of(domain(domid));
    } catch (XenError e) {
      throw e.in(call, domid);
    }
  }

  /// What a call does to a domain.
  @FunctionalInterface
  private interface Order {
    void to(SimDomain domain) throws XenError;
  }

  private void order(String call, int domid, Order order) throws HypervisorException {
    try {
      order.to(domain(domid));
    } catch (XenError e) {
      throw e.in(call, domid);
    }
  }

  @Override
  public XenVersion version() {
    return options().version();
  }

  @Override
  public DomainInfo domainInfo(int domid) throws HypervisorException {
    return ask("domainInfo", domid, SimDomain::info);
  }

  @Override
  public long pfnCount(int domid) throws HypervisorException {
    return ask(
        "pfnCount",
        domid,
        domain -> {
          if (domain.isHvm()) {
            return Math.max(1, domain.memory.p2m.end());
          }
          // A PV guest says itself how many it has.
          long count = SharedInfo.of(domain.state.width).maxPfn.get(domain.sharedInfo());
          return count == 0 ? 1 : count;
        });
  }

  // ---- Memory

  @Override
  public void pageTypes(int domid, long[] wanted, byte[] types, int count)
      throws HypervisorException {
    order("pageTypes", domid, domain -> domain.memory.pageTypes(wanted, types, count));
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
    order("enableLogDirty", domid, domain -> domain.quiesced(domain.memory.dirty::enable));
  }

  @Override
  public void disableLogDirty(int domid) throws HypervisorException {
    order("disableLogDirty", domid, domain -> domain.quiesced(domain.memory.dirty::disable));
  }

  @Override
  public LogDirtyStats readLogDirty(int domid, LogDirtyOp op, PfnBitmap into, boolean last)
      throws HypervisorException {
    return ask(
        "readLogDirty",
        domid,
        domain -> domain.memory.readLogDirty(into, op == LogDirtyOp.CLEAN, last));
  }

  // ---- PV guests

  @Override
  public int guestWidth(int domid) throws HypervisorException {
    return ask("guestWidth", domid, domain -> pv(domain, Errno.EOPNOTSUPP).state.width);
  }

  @Override
  public void setGuestWidth(int domid, int octets) throws HypervisorException {
    order("setGuestWidth", domid, domain -> setWidth(pv(domain, Errno.EOPNOTSUPP), octets));
  }

  private static void setWidth(SimDomain domain, int octets) throws XenError {
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
      SimDomain domain = pv(domain(domid));
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
    return ask("vcpuOnline", domid, domain -> domain.vcpu(vcpu, Errno.EINVAL).isOnline());
  }

  @Override
  public MemorySegment vcpuState(int domid, int vcpu, VcpuState kind, SegmentAllocator allocator)
      throws HypervisorException {
    return ask(
        "vcpuState",
        domid,
        domain -> copy(pv(domain).vcpu(vcpu, noVcpu(kind)).state(kind), allocator));
  }

  @Override
  public void setVcpuState(int domid, int vcpu, VcpuState kind, MemorySegment octets)
      throws HypervisorException {
    order(
        "setVcpuState",
        domid,
        domain -> {
          SimVcpu state = pv(domain).vcpu(vcpu, noVcpu(kind));
          int width = domain.state.width;
          if (enforced()) {
            state.set(kind, octets, width, frames(), domain.memory.types);
          } else {
            state.record(kind, octets, width);
          }
        });
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
    return ask("hvmParam", domid, domain -> hvm(domain).state.hvm.param(index, enforced()));
  }

  @Override
  public void setHvmParam(int domid, int index, long value) throws HypervisorException {
    order("setHvmParam", domid, domain -> hvm(domain).state.hvm.setParam(index, value, enforced()));
  }

  @Override
  public MemorySegment hvmContext(int domid, SegmentAllocator allocator)
      throws HypervisorException {
    return ask("hvmContext", domid, domain -> copy(hvm(domain).state.hvm.context(), allocator));
  }

  @Override
  public void setHvmContext(int domid, MemorySegment context) throws HypervisorException {
    order(
        "setHvmContext",
        domid,
        domain -> hvm(domain).state.hvm.setContext(context, domain.vcpus(), enforced()));
  }

  // ---- Guests of both kinds

  @Override
  public StreamRecord.TscInfo tscInfo(int domid) throws HypervisorException {
    return ask("tscInfo", domid, domain -> domain.state.tsc);
  }

  @Override
  public void setTscInfo(int domid, StreamRecord.TscInfo tsc) throws HypervisorException {
    order(
        "setTscInfo",
        domid,
        domain -> {
          if (enforced() && (tsc.mode() < 0 || tsc.mode() > 2)) {
            throw new XenError(Errno.EINVAL, "there is no TSC mode " + tsc.mode());
          }
          domain.state.tscSet = tsc;
          // Each set is another incarnation of the guest.
          domain.state.tsc =
              new StreamRecord.TscInfo(tsc.mode(), tsc.khz(), tsc.nsec(), tsc.incarnation() + 1);
        });
  }

  @Override
  public CpuPolicy cpuPolicy(int domid, SegmentAllocator allocator) throws HypervisorException {
    CpuPolicy policy = ask("cpuPolicy", domid, domain -> domain.state.policy);
    return new CpuPolicy(copy(policy.leaves(), allocator), copy(policy.msrs(), allocator));
  }

  @Override
  public void setCpuPolicy(int domid, CpuPolicy policy) throws HypervisorException {
    order(
        "setCpuPolicy",
        domid,
        domain -> {
          SimState state = domain.state;
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
        });
  }

  private static MemorySegment keep(MemorySegment octets) {
    return MemorySegment.ofArray(octets.toArray(ValueLayout.JAVA_BYTE));
  }

  @Override
  public void seedGrantTable(
      int domid, boolean hvm, long consoleFrame, long storeFrame, int consoleDomid, int storeDomid)
      throws HypervisorException {
    SimOutcome.GrantSeed seed =
        new SimOutcome.GrantSeed(hvm, consoleFrame, storeFrame, consoleDomid, storeDomid);
    order("seedGrantTable", domid, domain -> domain.state.grantSeeds.add(seed));
  }
}
