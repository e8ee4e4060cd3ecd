// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The fields of Xen's structures that this module reads or writes, on x86-64: where each begins,
/// and how wide it is. The same in all of [XenRelease].
enum XenField {
  DOMCTL_CMD(Struct.DOMCTL, "cmd", 0, 4),
  DOMCTL_DOMAIN(Struct.DOMCTL, "domain", 8, 2),

  INFO_DOMAIN(Struct.DOMCTL, "u.getdomaininfo.domain", 16, 2),
  INFO_FLAGS(Struct.DOMCTL, "u.getdomaininfo.flags", 20, 4),
  INFO_SHARED_INFO_FRAME(Struct.DOMCTL, "u.getdomaininfo.shared_info_frame", 64, 8),
  INFO_MAX_VCPU_ID(Struct.DOMCTL, "u.getdomaininfo.max_vcpu_id", 84, 4),

  FRAMES_COUNT(Struct.DOMCTL, "u.getpageframeinfo3.num", 16, 8),
  FRAMES_BUFFER(Struct.DOMCTL, "u.getpageframeinfo3.array", 24, 8),

  ADDRESS_SIZE(Struct.DOMCTL, "u.address_size.size", 16, 4),

  EXT_VCPU(Struct.DOMCTL, "u.ext_vcpucontext.vcpu", 16, 4),
  EXT_SIZE(Struct.DOMCTL, "u.ext_vcpucontext.size", 20, 4),

  XSAVE_VCPU(Struct.DOMCTL, "u.vcpuextstate.vcpu", 16, 4),
  XSAVE_SIZE(Struct.DOMCTL, "u.vcpuextstate.size", 32, 8),
  XSAVE_BUFFER(Struct.DOMCTL, "u.vcpuextstate.buffer", 40, 8),

  MSRS_VCPU(Struct.DOMCTL, "u.vcpu_msrs.vcpu", 16, 4),
  MSRS_COUNT(Struct.DOMCTL, "u.vcpu_msrs.msr_count", 20, 4),
  MSRS_BUFFER(Struct.DOMCTL, "u.vcpu_msrs.msrs", 24, 8),

  POLICY_LEAVES(Struct.DOMCTL, "u.cpu_policy.nr_leaves", 16, 4),
  POLICY_MSRS(Struct.DOMCTL, "u.cpu_policy.nr_msrs", 20, 4),
  /// `cpuid_policy` in 4.17, `leaves` since.
  POLICY_LEAVES_BUFFER(Struct.DOMCTL, "u.cpu_policy.leaves", 24, 8),
  /// `msr_policy` in 4.17, `msrs` since.
  POLICY_MSRS_BUFFER(Struct.DOMCTL, "u.cpu_policy.msrs", 32, 8),
  POLICY_ERR_LEAF(Struct.DOMCTL, "u.cpu_policy.err_leaf", 40, 4),
  POLICY_ERR_SUBLEAF(Struct.DOMCTL, "u.cpu_policy.err_subleaf", 44, 4),
  POLICY_ERR_MSR(Struct.DOMCTL, "u.cpu_policy.err_msr", 48, 4),

  STATS_FAULTS(Struct.SHADOW_STATS, "fault_count", 0, 4),
  STATS_DIRTY(Struct.SHADOW_STATS, "dirty_count", 4, 4),

  VCPU_ONLINE(Struct.VCPU_INFO, "online", 4, 1),

  MMUEXT_CMD(Struct.MMUEXT, "cmd", 0, 4),
  MMUEXT_MFN(Struct.MMUEXT, "arg1.mfn", 8, 8),

  M2P_MAX_EXTENTS(Struct.M2P_LIST, "max_extents", 0, 4),
  M2P_EXTENT_START(Struct.M2P_LIST, "extent_start", 8, 8),
  M2P_NR_EXTENTS(Struct.M2P_LIST, "nr_extents", 16, 4),

  GRANT_FLAGS(Struct.GRANT, "flags", 0, 2),
  GRANT_DOMID(Struct.GRANT, "domid", 2, 2),
  GRANT_FRAME(Struct.GRANT, "frame", 4, 4);

  /// The structures, with their sizes.
  enum Struct {
    DOMCTL("xen_domctl", 144),
    SHADOW_STATS("xen_domctl_shadow_op_stats", 8),
    VCPU_INFO("xen_domctl_getvcpuinfo", 24),
    MMUEXT("mmuext_op", 24),
    M2P_LIST("xen_machphys_mfn_list", 24),
    GRANT("grant_entry_v1", 8);

    final String name;
    final int size;

    Struct(String name, int size) {
      this.name = name;
      this.size = size;
    }
  }

  /// Where the operation's own structure begins in `struct xen_domctl`, and how long it may be.
  static final int DOMCTL_BODY = 16;

  static final int DOMCTL_BODY_SIZE = 128;

  final Struct struct;
  final String path;
  final int offset;
  final int width;

  XenField(Struct struct, String path, int offset, int width) {
    this.struct = struct;
    this.path = path;
    this.offset = offset;
    this.width = width;
  }

  /// The value, unsigned.
  long get(MemorySegment from) {
    return switch (width) {
      case 1 -> Byte.toUnsignedLong(from.get(ValueLayout.JAVA_BYTE, offset));
      case 2 -> Short.toUnsignedLong(from.get(ValueLayout.JAVA_SHORT, offset));
      case 4 -> Integer.toUnsignedLong(from.get(ValueLayout.JAVA_INT, offset));
      default -> from.get(ValueLayout.JAVA_LONG, offset);
    };
  }

  /// Sets the value's low octets.
  void set(MemorySegment in, long value) {
    switch (width) {
      case 1 -> in.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
      case 2 -> in.set(ValueLayout.JAVA_SHORT, offset, (short) value);
      case 4 -> in.set(ValueLayout.JAVA_INT, offset, (int) value);
      default -> in.set(ValueLayout.JAVA_LONG, offset, value);
    }
  }
}
