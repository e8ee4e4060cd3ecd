// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.transfer.Hypervisor.VcpuState;

/// What came of a domain: what was set, in order, and what it has. For tests and for the report of
/// a restore; use it while nobody changes the domain.
public final class SimOutcome {
  private final SimDomain domain;
  private final SimHost host;

  SimOutcome(SimDomain domain, SimHost host) {
    this.domain = domain;
    this.host = host;
  }

  /// A param that was set.
  public record ParamSet(int index, long value) {}

  /// A table that was pinned.
  public record Pin(int level, long frame) {}

  /// What was entered into the grant table.
  public record GrantSeed(
      boolean hvm, long consoleFrame, long storeFrame, int consoleDomid, int storeDomid) {}

  /// Takes pages.
  @FunctionalInterface
  public interface PageVisitor {
    /// Takes one.
    ///
    /// @param page 4096 octets; dies with the host
    void page(long pfn, MemorySegment page);
  }

  /// How many pages the domain has.
  public long pages() {
    return domain.memory.pages();
  }

  /// How many runs of 2 MiB were populated at once.
  public long superpages() {
    return domain.memory.superpages();
  }

  /// Shows every page, by ascending pfn.
  public void forEachPage(PageVisitor visitor) {
    SimP2m p2m = domain.memory.p2m;
    MemorySegment machine = host.readOnlyMemory();
    for (long pfn = p2m.next(0); pfn >= 0; pfn = p2m.next(pfn + 1)) {
      visitor.page(pfn, machine.asSlice(p2m.frame(pfn) << 12, SimMemory.PAGE));
    }
  }

  /// The highest pfn with a page; −1 when there is none.
  public long lastPfn() {
    SimP2m p2m = domain.memory.p2m;
    long pfn = p2m.end() - 1;
    while (pfn >= 0 && p2m.frame(pfn) < 0) {
      pfn--;
    }
    return pfn;
  }

  /// The tables pinned by the port's call, in order.
  public List<Pin> pins() {
    return List.copyOf(domain.state.pins);
  }

  /// The params set, in order.
  public List<ParamSet> params() {
    return domain.state.hvm.set();
  }

  /// What was entered into the grant table, in order.
  public List<GrantSeed> grantSeeds() {
    return List.copyOf(domain.state.grantSeeds);
  }

  /// The TSC information that was set; null when none was.
  public StreamRecord.@Nullable TscInfo tsc() {
    return domain.state.tscSet;
  }

  /// The HVM context that was set; null when none was.
  public @Nullable MemorySegment hvmContext() {
    return domain.state.hvm.hasContext() ? domain.state.hvm.context() : null;
  }

  /// A vCPU's state that was set; null when none was.
  public @Nullable MemorySegment vcpuState(int vcpu, VcpuState kind) {
    try {
      SimVcpu v = domain.vcpu(vcpu);
      return v.has(kind) ? v.state(kind) : null;
    } catch (XenError e) {
      return null;
    }
  }

  /// The CPUID leaves that were set; null when none were.
  public @Nullable MemorySegment cpuidLeaves() {
    return domain.state.leavesSet;
  }

  /// The MSRs of the policy that were set; null when none were.
  public @Nullable MemorySegment policyMsrs() {
    return domain.state.msrsSet;
  }

  /// The width of a PV guest's word.
  public int width() {
    return domain.state.width;
  }

  /// Tells whether log-dirty is on.
  public boolean isLogDirty() {
    return domain.memory.dirty.isOn();
  }
}
