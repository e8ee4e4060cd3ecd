// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

/// What an HVM context holds of a vCPU beside its registers and its interrupt controller
/// (xen/include/public/arch-x86/hvm/save.h).
final class HvmVcpuState {

  private HvmVcpuState() {}

  private static final Show PAT =
      Show.explained(pat -> {
        StringBuilder types = new StringBuilder();
        for (int i = 0; i < 8; i++) {
          types.append(i == 0 ? "" : " ").append(RegisterBits.memoryType(pat >>> (8 * i)));
        }
        return types.toString();
      });

  private static final Show MTRR_CAP =
      Show.explained(cap ->
          "variable=%d%s%s"
              .formatted(
                  cap & 0xff,
                  (cap & 1 << 8) != 0 ? " fixed" : "",
                  (cap & 1 << 10) != 0 ? " wc" : ""));

  private static final Show MTRR_DEF_TYPE =
      Show.explained(def ->
          "type=%s%s%s"
              .formatted(
                  RegisterBits.memoryType(def),
                  (def & 1 << 11) != 0 ? " enabled" : "",
                  (def & 1 << 10) != 0 ? " fixed_enabled" : ""));

  /// `msr_mtrr_var` holds pairs of base and mask.
  static final Struct MTRR =
      Struct.of64("hvm_hw_mtrr")
          .u64("msr_pat_cr", PAT)
          .numbers("msr_mtrr_var", 16, 8, Show.HEX)
          .numbers("msr_mtrr_fixed", 11, 8, Show.HEX)
          .u64("msr_mtrr_cap", MTRR_CAP)
          .u64("msr_mtrr_def_type", MTRR_DEF_TYPE)
          .build();

  static final Struct VIRIDIAN_DOMAIN =
      Struct.of64("hvm_viridian_domain_context")
          .each(8, Show.HEX, "hypercall_gpa guest_os_id time_ref_count reference_tsc")
          .build();

  static final Struct VIRIDIAN_VCPU =
      Struct.of64("hvm_viridian_vcpu_context")
          .u64("vp_assist_msr", Show.HEX)
          .u8("apic_assist_pending", Show.DECIMAL)
          .octets("_pad", 7, 1)
          .u64("simp_msr", Show.HEX)
          .numbers("sint_msr", 16, 8, Show.HEX)
          .numbers("stimer_config_msr", 4, 8, Show.HEX)
          .numbers("stimer_count_msr", 4, 8, Show.HEX)
          .build();

  static final Struct VMCE_VCPU =
      Struct.of64("hvm_vmce_vcpu")
          .each(8, Show.HEX, "caps mci_ctl2_bank0 mci_ctl2_bank1 mcg_ext_ctl")
          .build();

  static final Struct TSC_ADJUST =
      Struct.of64("hvm_tsc_adjust").u64("tsc_adjust", Show.SIGNED).build();

  /// What stands before the save area in `struct hvm_hw_cpu_xsave`.
  static final Struct CPU_XSAVE =
      Struct.of64("hvm_hw_cpu_xsave")
          .u64("xfeature_mask", RegisterBits.XSTATE)
          .u64("xcr0", RegisterBits.XSTATE)
          .u64("xcr0_accum", RegisterBits.XSTATE)
          .build();

  /// What stands before the entries in `struct hvm_msr`.
  static final Struct CPU_MSR =
      Struct.of64("hvm_msr").u32("count", Show.DECIMAL).octets("_pad", 4, 4).build();
}
