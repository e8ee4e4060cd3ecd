// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import org.xenstream.transfer.Hypervisor.VcpuState;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.x86.VcpuContext;

/// What [XenHost] does with the vCPUs of PV guests.
final class XenVcpus {
  private static final int MSR_SIZE = 16;
  private static final int PAGE = 4096;

  private final XenHost host;
  private final long xch;

  XenVcpus(XenHost host, long xch) {
    this.host = host;
    this.xch = xch;
  }

  int guestWidth(String name, int domid) throws HypervisorException {
    try (Call call = new Call(name, domid)) {
      MemorySegment width = call.word();
      // Alone among these functions it says 1 where it fails.
      if (Libxenctrl.domainGetGuestWidth(call.errno, xch, domid, width.address()) != 0) {
        throw call.failed(call.errno(), "xc_domain_get_guest_width");
      }
      return width.get(ValueLayout.JAVA_INT, 0);
    }
  }

  boolean isOnline(int domid, int vcpu) throws HypervisorException {
    try (Call call = new Call("vcpuOnline", domid)) {
      MemorySegment info = call.arena.allocate(XenField.Struct.VCPU_INFO.size, 8);
      call.check(
          Libxenctrl.vcpuGetinfo(call.errno, xch, domid, vcpu, info.address()),
          "xc_vcpu_getinfo of vCPU " + vcpu);
      return XenField.VCPU_ONLINE.get(info) != 0;
    }
  }

  MemorySegment state(int domid, int vcpu, VcpuState kind, SegmentAllocator allocator)
      throws HypervisorException {
    try (Call call = new Call("vcpuState", domid)) {
      MemorySegment state =
          switch (kind) {
            case BASIC -> context(call, domid, vcpu);
            case EXTENDED -> extended(call, domid, vcpu);
            case XSAVE -> xsave(call, domid, vcpu, allocator);
            case MSRS -> msrs(call, domid, vcpu, allocator);
          };
      return kind == VcpuState.BASIC || kind == VcpuState.EXTENDED
          ? copyOf(state, allocator)
          : state;
    }
  }

  /// Nothing is [MemorySegment#NULL].
  private static MemorySegment copyOf(MemorySegment state, SegmentAllocator allocator) {
    return state.byteSize() == 0
        ? MemorySegment.NULL
        : allocator.allocate(state.byteSize(), 8).copyFrom(state);
  }

  void setState(int domid, int vcpu, VcpuState kind, MemorySegment state)
      throws HypervisorException {
    try (Call call = new Call("setVcpuState", domid)) {
      switch (kind) {
        case BASIC -> setContext(call, domid, vcpu, state);
        case EXTENDED -> setExtended(call, domid, vcpu, state);
        case XSAVE -> setXsave(call, domid, vcpu, state);
        case MSRS -> setMsrs(call, domid, vcpu, state);
      }
    }
  }

  // ---- vcpu_guest_context

  private int contextSize(String name, int domid) throws HypervisorException {
    return guestWidth(name, domid) == 8 ? VcpuContext.SIZE_64 : VcpuContext.SIZE_32;
  }

  private MemorySegment context(Call call, int domid, int vcpu) throws HypervisorException {
    int size = contextSize("vcpuState", domid);
    MemorySegment context = call.arena.allocate(VcpuContext.SIZE_64, 8);
    call.check(
        Libxenctrl.vcpuGetcontext(call.errno, xch, domid, vcpu, context.address()),
        "xc_vcpu_getcontext of vCPU " + vcpu);
    return context.asSlice(0, size);
  }

  private void setContext(Call call, int domid, int vcpu, MemorySegment state)
      throws HypervisorException {
    int size = contextSize("setVcpuState", domid);
    if (state.byteSize() != size) {
      throw call.refused(
          XenErrno.EINVAL,
          "expected a context of %d octets, found %d".formatted(size, state.byteSize()));
    }
    // The library reads the larger of the two forms in any case.
    MemorySegment context = call.arena.allocate(VcpuContext.SIZE_64, 8);
    MemorySegment.copy(state, 0, context, 0, size);
    call.check(
        Libxenctrl.vcpuSetcontext(call.errno, xch, domid, vcpu, context.address()),
        "xc_vcpu_setcontext of vCPU " + vcpu);
  }

  // ---- ext_vcpucontext

  private MemorySegment extended(Call call, int domid, int vcpu) throws HypervisorException {
    Domctl domctl =
        host.domctl(call, Domctl.GET_EXT_VCPUCONTEXT, domid).set(XenField.EXT_VCPU, vcpu);
    domctl.run("XEN_DOMCTL_get_ext_vcpucontext of vCPU " + vcpu);
    long size = domctl.get(XenField.EXT_SIZE);
    if (size > XenField.DOMCTL_BODY_SIZE) {
      throw call.refused(
          XenErrno.E2BIG,
          "expected at most %d octets of extended context, found %d"
              .formatted(XenField.DOMCTL_BODY_SIZE, size));
    }
    return domctl.body().asSlice(0, size);
  }

