// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

/// What a stream holds of a PV vCPU beside its context.
class PvVcpuStateTest {

  @Test
  void extendedContext() {
    Decoded.Group tree =
        Blobs.vcpuExtended(
            new Blob(128)
                .u32(0, 3)
                .u32(4, 64)
                .u64(8, 0xffffffff8101d210L)
                .u16(24, 0xe023)
                .u8(28, 1)
                .u64(32, 0x806)
                .segment);
    assertEquals(
        "syscall32_callback_eip=0xffffffff8101d210", Rendering.at(tree, "syscall32_callback_eip"));
    assertEquals("syscall32_disables_events=1", Rendering.at(tree, "syscall32_disables_events"));
    assertEquals("caps=0x0000000000000806", Rendering.at(tree, "vmce.caps"));
    assertEquals("unknown_tail=[" + "00".repeat(64) + "]", Rendering.at(tree, "unknown_tail"));
    assertEquals(
        "zero_extended_from=\"vmce.mcg_ext_ctl\"",
        Rendering.at(Blobs.vcpuExtended(Blob.ofZeroes(56)), "zero_extended_from"));
    assertEquals(
        "zero_extended_from=\"vmce.caps\"",
        Rendering.at(Blobs.vcpuExtended(Blob.ofZeroes(32)), "zero_extended_from"));
    assertEquals(
        List.of(
            "cut in xen_domctl_ext_vcpucontext.sysenter_callback_eip: 16 of 64 octets are there"),
        Rendering.problems(Blobs.vcpuExtended(Blob.ofZeroes(16))));
  }

  @Test
  void extendedProcessorState() {
    Decoded.Group tree =
        Blobs.vcpuXsave(
            new Blob(16 + 576)
                .u64(0, 7)
                .u64(8, 3)
                .u16(16, 0x37f)
                .u64(16 + 8, 0x0000e00800001000L)
                .u32(16 + 24, 0x1f80)
                .u8(16 + 160, 0xab)
                .u8(16 + 511, 4)
                .u64(16 + 512, 3)
                .u64(16 + 520, 1L << 63 | 3)
                .segment);
    assertEquals("xcr0=0x0000000000000007 [X87, SSE, YMM]", Rendering.at(tree, "xcr0"));
    assertEquals("xcr0_accum=0x0000000000000003 [X87, SSE]", Rendering.at(tree, "xcr0_accum"));
    assertEquals(
        "fip=0x0000e00800001000 (64-bit, or selector 0xe008 offset 0x00001000)",
        Rendering.at(tree, "save_area.fpu_sse.fip"));
    assertEquals(
        "mxcsr=0x00001f80 [IM, DM, ZM, OM, UM, PM]", Rendering.at(tree, "save_area.fpu_sse.mxcsr"));
    assertEquals(
        "xmm0=[ab000000000000000000000000000000]", Rendering.at(tree, "save_area.fpu_sse.xmm0"));
    assertEquals("fip_width=4", Rendering.at(tree, "save_area.fpu_sse.fip_width"));
    assertEquals(
        "xcomp_bv=0x8000000000000003 [X87, SSE, COMPACTED]",
        Rendering.at(tree, "save_area.xsave_hdr.xcomp_bv"));
    assertEquals("absent", Rendering.at(tree, "save_area.ymm_high0"));
    assertEquals(List.of(), Rendering.problems(tree));

    assertEquals(
        "vcpu_xsave{xcr0=0x0000000000000000 []; xcr0_accum=0x0000000000000000 []}",
        Rendering.of(Blobs.vcpuXsave(Blob.ofZeroes(16))));
    assertEquals(
        List.of("cut in vcpu_xsave.xcr0_accum: 15 of 16 octets are there"),
        Rendering.problems(Blobs.vcpuXsave(Blob.ofZeroes(15))));
    assertEquals(
        List.of("cut in xsave_hdr.xcomp_bv: 8 of 64 octets are there"),
        Rendering.problems(Blobs.vcpuXsave(Blob.ofZeroes(16 + 512 + 8))));
  }

  @Test
  void modelSpecificRegisters() {
    assertEquals(
        "vcpu_msrs{0{index=0xc0000103 (TSC_AUX); reserved=0x00000000; value=0x0000000000000007};"
            + " 1{index=0x00000140 (INTEL_MISC_FEATURES_ENABLES); reserved=0x00000000;"
            + " value=0x0000000000000001 [CPUID_FAULTING]};"
            + " 2{index=0x12345678 (unknown); reserved=0x00000001; value=0x0000000000000000}}",
        Rendering.of(
            Blobs.vcpuMsrs(
                new Blob(48)
                    .u32(0, 0xc0000103L)
                    .u64(8, 7)
                    .u32(16, 0x140)
                    .u64(24, 1)
                    .u32(32, 0x12345678)
                    .u32(36, 1)
                    .segment)));
    assertEquals(
        "vcpu_msrs{problem: cut in xen_domctl_vcpu_msr[0]: 15 of 16 octets are there}",
        Rendering.of(Blobs.vcpuMsrs(Blob.ofZeroes(15))));
    assertEquals("vcpu_msrs{}", Rendering.of(Blobs.vcpuMsrs(Blob.ofZeroes(0))));
  }
}
