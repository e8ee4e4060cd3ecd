// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests.rules;

import static org.xenstream.tests.rules.Recipe.basic;
import static org.xenstream.tests.rules.Recipe.memory;
import static org.xenstream.tests.rules.Recipe.msrs;
import static org.xenstream.tests.rules.Recipe.pv32;
import static org.xenstream.tests.rules.Recipe.pv64;
import static org.xenstream.tests.rules.Recipe.record;
import static org.xenstream.tests.rules.Recipe.u32;
import static org.xenstream.tests.rules.Recipe.u64;
import static org.xenstream.tests.rules.Recipe.vcpuXsave;

import java.util.List;
import org.xenstream.core.verify.Release;
import org.xenstream.core.verify.Rule;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.StreamBuilder;

/// Rules 06xx: the vCPUs of PV guests, and what they name.
final class VcpuCases {
  /// Where the pages of the recipe's memory begin in its part: eight entries before them.
  private static final int PAGES = 8 + 8 + 8 * 8;

  /// "xen-", which the start info page of a real guest begins with.
  private static final byte[] MAGIC = u32(0x2D6E_6578);

  private VcpuCases() {}

  static List<RuleCase> all() {
    return List.of(
        RuleCase.of(
            Rule.VCPU_SIZE,
            pv64().with("extended", record(5, u32(0))),
            "img @0xa54c (record #9 X86_PV_VCPU_EXTENDED.body_length): expected at least 8, found 4"),
        RuleCase.of(
            Rule.VCPU_RESERVED,
            pv64().patch("extended", 12, u32(1)),
            "img @0xa554 (record #9 X86_PV_VCPU_EXTENDED.reserved): expected 0, found 0x1"),
        RuleCase.of(
            Rule.VCPU_ID,
            pv64().patch("extended", 8, u32(1024)),
            "img @0xa550 (record #9 X86_PV_VCPU_EXTENDED.vcpu_id): expected below 1024, the most that libxl gives a domain, found 1024"),
        RuleCase.of(
            Rule.VCPU_ID,
            xl(
                "{\"c_info\": {\"type\": \"pv\"}, \"b_info\": {\"max_vcpus\": 2}}",
                pv64().before("end", record(5, u32(2), u32(0), u64(0)))),
            "img @0xa662 (record #10 X86_PV_VCPU_EXTENDED.vcpu_id): expected below max_vcpus of the configuration, 2, found 2"),
        RuleCase.of(
            Rule.VCPU_EMPTY,
            pv64().before("end", record(6, u32(77), u32(0))),
            "img @0xa5dc (record #10 X86_PV_VCPU_XSAVE.body_length): expected more than 8, found 8"),
        RuleCase.of(
            Rule.VCPU_BASIC_SIZE,
            pv64().with("basic", record(4, u32(0), u32(0), basic(4))),
            "img @0x910c (record #8 X86_PV_VCPU_BASIC.body_length): expected 5176, found 2808"),
        RuleCase.of(
            Rule.VCPU_BASIC_SIZE,
            pv32().with("basic", record(4, u32(0), u32(0), basic(8))),
            "img @0x910c (record #8 X86_PV_VCPU_BASIC.body_length): expected 2808, found 5176"),
        RuleCase.of(
            Rule.VCPU_EXTENDED_SIZE,
            pv64().with("extended", record(5, u32(0), u32(0), new byte[129])),
            "img @0xa54c (record #9 X86_PV_VCPU_EXTENDED.body_length): expected at most 136, found 137"),
        RuleCase.of(
            Rule.VCPU_XSAVE_SIZE,
            pv64().before("end", record(6, u32(0), u32(0), new byte[15])),
            "img @0xa5dc (record #10 X86_PV_VCPU_XSAVE.body_length): expected at least 24, found 23"),
        RuleCase.of(
            Rule.VCPU_MSRS_SIZE,
            pv64().before("end", record(12, u32(0), u32(0), new byte[17])),
            "img @0xa5dc (record #10 X86_PV_VCPU_MSRS.body_length): expected 8 and a multiple of 16, found 25"),
        RuleCase.of(
            Rule.VCPU_REPEATED,
            pv64().after("extended", pv64().part("extended")),
            "img @0xa5d8 (record #10 X86_PV_VCPU_EXTENDED): a second X86_PV_VCPU_EXTENDED for vCPU 0 in a set of records"),
        RuleCase.of(
            Rule.VCPU0_MISSING,
            pv64().patch("basic", 8, u32(1)),
            "img @0xa5d8 (record #10 END): END without an X86_PV_VCPU_BASIC for vCPU 0 before it"),
        RuleCase.of(
            Rule.VCPU_WITHOUT_BASIC,
            pv64().before("end", record(5, u32(3), u32(0), u32(3), u32(64))),
            "img @0xa5f0 (record #11 END): END without an X86_PV_VCPU_BASIC for vCPU 3, of which there is other state"),
        RuleCase.of(
            Rule.START_INFO_PFN,
            pv64().patch("basic", 16 + 616, u64(4)),
            "img @0x9380 (record #8 X86_PV_VCPU_BASIC.user_regs.edx): expected an ordinary page, found pfn 0x4, which is L4TAB_PIN"),
        RuleCase.of(
            Rule.START_INFO_PFN,
            pv32().patch("basic", 16 + 524, u32(0xFFFF_FFFFL)),
            "img @0x9324 (record #8 X86_PV_VCPU_BASIC.user_regs.edx): expected an ordinary page, found pfn 0xffffffff in a guest that ends at 0x7"),
        RuleCase.of(
            Rule.VCPU_GDT_COUNT,
            pv64().patch("basic", 16 + 4960, u64(7169)),
            "img @0xa478 (record #8 X86_PV_VCPU_BASIC.gdt_ents): expected at most 7168, found 7169"),
        RuleCase.of(
            Rule.VCPU_GDT_FRAME,
            pv64()
                .patch("basic", 16 + 4960, u64(513))
                .patch("basic", 16 + 4832, u64(3))
                .patch("basic", 16 + 4840, u64(5)),
            "img @0xa400 (record #8 X86_PV_VCPU_BASIC.gdt_frames[1]): expected an ordinary page, found pfn 0x5, which is L1TAB"),
        RuleCase.of(
            Rule.VCPU_GDT_FRAME,
            pv32().patch("basic", 16 + 2704, u32(1)).patch("basic", 16 + 2640, u32(9)),
            "img @0x9b68 (record #8 X86_PV_VCPU_BASIC.gdt_frames[0]): expected an ordinary page, found pfn 0x9 in a guest that ends at 0x7"),
        RuleCase.of(
            Rule.VCPU_CR3,
            pv64().patch("basic", 16 + 5008, u64(5 << 12)),
            "img @0xa4a8 (record #8 X86_PV_VCPU_BASIC.ctrlreg[3]): expected a top-level page table, found pfn 0x5, which is L1TAB"),
        RuleCase.of(
            Rule.VCPU_CR3,
            pv32().patch("basic", 16 + 2728, u32(4 << 12 | 1)),
            "img @0x9bc0 (record #8 X86_PV_VCPU_BASIC.ctrlreg[3]): expected a top-level page table, found pfn 0x100004 in a guest that ends at 0x7"),
        RuleCase.of(
            Rule.VCPU_CR1,
            pv64().patch("basic", 16 + 4992, u64(6 << 12 | 1)),
            "img @0xa498 (record #8 X86_PV_VCPU_BASIC.ctrlreg[1]): expected a top-level page table, found pfn 0x6, which is NOTAB"),
        RuleCase.of(
            Rule.VCPU_MSRS_REFUSED,
            pv64().before("end", msrs(0x48, 0x48, 0x48, 0x48, 0x48, 0x48, 0x48, 0x48)),
            "img @0xa5dc (record #10 X86_PV_VCPU_MSRS.body_length): expected at most 120, found 136"),
        RuleCase.of(
            Rule.VCPU_MSRS_REFUSED,
            pv64().before("end", record(12, u64(0), u32(0x48), u32(1), u64(1))),
            "img @0xa5ec (record #10 X86_PV_VCPU_MSRS.msr[0].reserved): expected 0, found 0x1"),
        RuleCase.of(
            Rule.VCPU_MSR,
            pv64().before("end", msrs(0x48, 0xD90)),
            "img @0xa5f8 (record #10 X86_PV_VCPU_MSRS.msr[1].index): expected an MSR that a release loads, found 0xd90"),
        RuleCase.of(
            Rule.VCPU_EXTENDED_REFUSED,
            pv64().patch("extended", 16, u32(1024)).patch("extended", 20, u32(31)),
            "img @0xa558 (record #9 X86_PV_VCPU_EXTENDED.context.vcpu): expected below 1024, the most that libxl gives a domain, found 1024",
            "img @0xa55c (record #9 X86_PV_VCPU_EXTENDED.context.size): expected at least 32, found 31"),
        RuleCase.of(
            Rule.VCPU_EXTENDED_REFUSED,
            pv64().with("extended", record(5, u32(0), u32(0), new byte[5])),
            "img @0xa55c (record #9 X86_PV_VCPU_EXTENDED.context.size): expected at least 32, found 0"),
        RuleCase.of(
            Rule.VCPU_EXTENDED_REFUSED,
            xl(
                "{\"c_info\": {\"type\": \"pv\"}, \"b_info\": {\"max_vcpus\": 2}}",
                pv64().patch("extended", 16, u32(2))),
            "img @0xa5da (record #9 X86_PV_VCPU_EXTENDED.context.vcpu): expected below max_vcpus of the configuration, 2, found 2"),
        RuleCase.of(
            Rule.VCPU_EXTENDED_OTHER,
            pv64().patch("extended", 16, u32(1)),
            "img @0xa558 (record #9 X86_PV_VCPU_EXTENDED.context.vcpu): expected vcpu_id, 0, found 1"),
        RuleCase.of(
            Rule.START_INFO_NAMES,
            pv64()
                .patch("memory", PAGES + 4096, MAGIC)
                .patch("memory", PAGES + 4096 + 56, u64(8))
                .patch("memory", PAGES + 4096 + 72, u64(-1)),
            "img @0x9380 (record #8 X86_PV_VCPU_BASIC.user_regs.edx): store_mfn of the start info page, pfn 0x1: expected a page of the guest, found pfn 0x8 in a guest that ends at 0x7",
            "img @0x9380 (record #8 X86_PV_VCPU_BASIC.user_regs.edx): console.domU.mfn of the start info page, pfn 0x1: expected a page of the guest, found pfn 0xffffffffffffffff in a guest that ends at 0x7"),
        RuleCase.of(
            Rule.START_INFO_NAMES,
            pv64().patch("memory", PAGES + 4096 + 72, u64(8)),
            "img @0x9380 (record #8 X86_PV_VCPU_BASIC.user_regs.edx): store_mfn or console.domU.mfn of the start info page, pfn 0x1: expected a page of the guest, found a pfn above 0x7"),
        RuleCase.of(
            Rule.START_INFO_NAMES,
            pv32()
                .with("memory", memory(0, 1, 2, 3, 0xB000_0000_0000_0004L, 1L << 60 | 5, 7))
                .patch("memory", PAGES - 8 + 4096 + 44, u32(6))
                .patch("memory", PAGES - 8 + 4096 + 52, u32(7)),
            "img @0x831c (record #8 X86_PV_VCPU_BASIC.user_regs.edx): store_mfn of the start info page, pfn 0x1: expected a page of the guest, found pfn 0x6, which is no page"),
        RuleCase.of(
            Rule.START_INFO_NAMES,
            pv64().with("memory", memory(1, 2, 3, 0xC000_0000_0000_0004L, 1L << 60 | 5, 6, 7)),
            "img @0x8378 (record #8 X86_PV_VCPU_BASIC.user_regs.edx): store_mfn of the start info page, pfn 0x1: expected a page of the guest, found pfn 0x0, which is no page",
            "img @0x8378 (record #8 X86_PV_VCPU_BASIC.user_regs.edx): console.domU.mfn of the start info page, pfn 0x1: expected a page of the guest, found pfn 0x0, which is no page"),
        RuleCase.of(
            Rule.VCPU_LDT,
            pv64().patch("basic", 16 + 4816, u64(0x1001)).patch("basic", 16 + 4824, u64(8193)),
            "img @0xa3e8 (record #8 X86_PV_VCPU_BASIC.ldt_base): expected a page's start, found 0x1001",
            "img @0xa3f0 (record #8 X86_PV_VCPU_BASIC.ldt_ents): expected at most 8192, found 8193"),
        RuleCase.of(
            Rule.VCPU_LDT,
            pv32().patch("basic", 16 + 2632, u32(0x1FFF)).patch("basic", 16 + 2636, u32(-1)),
            "img @0x9b60 (record #8 X86_PV_VCPU_BASIC.ldt_base): expected a page's start, found 0x1fff",
            "img @0x9b64 (record #8 X86_PV_VCPU_BASIC.ldt_ents): expected at most 8192, found 4294967295"),
        RuleCase.of(
            Rule.VCPU_REGISTERS,
            pv64()
                .patch("basic", 16 + 648, u64(1L << 47))
                .patch("basic", 16 + 720 + 3 * 16 + 8, u64(-1L << 48))
                .patch("basic", 16 + 5048, u64(0xFFFF_8000_0000_0000L))
                .patch("basic", 16 + 5104, u64(1L << 32))
                .patch("basic", 16 + 5136, u64(1 << 6)),
            "img @0x93a0 (record #8 X86_PV_VCPU_BASIC.user_regs.rip): expected a canonical address, found 0x800000000000",
            "img @0x9420 (record #8 X86_PV_VCPU_BASIC.trap_ctxt[3].address): expected a canonical address, found 0xffff000000000000",
            "img @0xa4d0 (record #8 X86_PV_VCPU_BASIC.debugreg[0]): expected an address of the guest's, found 0xffff800000000000",
            "img @0xa508 (record #8 X86_PV_VCPU_BASIC.debugreg[7]): expected 32 bits, found 0x100000000",
            "img @0xa528 (record #8 X86_PV_VCPU_BASIC.vm_assist): expected no bit beyond 0x10000003f, found 0x40"),
        RuleCase.of(
            Rule.VCPU_REGISTERS,
            pv32().patch("basic", 16 + 552, u32(1 << 17)),
            "img @0x9340 (record #8 X86_PV_VCPU_BASIC.user_regs.eflags): expected bit 17 clear, found 0x20000"),
        RuleCase.of(
            Rule.VCPU_REGISTERS,
            pv64()
                .patch("extended", 16 + 8, u64(1L << 63))
                .patch("extended", 16 + 16, u64(1L << 62))
                .patch("extended", 16 + 32, u64(1L << 32)),
            "img @0xa560 (record #9 X86_PV_VCPU_EXTENDED.context.syscall32_callback_eip): expected a canonical address, found 0x8000000000000000",
            "img @0xa568 (record #9 X86_PV_VCPU_EXTENDED.context.sysenter_callback_eip): expected a canonical address, found 0x4000000000000000",
            "img @0xa578 (record #9 X86_PV_VCPU_EXTENDED.context.mcg_cap): expected no bit beyond 0x9000dff, found 0x100000000"),
        RuleCase.of(
            Rule.VCPU_XSAVE_MASKS,
            pv64().before("end", vcpuXsave(1, 0, 0)),
            "img @0xa5e8 (record #10 X86_PV_VCPU_XSAVE.xcr0): expected 0 where xcr0_accum is, found 0x1"),
        RuleCase.of(
            Rule.VCPU_XSAVE_MASKS,
            pv64().before("end", vcpuXsave(2, 5, 832)),
            "img @0xa5f0 (record #10 X86_PV_VCPU_XSAVE.xcr0_accum): expected bit 2 only with bit 1, found 0x5",
            "img @0xa5e8 (record #10 X86_PV_VCPU_XSAVE.xcr0): expected bits within xcr0_accum, 0x5, found 0x2"),
        RuleCase.of(
            Rule.VCPU_XSAVE_MASKS,
            pv64().before("end", vcpuXsave(2, 7, 832)),
            "img @0xa5e8 (record #10 X86_PV_VCPU_XSAVE.xcr0): expected bit 0 set, found 0x2"),
        RuleCase.of(
            Rule.VCPU_XSAVE_AREA,
            pv64().before("end", vcpuXsave(0, 0, 576)),
            "img @0xa5dc (record #10 X86_PV_VCPU_XSAVE.body_length): expected 24 where xcr0_accum is 0, found 600"),
        RuleCase.of(
            Rule.VCPU_XSAVE_AREA,
            pv64().before("end", vcpuXsave(7, 7, 816)),
            "img @0xa5dc (record #10 X86_PV_VCPU_XSAVE.body_length): expected 856 for xcr0_accum 0x7, found 840"),
        RuleCase.of(
            Rule.VCPU_XSAVE_AREA,
            Release.V4_6,
            pv64().version2().before("end", vcpuXsave(7, 7, 560)),
            "img @0xa59c (record #7 X86_PV_VCPU_XSAVE.body_length): expected 600 to 856 for xcr0_accum 0x7, found 584"),
        RuleCase.of(
            Rule.VCPU_XSAVE_AREA,
            pv64().before("end", vcpuXsave(0xE7, 0xE7, 832)),
            "img @0xa5dc (record #10 X86_PV_VCPU_XSAVE.body_length): expected at least 2456 for xcr0_accum 0xe7, found 856"),
        RuleCase.of(
            Rule.VCPU_XSAVE_AREA,
            pv64().before("end", vcpuXsave(3, 3, 576, 7, 1L << 63, 5)),
            "img @0xa7f8 (record #10 X86_PV_VCPU_XSAVE.xstate_bv): expected bits within xcr0_accum, 0x3, found 0x7",
            "img @0xa800 (record #10 X86_PV_VCPU_XSAVE.xcomp_bv): expected 0, found 0x8000000000000000",
            "img @0xa808 (record #10 X86_PV_VCPU_XSAVE.reserved): expected 0, found 0x5"));
  }

  private static byte[] xl(String config, Recipe recipe) {
    byte[] text = config.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    return StreamBuilder.stream()
        .raw(
            "Xen saved domain, xl format\n \0 \r"
                .getBytes(java.nio.charset.StandardCharsets.US_ASCII))
        .u32(0x01020304)
        .u32(3)
        .u32(0)
        .u32(4 + text.length)
        .u32(text.length)
        .raw(text)
        .raw(Layers.libxl(recipe.octets()))
        .octets();
  }
}
