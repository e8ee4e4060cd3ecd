// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import org.jspecify.annotations.Nullable;

/// The record types of the specification ("Records"), and the draft's SAVING_CPU.
///
/// A type with bit 31 set is optional: a reader that does not know it passes over it. Any other
/// unknown type is mandatory, and a reader that does not know it has to refuse the stream.
public enum RecordType {
  /// Marks the end of the image.
  END(0x00000000),
  /// Memory.
  PAGE_DATA(0x00000001),
  /// Width and page-table levels of a PV guest.
  X86_PV_INFO(0x00000002),
  /// Where a PV guest keeps its p2m.
  X86_PV_P2M_FRAMES(0x00000003),
  /// `vcpu_guest_context` of a vCPU.
  X86_PV_VCPU_BASIC(0x00000004),
  /// `xen_domctl_ext_vcpucontext` of a vCPU.
  X86_PV_VCPU_EXTENDED(0x00000005),
  /// XSAVE state of a vCPU.
  X86_PV_VCPU_XSAVE(0x00000006),
  /// The shared info page of a PV guest.
  SHARED_INFO(0x00000007),
  /// The domain's TSC.
  X86_TSC_INFO(0x00000008),
  /// The context blob of an HVM guest.
  HVM_CONTEXT(0x00000009),
  /// The parameters of an HVM guest.
  HVM_PARAMS(0x0000000A),
  /// Deprecated blob of the toolstack.
  TOOLSTACK(0x0000000B),
  /// MSRs of a vCPU.
  X86_PV_VCPU_MSRS(0x0000000C),
  /// Memory is complete; what follows is for comparison.
  VERIFY(0x0000000D),
  /// What came so far is a consistent state.
  CHECKPOINT(0x0000000E),
  /// COLO's back channel: what the secondary dirtied.
  CHECKPOINT_DIRTY_PFN_LIST(0x0000000F),
  /// End of what no execution of the guest can change (version 3).
  STATIC_DATA_END(0x00000010),
  /// CPUID policy (version 3).
  X86_CPUID_POLICY(0x00000011),
  /// MSR policy (version 3).
  X86_MSR_POLICY(0x00000012),
  /// Names the CPU on which the guest was saved. Only in drafts of the specification, which gave no
  /// number that survives; being informative it takes the first optional number here.
  SAVING_CPU(0x80000000);

  /// Bit 31 of a type: set for optional records.
  public static final int OPTIONAL = 0x80000000;

  private static final RecordType[] MANDATORY = values();

  private final int code;

  RecordType(int code) {
    this.code = code;
  }

  /// The number on the wire.
  public int code() {
    return code;
  }

  /// The type with this number, or null when the specification knows none.
  public static @Nullable RecordType of(int code) {
    if (code >= 0 && code < MANDATORY.length - 1) {
      return MANDATORY[code];
    }
    return code == SAVING_CPU.code ? SAVING_CPU : null;
  }

  /// The name of a type for messages: the specification's, or the number with what bit 31 says.
  public static String nameOf(int code) {
    RecordType known = of(code);
    if (known != null) {
      return known.name();
    }
    return (isOptional(code) ? "OPTIONAL_0x%08x" : "MANDATORY_0x%08x").formatted(code);
  }

  /// Tells whether a reader that does not know the type may pass over it.
  public static boolean isOptional(int code) {
    return code < 0;
  }
}
