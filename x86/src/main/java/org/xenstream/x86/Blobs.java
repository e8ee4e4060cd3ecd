// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Presents the blobs of a stream, field by field: one method for each kind.
///
/// Any octets decode, and nothing here throws for what a blob holds: a blob that is too short gives
/// the fields that are there and a [Decoded.Problem], what follows a struct is an [Decoded.Octets]
/// called `unknown_tail`. The trees view the blob and die with it.
public final class Blobs {

  private Blobs() {}

  /// The size of an extended vCPU context on the wire in octets; Xen uses the first
  /// [#VCPU_EXTENDED_STRUCT_SIZE].
  public static final int VCPU_EXTENDED_SIZE = 128;

  /// The size of `struct xen_domctl_ext_vcpucontext` in octets.
  public static final int VCPU_EXTENDED_STRUCT_SIZE = 64;

  /// The size of that struct in octets in Xen 4.1, without machine-check state.
  public static final int VCPU_EXTENDED_SMALLEST = 32;

  /// The size of what stands before the XSAVE area of a vCPU in octets: `xcr0` and `xcr0_accum`.
  public static final int VCPU_XSAVE_HEADER_SIZE = 16;

  /// The size of an entry of a vCPU's MSR list, and of an MSR policy, in octets.
  public static final int MSR_ENTRY_SIZE = 16;

  /// The syscall32 and sysenter callbacks of a vCPU, and its machine-check state, which grew with
  /// the releases (`struct xen_domctl_ext_vcpucontext` of xen/include/public/domctl.h).
  static final Struct EXTENDED =
      Struct.of64("xen_domctl_ext_vcpucontext")
          .u32("vcpu", Show.DECIMAL)
          .u32("size", Show.DECIMAL)
          .each(8, Show.HEX, "syscall32_callback_eip sysenter_callback_eip")
          .each(2, Show.HEX, "syscall32_callback_cs sysenter_callback_cs")
          .each(1, Show.DECIMAL, "syscall32_disables_events sysenter_disables_events")
          .nested("vmce", HvmVcpuState.VMCE_VCPU)
          .build();

  /// What `XEN_DOMCTL_getvcpuextstate` writes before the XSAVE area (xen/arch/x86/domctl.c).
  static final Struct PV_XSAVE =
      Struct.of64("vcpu_xsave")
          .u64("xcr0", RegisterBits.XSTATE)
          .u64("xcr0_accum", RegisterBits.XSTATE)
          .build();

  /// A number of an X86_PV_VCPU_EXTENDED blob by its path, such as `vmce.caps`.
  ///
  /// @throws IllegalArgumentException if there is no such number
  public static Field vcpuExtendedField(String path) {
    return EXTENDED.field(path);
  }

  /// A number before the save area of an X86_PV_VCPU_XSAVE blob: `xcr0` or `xcr0_accum`.
  ///
  /// @throws IllegalArgumentException if there is no such number
  public static Field vcpuXsaveField(String path) {
    return PV_XSAVE.field(path);
  }

  /// A number of a save area, counted from the area's start: one of the legacy region, such as
  /// `mxcsr`, or of the header, `xstate_bv` and `xcomp_bv`.
  ///
  /// @throws IllegalArgumentException if there is no such number
  public static Field saveAreaField(String path) {
    return FpuArea.field(path);
  }

  /// The context of a PV vCPU, the blob of an X86_PV_VCPU_BASIC record.
  ///
  /// @param guestWidth the width of the guest in octets as the stream has it; one that is neither 4
  ///   nor 8 gives a problem
  public static Decoded.Group vcpuBasic(MemorySegment blob, int guestWidth) {
    if (isNoWidth(guestWidth)) {
      return ofNoWidth("vcpu_guest_context", blob, guestWidth);
    }
    VcpuContext context = VcpuContext.of(guestWidth);
    List<Decoded> fields = context.layout.decode(blob);
    if (blob.byteSize() >= context.controlRegisters.end()) {
      List<Decoded> derived = new ArrayList<>();
      derived.add(RegisterBits.CR0.of("cr0", context.controlRegisters.get(blob, 0), guestWidth));
      derived.add(frame("cr3_frame", context.controlRegisters.get(blob, 3), guestWidth));
      long user = context.controlRegisters.get(blob, 1);
      if (guestWidth == 8 && user != 0) {
        derived.add(frame("user_cr3_frame", user, guestWidth));
      }
      derived.add(RegisterBits.CR4.of("cr4", context.controlRegisters.get(blob, 4), guestWidth));
      fields.add(new Decoded.Group("derived", List.copyOf(derived)));
    }
    return new Decoded.Group("vcpu_guest_context", List.copyOf(fields));
  }

  private static Decoded frame(String name, long cr3, int guestWidth) {
    return Show.HEX.of(name, Cr3.toFrame(cr3, guestWidth), 8);
  }

  /// The extended context of a PV vCPU, the blob of an X86_PV_VCPU_EXTENDED record. That of an
  /// older release is decoded as if zeroes followed, see [#hvmRecord].
  public static Decoded.Group vcpuExtended(MemorySegment blob) {
    return new Decoded.Group(
        "ext_vcpucontext", EXTENDED.decodeExtended(blob, VCPU_EXTENDED_SMALLEST));
  }

