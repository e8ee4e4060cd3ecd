// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.lang.foreign.MemorySegment;
import org.xenstream.transfer.HypervisorException;

/// One `struct xen_domctl`, for operations for which libxenctrl has no function, or one that
/// changes from release to release (`xen/include/public/domctl.h`). The version of the interface,
/// by which Xen refuses callers of another release, is libxenctrl's to set (`do_domctl`).
final class Domctl {
  static final int GETDOMAININFO = 5;
  static final int SET_ADDRESS_SIZE = 35;
  static final int SET_EXT_VCPUCONTEXT = 42;
  static final int GET_EXT_VCPUCONTEXT = 43;
  static final int GETPAGEFRAMEINFO3 = 61;
  static final int SETVCPUEXTSTATE = 62;
  static final int GETVCPUEXTSTATE = 63;
  static final int GET_VCPU_MSRS = 72;
  static final int SET_VCPU_MSRS = 73;
  static final int GET_CPU_POLICY = 82;
  static final int SET_CPU_POLICY = 83;

  private final Call call;
  private final long xch;
  private final MemorySegment memory;

  Domctl(Call call, long xch, int command, int domid) {
    this.call = call;
    this.xch = xch;
    this.memory = call.arena.allocate(XenField.Struct.DOMCTL.size, 8);
    set(XenField.DOMCTL_CMD, command);
    set(XenField.DOMCTL_DOMAIN, domid);
  }

  Domctl set(XenField field, long value) {
    field.set(memory, value);
    return this;
  }

  long get(XenField field) {
    return field.get(memory);
  }

  /// The operation's own structure.
  MemorySegment body() {
    return memory.asSlice(XenField.DOMCTL_BODY, XenField.DOMCTL_BODY_SIZE);
  }

  /// Does it.
  ///
  /// @param what for the message
  void run(String what) throws HypervisorException {
    call.check(tryIt(), what);
  }

  /// Does it, and leaves it to the caller to look at the error.
  int tryIt() {
    return Libxenctrl.domctl(call.errno, xch, memory.address());
  }
}
