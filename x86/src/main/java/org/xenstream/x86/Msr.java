// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Model-specific registers by their names (xen/arch/x86/include/asm/msr-index.h), as they occur in
/// the MSR lists of vCPUs, CPU_MSR entries and MSR policies.
public final class Msr {

  private Msr() {}

  private static final BitNames SPEC_CTRL =
      BitNames.of(
          """
          0:IBRS 1:STIBP 2:SSBD 3:IPRED_DIS_U 4:IPRED_DIS_S 5:RRSBA_DIS_U 6:RRSBA_DIS_S 7:PSFD
          8:DDP_DIS_U 10:BHI_DIS_S
          """);

  /// How values of registers with named bits are presented.
  private static final Map<Integer, Show> SHOWS =
      Map.of(
          0x0000_0048,
          SPEC_CTRL,
          0xc001_011f,
          SPEC_CTRL,
          0x0000_00ce,
          BitNames.of("31:CPUID_FAULTING"),
          0x0000_010a,
          CpuFeatures.ARCH_CAPABILITIES,
          0x0000_0122,
          BitNames.of("0:RTM_DISABLE 1:CPUID_CLEAR"),
          0x0000_0140,
          BitNames.of("0:CPUID_FAULTING"),
          0x0000_0d90,
          BitNames.of("0:ENABLE 1:PRESERVE"),
          0x0000_0da0,
          RegisterBits.XSTATE,
          0xc000_0080,
          RegisterBits.EFER);

  private static final Map<Integer, String> NAMES =
      names(
          """
          00000010 IA32_TSC
          0000001b APIC_BASE
          0000003a IA32_FEATURE_CONTROL
          0000003b IA32_TSC_ADJUST
          00000048 SPEC_CTRL
          00000049 PRED_CMD
          0000004e PPIN_CTL
          0000004f PPIN
          0000008b IA32_UCODE_REV
          000000ce INTEL_PLATFORM_INFO
          000000cf CORE_CAPABILITIES
          000000e7 IA32_MPERF
          000000e8 IA32_APERF
          000000fe MTRRcap
          0000010a ARCH_CAPABILITIES
          0000010b FLUSH_CMD
          0000010f TSX_FORCE_ABORT
          00000122 TSX_CTRL
          00000123 MCU_OPT_CTRL
          00000140 INTEL_MISC_FEATURES_ENABLES
          00000174 IA32_SYSENTER_CS
          00000175 IA32_SYSENTER_ESP
          00000176 IA32_SYSENTER_EIP
          00000179 IA32_MCG_CAP
          0000017a IA32_MCG_STATUS
          0000017b IA32_MCG_CTL
          00000198 IA32_PERF_STATUS
          00000199 IA32_PERF_CTL
          0000019a IA32_THERM_CONTROL
          000001a0 IA32_MISC_ENABLE
          000001cc FRED_RSP_SL0
          000001cd FRED_RSP_SL1
          000001ce FRED_RSP_SL2
          000001cf FRED_RSP_SL3
          000001d0 FRED_STK_LVLS
          000001d1 FRED_SSP_SL1
          000001d2 FRED_SSP_SL2
          000001d3 FRED_SSP_SL3
          000001d4 FRED_CONFIG
          000001d9 IA32_DEBUGCTLMSR
          00000250 MTRRfix64K_00000
          00000258 MTRRfix16K_80000
          00000259 MTRRfix16K_A0000
          00000268 MTRRfix4K_C0000
          00000269 MTRRfix4K_C8000
          0000026a MTRRfix4K_D0000
          0000026b MTRRfix4K_D8000
          0000026c MTRRfix4K_E0000
          0000026d MTRRfix4K_E8000
          0000026e MTRRfix4K_F0000
          0000026f MTRRfix4K_F8000
          00000277 IA32_CR_PAT
          000002ff MTRRdefType
          00000345 IA32_PERF_CAPABILITIES
          000004d0 IA32_MCG_EXT_CTL
          00000600 IA32_DS_AREA
          000006a0 U_CET
          000006a2 S_CET
          000006a4 PL0_SSP
          000006a5 PL1_SSP
          000006a6 PL2_SSP
          000006a7 PL3_SSP
          000006a8 ISST
          000006e0 IA32_TSC_DEADLINE
          000006e1 PKRS
          00000d90 IA32_BNDCFGS
          00000d93 PASID
          00000da0 IA32_XSS
          00001b01 UARCH_MISC_CTRL
          c0000080 EFER
          c0000081 STAR
          c0000082 LSTAR
          c0000083 CSTAR
          c0000084 SYSCALL_MASK
          c0000100 FS_BASE
          c0000101 GS_BASE
          c0000102 SHADOW_GS_BASE
          c0000103 TSC_AUX
          c0000104 AMD64_TSC_RATIO
          c0000105 AMD64_LWP_CFG
          c0000106 AMD64_LWP_CBADDR
          c0010010 K8_SYSCFG
          c0010015 K8_HWCR
          c001001f AMD64_NB_CFG
          c0010114 K8_VM_CR
          c0010117 K8_VM_HSAVE_PA
          c001011f VIRT_SPEC_CTRL
          c0010140 AMD_OSVW_ID_LENGTH
          c0010141 AMD_OSVW_STATUS
          c0011019 AMD64_DR1_ADDRESS_MASK
          c001101a AMD64_DR2_ADDRESS_MASK
          c001101b AMD64_DR3_ADDRESS_MASK
          c0011020 AMD64_LS_CFG
          c0011021 AMD64_IC_CFG
          c0011022 AMD64_DC_CFG
          c0011027 AMD64_DR0_ADDRESS_MASK
          c0011029 AMD64_DE_CFG
          """);

  private static Map<Integer, String> names(String table) {
    Map<Integer, String> names = new HashMap<>();
    for (String line : table.strip().split("\n", -1)) {
      String[] columns = line.split(" ", -1);
      if (names.put(Integer.parseUnsignedInt(columns[0], 16), columns[1]) != null) {
        throw new IllegalArgumentException("the MSR " + columns[0] + " has two names");
      }
    }
    return Map.copyOf(names);
  }

  /// The name of a register, such as `SPEC_CTRL`, or null if it is not known here.
  public static @Nullable String name(int index) {
    String name = NAMES.get(index);
    if (name != null) {
      return name;
    }
    if (index >= 0x200 && index <= 0x21f) {
      return (index & 1) == 0
          ? "IA32_MTRR_PHYSBASE" + ((index - 0x200) >>> 1)
          : "IA32_MTRR_PHYSMASK" + ((index - 0x200) >>> 1);
    }
    if (index >= 0x400 && index <= 0x47f) {
      String[] kinds = {"CTL", "STATUS", "ADDR", "MISC"};
      return "IA32_MC" + ((index - 0x400) >>> 2) + "_" + kinds[index & 3];
    }
    if (index >= 0x280 && index <= 0x29f) {
      return "IA32_MC" + (index - 0x280) + "_CTL2";
    }
    return index >= 0x800 && index <= 0x8ff ? "X2APIC_%02x".formatted(index - 0x800) : null;
  }

  /// Presents a register's index by its name.
  static Decoded index(String field, long index) {
    String name = name((int) index);
    return new Decoded.Explained(field, index, 4, name == null ? "unknown" : name);
  }

  /// Presents a register's value.
  ///
  /// @param field what to call it
  /// @param index the register's index
  static Decoded value(String field, int index, long value) {
    return SHOWS.getOrDefault(index, Show.HEX).of(field, value, 8);
  }
}
