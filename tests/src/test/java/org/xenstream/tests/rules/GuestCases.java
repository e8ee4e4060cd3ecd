// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests.rules;

import static org.xenstream.tests.rules.Recipe.hvm;
import static org.xenstream.tests.rules.Recipe.memory;
import static org.xenstream.tests.rules.Recipe.pv32;
import static org.xenstream.tests.rules.Recipe.pv64;
import static org.xenstream.tests.rules.Recipe.record;
import static org.xenstream.tests.rules.Recipe.u32;
import static org.xenstream.tests.rules.Recipe.u64;

import java.util.List;
import java.util.stream.LongStream;
import org.xenstream.core.verify.Rule;

/// Rules 04xx and 05xx: memory, records of PV guests.
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
            "img @0x8104 (record #7 SHARED_INFO.body_length): expected 4096, found 8"));
  }
}
