// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

class PolicyTest {

  /// Leaves 0, 1, 7.0 and 0x80000000 to 0x80000004 of a guest on a real host.
  private static final MemorySegment REAL =
      Blob.ofHex(
          """
          00000000 ffffffff 0d000000 41757468 63414d44 656e7469
          01000000 ffffffff 120f8000 00080400 0332f8f6 fdfb8b17
          07000000 00000000 00000000 a9018800 00000000 00000000
          02000080 ffffffff 414d4420 45505943 2050726f 63657373
          03000080 ffffffff 6f720000 00000000 00000000 00000000
          04000080 ffffffff 00000000 00000000 00000000 00000000
          """);

  @Test
  void summaryOfAProcessor() {
    CpuidPolicy policy = new CpuidPolicy(REAL);
    assertEquals(6, policy.leaves());
    assertEquals("AuthenticAMD", policy.vendor());
    assertEquals("AMD EPYC Processor", policy.brand());
    assertEquals("family=23 model=1 stepping=2", policy.familyModelStepping());
    assertEquals(
        "SSE3 PCLMULQDQ SSSE3 FMA CX16 SSE4_1 SSE4_2 X2APIC MOVBE POPCNT AESNI XSAVE AVX F16C"
            + " RDRAND HYPERVISOR FPU DE PSE TSC MSR PAE MCE CX8 APIC SEP MTRR PGE MCA CMOV PAT"
            + " PSE36 CLFLUSH MMX FXSR SSE SSE2 HTT FSGSBASE BMI1 AVX2 SMEP BMI2 ADX CLFLUSHOPT",
        String.join(" ", policy.features()));
    assertEquals(0, policy.xenBase());
  }

  @Test
  void whatIsMissingIsNull() {
    CpuidPolicy empty = new CpuidPolicy(Blob.ofZeroes(23));
    assertEquals(0, empty.leaves());
    assertNull(empty.vendor());
    assertNull(empty.brand());
    assertNull(empty.familyModelStepping());
    assertEquals(List.of(), empty.features());
    assertNull(new CpuidPolicy(REAL.asSlice(0, 24 * 5)).brand());
  }

  @Test
  void leavesOneByOne() {
    Decoded.Group tree = Blobs.cpuidPolicy(REAL);
    assertEquals(
        "0{leaf=0x00000000; subleaf=0xffffffff (none); eax=0x0000000d; ebx=0x68747541;"
            + " ecx=0x444d4163; edx=0x69746e65; vendor=\"AuthenticAMD\"}",
        Rendering.at(tree, "0"));
    assertEquals(
        "2{leaf=0x00000007; subleaf=0; eax=0x00000000; ebx=0x008801a9 [FSGSBASE, BMI1, AVX2,"
            + " SMEP, BMI2, ADX, CLFLUSHOPT]; ecx=0x00000000 []; edx=0x00000000 []}",
        Rendering.at(tree, "2"));
    assertEquals("brand=\"AMD EPYC Process\"", Rendering.at(tree, "3.brand"));
    assertEquals(
        List.of("cut in xen_cpuid_leaf[5]: 23 of 24 octets are there"),
        Rendering.problems(Blobs.cpuidPolicy(REAL.asSlice(0, 24 * 6 - 1))));
  }

  @Test
  void extendedFamilyAndModel() {
    assertEquals("family=6 model=158 stepping=10", CpuidPolicy.signature(0x906ea));
    assertEquals("family=25 model=33 stepping=2", CpuidPolicy.signature(0xa20f12));
    assertEquals("family=5 model=4 stepping=3", CpuidPolicy.signature(0xf0543));
  }

  @Test
  void amdCopiesOfFeaturesKeepTheirNames() {
    MemorySegment leaf =
        new Blob(24).u32(0, 0x80000001L).u32(4, 0xffffffffL).u32(20, 0x2fd3fbffL).segment;
    assertEquals(
        List.of(
            "FPU", "VME", "DE", "PSE", "TSC", "MSR", "PAE", "MCE", "CX8", "APIC", "SYSCALL", "MTRR",
            "PGE", "MCA", "CMOV", "PAT", "PSE36", "NX", "MMXEXT", "MMX", "FXSR", "FFXSR", "PAGE1GB",
            "RDTSCP", "LM"),
        new CpuidPolicy(leaf).features());
  }

  @Test
  void leavesOfXenWhereItsSignatureStands() {
    MemorySegment policy =
        new Blob(24 * 4)
            .u32(0, 0x40000100)
            .u32(4, 0xffffffffL)
            .u32(8, 0x40000105)
            .text(12, "XenVMMXenVMM")
            .u32(24, 0x40000101)
            .u32(28, 0xffffffffL)
            .u32(32, 4 << 16 | 17)
            .u32(48, 0x40000103)
            .u32(56, 7)
            .u32(60, 2)
            .u32(64, 2596120)
            .u32(68, 3)
            .u32(72, 0x40000001)
            .u32(80, 0x31237648)
            .segment;
    assertEquals(0x40000100, new CpuidPolicy(policy).xenBase());
    Decoded.Group tree = Blobs.cpuidPolicy(policy);
    assertEquals("hypervisor=\"XenVMMXenVMM\"", Rendering.at(tree, "0.hypervisor"));
    assertEquals("eax=0x00040011 (Xen 4.17)", Rendering.at(tree, "1.eax"));
    assertEquals(
        "2{leaf=0x40000103; subleaf=0; eax=0x00000007 [TSC_EMULATED, HOST_TSC_RELIABLE,"
            + " RDTSCP_INSTR_AVAIL]; ebx=0x00000002 (never_emulate); ecx=2596120; edx=3}",
        Rendering.at(tree, "2"));
    assertEquals("eax=0x31237648", Rendering.at(tree, "3.eax"));
  }

  @Test
  void msrPolicy() {
    assertEquals(
        "msr_policy{0{idx=0x000000ce (INTEL_PLATFORM_INFO); flags=0x00000000;"
            + " val=0x0000000080000000 [CPUID_FAULTING]};"
            + " 1{idx=0x0000010a (ARCH_CAPABILITIES); flags=0x00000000;"
            + " val=0x4000000000000021 [RDCL_NO, MDS_NO, ITS_NO]}}",
        Rendering.of(
            Blobs.msrPolicy(
                new Blob(32)
                    .u32(0, 0xce)
                    .u64(8, 0x80000000L)
                    .u32(16, 0x10a)
                    .u64(24, 0x4000000000000021L)
                    .segment)));
  }

  @Test
  void namesOfRegisters() {
    assertEquals("SPEC_CTRL", Msr.name(0x48));
    assertEquals("EFER", Msr.name(0xc0000080));
    assertEquals("IA32_MTRR_PHYSBASE0", Msr.name(0x200));
    assertEquals("IA32_MTRR_PHYSMASK7", Msr.name(0x20f));
    assertEquals("IA32_MC1_STATUS", Msr.name(0x405));
    assertEquals("IA32_MC3_CTL2", Msr.name(0x283));
    assertEquals("X2APIC_3f", Msr.name(0x83f));
    assertNull(Msr.name(0x900));
    assertNull(Msr.name(-1));
  }
}
