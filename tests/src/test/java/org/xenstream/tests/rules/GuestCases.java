// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests.rules;

import static org.xenstream.tests.rules.Recipe.basic;
import static org.xenstream.tests.rules.Recipe.hvm;
import static org.xenstream.tests.rules.Recipe.memory;
import static org.xenstream.tests.rules.Recipe.msrs;
import static org.xenstream.tests.rules.Recipe.pv32;
import static org.xenstream.tests.rules.Recipe.pv64;
import static org.xenstream.tests.rules.Recipe.record;
import static org.xenstream.tests.rules.Recipe.u32;
import static org.xenstream.tests.rules.Recipe.u64;

import java.util.List;
import java.util.stream.LongStream;
import org.xenstream.core.verify.Rule;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.StreamBuilder;

/// Rules 04xx to 06xx: memory, records of PV guests, vCPUs.
final class GuestCases {
  /// Where the pages of the recipe's memory begin in its part: eight entries before them.
  private static final int PAGES = 8 + 8 + 8 * 8;

  private GuestCases() {}

  static List<RuleCase> all() {
    return List.of(
        RuleCase.of(
            Rule.PAGE_DATA_SIZE,
            hvm().patch("memory", 8, u32(3)),
            "img @0x90 (record #3 PAGE_DATA.page_data): expected 12288 octets for 3 pages, found 8184"),
        RuleCase.of(
            Rule.PAGE_DATA_SIZE,
            hvm().patch("memory", 8, u32(0x2000_0000)),
            "img @0x70 (record #3 PAGE_DATA.count): expected at most 1026 entries in a body of 8216 octets, found 536870912"),
        RuleCase.of(
            Rule.PAGE_DATA_EMPTY,
            hvm().before("memory", memory()),
            "img @0x70 (record #3 PAGE_DATA.count): expected more than 0, found 0"),
        RuleCase.of(
            Rule.PAGE_DATA_RESERVED,
            hvm().patch("memory", 12, u32(9)),
            "img @0x74 (record #3 PAGE_DATA.reserved): expected 0, found 0x9"),
        RuleCase.of(
            Rule.PFN_RESERVED_BITS,
            hvm().with("memory", memory(0, 1L << 55 | 1, 2, 1L << 52 | 3)),
            "img @0x80 (record #3 PAGE_DATA.pfn[1]): expected bits 59 to 52 clear, found 0x0080000000000001",
            "img @0x90 (record #3 PAGE_DATA.pfn[3]): expected bits 59 to 52 clear, found 0x0010000000000003"),
        RuleCase.of(
            Rule.PAGE_TYPE_RESERVED,
            hvm().with("memory", memory(0, 7L << 60 | 1, 5L << 60 | 2)),
            "img @0x80 (record #3 PAGE_DATA.pfn[1]): expected a known type, found type 0x7 of pfn 0x1",
            "img @0x88 (record #3 PAGE_DATA.pfn[2]): expected a known type, found type 0x5 of pfn 0x2"),
        RuleCase.of(
            Rule.PFN_REPEATED,
            hvm().with("memory", memory(5, 6, 5, 4, 6)),
            "img @0x88 (record #3 PAGE_DATA.pfn[2]): pfn 0x5 comes again in the batch",
            "img @0x98 (record #3 PAGE_DATA.pfn[4]): pfn 0x6 comes again in the batch"),
        RuleCase.of(
            Rule.PFN_BEYOND_GUEST,
            pv64().after("memory", memory(3, 8, 9)),
            "img @0x80f8 (record #6 PAGE_DATA.pfn[1]): expected a pfn of at most 0x7, found 0x8",
            "img @0x8100 (record #6 PAGE_DATA.pfn[2]): expected a pfn of at most 0x7, found 0x9"),
        RuleCase.of(
            Rule.PFN_BEYOND_ADDRESS,
            hvm().with("memory", memory(0, 1L << 40, 1L << 41)),
            "img @0x80 (record #3 PAGE_DATA.pfn[1]): expected a pfn below 0x10000000000, found 0x10000000000",
            "img @0x88 (record #3 PAGE_DATA.pfn[2]): expected a pfn below 0x10000000000, found 0x20000000000"),
        RuleCase.of(
            Rule.PAGE_TABLE_IN_HVM,
            hvm().with("memory", memory(0, 9L << 60 | 1, 1L << 60 | 2)),
            "img @0x80 (record #3 PAGE_DATA.pfn[1]): L1TAB_PIN for pfn 0x1 of an HVM guest",
            "img @0x88 (record #3 PAGE_DATA.pfn[2]): L1TAB for pfn 0x2 of an HVM guest"),
        RuleCase.of(
            Rule.PAGE_TABLE_LEVEL,
            pv32().after("memory", memory(4L << 60 | 5, 12L << 60 | 6)),
            "img @0x80f0 (record #6 PAGE_DATA.pfn[0]): L4TAB for pfn 0x5 of a guest with 3 levels",
            "img @0x80f8 (record #6 PAGE_DATA.pfn[1]): L4TAB_PIN for pfn 0x6 of a guest with 3 levels"),
        RuleCase.of(
            Rule.PTE_BEYOND_GUEST,
            pv64()
                .patch("memory", PAGES + 5 * 4096 + 8 * 3, u64(8 << 12 | 1))
                .patch("memory", PAGES + 5 * 4096 + 8 * 511, u64(9 << 12 | 1)),
            "img @0x50f8 (record #5 PAGE_DATA.page_data[5]): entry 3 of L1TAB pfn 0x5: expected a pfn of at most 0x7, found 0x8 (0x0000000000008001)",
            "img @0x60d8 (record #5 PAGE_DATA.page_data[5]): entry 511 of L1TAB pfn 0x5: expected a pfn of at most 0x7, found 0x9 (0x0000000000009001)"),
        RuleCase.of(
            Rule.BATCH_LARGE,
            hvm()
                .with(
                    "memory",
                    memory(LongStream.range(0, 1025).map(pfn -> 0xFL << 60 | pfn).toArray())),
            "img @0x70 (record #3 PAGE_DATA.count): 1025 pages in a batch, where the reference writes at most 1024"),
        RuleCase.of(
            Rule.PV_INFO_SIZE,
            pv64().with("info", record(2, u32(0x0408))),
            "img @0x2c (record #0 X86_PV_INFO.body_length): expected at least 8, found 4"),
        RuleCase.of(
            Rule.PV_INFO_LONG,
            pv64().with("info", record(2, u64(0x0408), u64(0))),
            "img @0x2c (record #0 X86_PV_INFO.body_length): expected 8, found 16"),
        RuleCase.of(
            Rule.PV_INFO_PAIR,
            pv64().with("info", record(2, u64(0x0308))),
            "img @0x30 (record #0 X86_PV_INFO.guest_width): expected width and levels 4 and 3, or 8 and 4, found 8 and 3"),
        RuleCase.of(
            Rule.PV_INFO_RESERVED,
            pv64().with("info", record(2, u64(0xA0_0408))),
            "img @0x32 (record #0 X86_PV_INFO.reserved): expected 0, found 0xa0"),
        RuleCase.of(
            Rule.P2M_SIZE,
            pv64().with("p2m", record(3, u32(0), u32(7), u32(2))),
            "img @0x7c (record #4 X86_PV_P2M_FRAMES.body_length): expected whole p2m_pfn entries of 8 octets, found 4 octets"),
        RuleCase.of(
            Rule.P2M_RANGE,
            pv64().with("p2m", record(3, u32(8), u32(7), u64(2))),
            "img @0x80 (record #4 X86_PV_P2M_FRAMES.p2m_start_pfn): expected at most p2m_end_pfn, 0x7, found 0x8"),
        RuleCase.of(
            Rule.P2M_COUNT,
            pv64().with("p2m", record(3, u32(0), u32(7), u64(2), u64(3))),
            "img @0x88 (record #4 X86_PV_P2M_FRAMES.p2m_pfn): pfns 0x0 to 0x7 in frames of 512: expected 1, found 2"),
        RuleCase.of(
            Rule.P2M_COUNT,
            pv64().with("p2m", record(3, u32(0), u32(-1), u64(2))),
            "img @0x88 (record #4 X86_PV_P2M_FRAMES.p2m_pfn): pfns 0x0 to 0xffffffff in frames of 512: expected 8388608, found 1"),
        RuleCase.of(
            Rule.P2M_GAP,
            pv64().with("p2m", record(3, u32(512), u32(600), u64(2))),
            "img @0xa5d8 (record #10 END): END without the p2m frame of pfn 0x0"),
        RuleCase.of(
            Rule.P2M_FRAME_BEYOND_GUEST,
            pv64().patch("p2m", 16, u64(8)),
            "img @0xa5d8 (record #10 END): p2m frame 0: expected an ordinary page, found pfn 0x8 in a guest that ends at 0x7"),
        RuleCase.of(
            Rule.P2M_FRAME_TYPE,
            pv64().patch("p2m", 16, u64(5)),
            "img @0xa5d8 (record #10 END): p2m frame 0: expected an ordinary page, found pfn 0x5, which is L1TAB"),
        RuleCase.of(
            Rule.P2M_FRAME_TYPE,
            pv64().with("memory", memory(0, 1, 3, 0xCL << 60 | 4)),
            "img @0x65b8 (record #10 END): p2m frame 0: expected an ordinary page, found pfn 0x2, which is no page"),
        RuleCase.of(
            Rule.SHARED_INFO_SIZE,
            pv64().with("shared", record(7, u64(0))),
            "img @0x8104 (record #7 SHARED_INFO.body_length): expected 4096, found 8"),
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
            "img @0xa558 (record #9 X86_PV_VCPU_EXTENDED.context.vcpu): expected vcpu_id, 0, found 1"));
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