  /// The extended processor state of a PV vCPU, the blob of an X86_PV_VCPU_XSAVE record.
  public static Decoded.Group vcpuXsave(MemorySegment blob) {
    if (blob.byteSize() <= VCPU_XSAVE_HEADER_SIZE) {
      return new Decoded.Group("vcpu_xsave", PV_XSAVE.decode(blob));
    }
    List<Decoded> fields =
        new ArrayList<>(PV_XSAVE.decode(blob.asSlice(0, VCPU_XSAVE_HEADER_SIZE)));
    fields.add(new Decoded.Group("save_area", FpuArea.xsave(blob.asSlice(VCPU_XSAVE_HEADER_SIZE))));
    return new Decoded.Group("vcpu_xsave", List.copyOf(fields));
  }

  /// The model-specific registers of a PV vCPU, the blob of an X86_PV_VCPU_MSRS record.
  public static Decoded.Group vcpuMsrs(MemorySegment blob) {
    return MsrLists.list("vcpu_msrs", MsrLists.VCPU_MSR, blob);
  }

  /// The shared info page, the body of a SHARED_INFO record.
  ///
  /// @param guestWidth the width of the guest in octets as the stream has it; one that is neither 4
  ///   nor 8 gives a problem
  public static Decoded.Group sharedInfo(MemorySegment page, int guestWidth) {
    if (isNoWidth(guestWidth)) {
      return ofNoWidth("shared_info", page, guestWidth);
    }
    SharedInfo info = SharedInfo.of(guestWidth);
    List<Decoded> fields = info.layout.decode(page);
    if (page.byteSize() >= info.p2mCr3.end() && info.p2mCr3.get(page) != 0) {
      fields.add(
          new Decoded.Group(
              "derived", List.of(frame("p2m_cr3_frame", info.p2mCr3.get(page), guestWidth))));
    }
    return new Decoded.Group("shared_info", List.copyOf(fields));
  }

  /// A guest's start_info page.
  ///
  /// @param guestWidth the width of the guest in octets as the stream has it; one that is neither 4
  ///   nor 8 gives a problem
  public static Decoded.Group startInfo(MemorySegment page, int guestWidth) {
    if (isNoWidth(guestWidth)) {
      return ofNoWidth("start_info", page, guestWidth);
    }
    return new Decoded.Group("start_info", StartInfo.of(guestWidth).layout.decode(page));
  }

  /// An HVM context, the body of an HVM_CONTEXT record: a group of its entries (see [#hvmRecord]),
  /// each named by its place, and a problem if the context does not end as it should. An entry is
  /// decoded each time it is asked for.
  public static Decoded.Group hvmContext(MemorySegment blob) {
    return HvmRecords.context(blob);
  }

  /// One entry of an HVM context: `typecode`, `instance`, `length` and `body`. The body of an
  /// unknown type is octets. One shorter than the newest struct, but whole as a struct of an older
  /// release, is decoded as if zeroes followed, and `zero_extended_from` names the first field that
  /// is not there.
  ///
  /// @param typecode the entry's type, see [HvmRecordType]
  public static Decoded.Group hvmRecord(int typecode, int instance, MemorySegment body) {
    HvmRecordType type = HvmRecordType.of(typecode);
    return HvmRecords.entry(type == null ? "unknown" : type.name(), typecode, instance, body);
  }

  /// A parameter of an HVM guest, an entry of an HVM_PARAMS record.
  ///
  /// @param index its index, unsigned; an unknown one gives a number called `param_` and the index
  public static Decoded hvmParam(long index, long value) {
    HvmParam param = HvmParam.of(index);
    return param == null
        ? Show.HEX.of("param_" + Long.toUnsignedString(index), value, 8)
        : param.explain(value);
  }

  /// A CPUID policy, the body of an X86_CPUID_POLICY record: a group of its leaves, each named by
  /// its place. A leaf is decoded each time it is asked for. For a summary see [CpuidPolicy].
  public static Decoded.Group cpuidPolicy(MemorySegment body) {
    CpuidPolicy policy = new CpuidPolicy(body);
    int whole = (int) Math.min(Integer.MAX_VALUE - 1, policy.leaves());
    long rest = body.byteSize() - (long) whole * CpuidLeaf.SIZE;
    int xenBase = policy.xenBase();
    return new Decoded.Group(
        "cpuid_policy",
        new EntryList(
            rest == 0 ? whole : whole + 1,
            i ->
                i == whole
                    ? new Decoded.Problem(
                        "cut in xen_cpuid_leaf[%d]: %d of %d octets are there"
                            .formatted(whole, rest, CpuidLeaf.SIZE))
                    : policy.leafAt(i).explain(Integer.toString(i), xenBase)));
  }

  /// An MSR policy, the body of an X86_MSR_POLICY record.
  public static Decoded.Group msrPolicy(MemorySegment body) {
    return MsrLists.list("msr_policy", MsrLists.POLICY_ENTRY, body);
  }

  /// The mode of an X86_TSC_INFO record.
  public static Decoded tscMode(long mode) {
    TscMode known = TscMode.of(mode);
    return new Decoded.Explained("mode", mode, 4, known == null ? "unknown" : known.text());
  }

  private static boolean isNoWidth(int guestWidth) {
    return guestWidth != 4 && guestWidth != 8;
  }

  private static Decoded.Group ofNoWidth(String name, MemorySegment blob, int guestWidth) {
    return new Decoded.Group(
        name,
        List.of(
            new Decoded.Problem("the guest width must be 4 or 8 but is " + guestWidth),
            new Decoded.Octets("octets", blob)));
  }
}
