// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.transfer.CpuPolicy;
import org.xenstream.transfer.HypervisorException;

/// What [XenHost] does with a guest's CPU policy and its TSC. libxenctrl has no function for the
/// policy, and that of libxenguest is not called from here.
final class XenPolicies {
  private static final int LEAF_SIZE = 24;
  private static final int MSR_SIZE = 16;

  /// More leaves and MSRs than a policy has (`CPUID_MAX_SERIALISED_LEAVES`,
  /// `MSR_MAX_SERIALISED_ENTRIES`). Were it too few, Xen would say so (ENOBUFS).
  private static final int MOST = 4096;

  private final XenHost host;
  private final long xch;

  XenPolicies(XenHost host, long xch) {
    this.host = host;
    this.xch = xch;
  }

  CpuPolicy cpuPolicy(int domid, SegmentAllocator allocator) throws HypervisorException {
    try (Call call = new Call("cpuPolicy", domid);
        HypercallBuffer leaves = HypercallBuffer.of(xch, call, (long) MOST * LEAF_SIZE);
        HypercallBuffer msrs = HypercallBuffer.of(xch, call, (long) MOST * MSR_SIZE)) {
      Domctl domctl =
          host.domctl(call, Domctl.GET_CPU_POLICY, domid)
              .set(XenField.POLICY_LEAVES, MOST)
              .set(XenField.POLICY_MSRS, MOST)
              .set(XenField.POLICY_LEAVES_BUFFER, leaves.address())
              .set(XenField.POLICY_MSRS_BUFFER, msrs.address());
      domctl.run("XEN_DOMCTL_get_cpu_policy");
      return new CpuPolicy(
          part(leaves, domctl.get(XenField.POLICY_LEAVES), LEAF_SIZE, allocator),
          part(msrs, domctl.get(XenField.POLICY_MSRS), MSR_SIZE, allocator));
    }
  }

  private static MemorySegment part(
      HypercallBuffer buffer, long count, int size, SegmentAllocator allocator) {
    if (count == 0) {
      return MemorySegment.NULL;
    }
    long octets = Math.min(count, MOST) * size;
    return allocator.allocate(octets, 8).copyFrom(buffer.memory().asSlice(0, octets));
  }

  void setCpuPolicy(int domid, CpuPolicy policy) throws HypervisorException {
    MemorySegment leaves = policy.leaves();
    MemorySegment msrs = policy.msrs();
    try (Call call = new Call("setCpuPolicy", domid);
        HypercallBuffer leavesBuffer = HypercallBuffer.of(xch, call, leaves.byteSize());
        HypercallBuffer msrsBuffer = HypercallBuffer.of(xch, call, msrs.byteSize())) {
      MemorySegment.copy(leaves, 0, leavesBuffer.memory(), 0, leaves.byteSize());
      MemorySegment.copy(msrs, 0, msrsBuffer.memory(), 0, msrs.byteSize());
      Domctl domctl =
          host.domctl(call, Domctl.SET_CPU_POLICY, domid)
              .set(XenField.POLICY_LEAVES, leaves.byteSize() / LEAF_SIZE)
              .set(XenField.POLICY_MSRS, msrs.byteSize() / MSR_SIZE)
              .set(XenField.POLICY_LEAVES_BUFFER, leavesBuffer.address())
              .set(XenField.POLICY_MSRS_BUFFER, msrsBuffer.address())
              .set(XenField.POLICY_ERR_LEAF, -1)
              .set(XenField.POLICY_ERR_SUBLEAF, -1)
              .set(XenField.POLICY_ERR_MSR, -1);
      if (domctl.tryIt() < 0) {
        throw call.failed(
            call.errno(),
            "XEN_DOMCTL_set_cpu_policy; leaf 0x%x, subleaf 0x%x, MSR 0x%x"
                .formatted(
                    domctl.get(XenField.POLICY_ERR_LEAF),
                    domctl.get(XenField.POLICY_ERR_SUBLEAF),
                    domctl.get(XenField.POLICY_ERR_MSR)));
      }
    }
  }

  StreamRecord.TscInfo tscInfo(int domid) throws HypervisorException {
    try (Call call = new Call("tscInfo", domid)) {
      MemorySegment mode = call.word();
      MemorySegment nsec = call.word();
      MemorySegment khz = call.word();
      MemorySegment incarnation = call.word();
      call.check(
          Libxenctrl.domainGetTscInfo(
              call.errno,
              xch,
              domid,
              mode.address(),
              nsec.address(),
              khz.address(),
              incarnation.address()),
          "xc_domain_get_tsc_info");
      return new StreamRecord.TscInfo(
          mode.get(ValueLayout.JAVA_INT, 0),
          khz.get(ValueLayout.JAVA_INT, 0),
          nsec.get(ValueLayout.JAVA_LONG, 0),
          incarnation.get(ValueLayout.JAVA_INT, 0));
    }
  }

  void setTscInfo(int domid, StreamRecord.TscInfo tsc) throws HypervisorException {
    try (Call call = new Call("setTscInfo", domid)) {
      call.check(
          Libxenctrl.domainSetTscInfo(
              call.errno, xch, domid, tsc.mode(), tsc.nsec(), tsc.khz(), tsc.incarnation()),
          "xc_domain_set_tsc_info");
    }
  }
}