  private void setExtended(Call call, int domid, int vcpu, MemorySegment state)
      throws HypervisorException {
    if (state.byteSize() > XenField.DOMCTL_BODY_SIZE) {
      throw call.refused(
          XenErrno.EINVAL,
          "expected at most %d octets of extended context, found %d"
              .formatted(XenField.DOMCTL_BODY_SIZE, state.byteSize()));
    }
    Domctl domctl = host.domctl(call, Domctl.SET_EXT_VCPUCONTEXT, domid);
    MemorySegment.copy(state, 0, domctl.body(), 0, state.byteSize());
    // The stream names the vCPU beside the state; what is inside is not believed.
    domctl.set(XenField.EXT_VCPU, vcpu).run("XEN_DOMCTL_set_ext_vcpucontext of vCPU " + vcpu);
  }

  // ---- vcpuextstate

  private MemorySegment xsave(Call call, int domid, int vcpu, SegmentAllocator allocator)
      throws HypervisorException {
    String what = "XEN_DOMCTL_getvcpuextstate of vCPU " + vcpu;
    Domctl domctl = host.domctl(call, Domctl.GETVCPUEXTSTATE, domid).set(XenField.XSAVE_VCPU, vcpu);
    domctl.run(what);
    long size = domctl.get(XenField.XSAVE_SIZE);
    if (size == 0) {
      return MemorySegment.NULL;
    }
    try (HypercallBuffer buffer = HypercallBuffer.of(xch, call, size)) {
      domctl.set(XenField.XSAVE_BUFFER, buffer.address()).run(what);
      // Asked again, it may have none.
      long got = Math.min(size, domctl.get(XenField.XSAVE_SIZE));
      return copyOf(buffer.memory().asSlice(0, got), allocator);
    }
  }

  private void setXsave(Call call, int domid, int vcpu, MemorySegment state)
      throws HypervisorException {
    try (HypercallBuffer buffer = HypercallBuffer.of(xch, call, state.byteSize())) {
      MemorySegment.copy(state, 0, buffer.memory(), 0, state.byteSize());
      host.domctl(call, Domctl.SETVCPUEXTSTATE, domid)
          .set(XenField.XSAVE_VCPU, vcpu)
          .set(XenField.XSAVE_SIZE, state.byteSize())
          .set(XenField.XSAVE_BUFFER, buffer.address())
          .run("XEN_DOMCTL_setvcpuextstate of vCPU " + vcpu);
    }
  }

  // ---- vcpu_msrs

  private MemorySegment msrs(Call call, int domid, int vcpu, SegmentAllocator allocator)
      throws HypervisorException {
    String what = "XEN_DOMCTL_get_vcpu_msrs of vCPU " + vcpu;
    Domctl domctl = host.domctl(call, Domctl.GET_VCPU_MSRS, domid).set(XenField.MSRS_VCPU, vcpu);
    domctl.run(what);
    long most = domctl.get(XenField.MSRS_COUNT);
    if (most == 0) {
      return MemorySegment.NULL;
    }
    if (most > PAGE) {
      throw call.refused(
          XenErrno.E2BIG, "expected at most %d MSRs, found %d".formatted(PAGE, most));
    }
    try (HypercallBuffer buffer = HypercallBuffer.of(xch, call, most * MSR_SIZE)) {
      domctl.set(XenField.MSRS_BUFFER, buffer.address()).run(what);
      // Of those that it may have it gives those that are not zero.
      long got = Math.min(most, domctl.get(XenField.MSRS_COUNT));
      return copyOf(buffer.memory().asSlice(0, got * MSR_SIZE), allocator);
    }
  }

  private void setMsrs(Call call, int domid, int vcpu, MemorySegment state)
      throws HypervisorException {
    if (state.byteSize() % MSR_SIZE != 0) {
      throw call.refused(
          XenErrno.EINVAL,
          "expected MSRs of %d octets each, found %d octets".formatted(MSR_SIZE, state.byteSize()));
    }
    try (HypercallBuffer buffer = HypercallBuffer.of(xch, call, state.byteSize())) {
      MemorySegment.copy(state, 0, buffer.memory(), 0, state.byteSize());
      host.domctl(call, Domctl.SET_VCPU_MSRS, domid)
          .set(XenField.MSRS_VCPU, vcpu)
          .set(XenField.MSRS_COUNT, state.byteSize() / MSR_SIZE)
          .set(XenField.MSRS_BUFFER, buffer.address())
          .run("XEN_DOMCTL_set_vcpu_msrs of vCPU " + vcpu);
    }
  }
}
