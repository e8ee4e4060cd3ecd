// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests.rules;

import static org.xenstream.tests.rules.Recipe.context;
import static org.xenstream.tests.rules.Recipe.cpu;
import static org.xenstream.tests.rules.Recipe.entry;
import static org.xenstream.tests.rules.Recipe.header;
import static org.xenstream.tests.rules.Recipe.hvm;
import static org.xenstream.tests.rules.Recipe.record;
import static org.xenstream.tests.rules.Recipe.u32;
import static org.xenstream.tests.rules.Recipe.u64;
import static org.xenstream.tests.rules.Recipe.u8;

import java.util.List;
import org.xenstream.core.verify.Rule;
import org.xenstream.testkit.Layers;

/// Rules 07xx: the HVM context.
final class HvmCases {
  private HvmCases() {}

  private static RuleCase oddCpu(int length, int at, byte[] odd, String... said) {
    byte[] entry = new byte[length];
    System.arraycopy(u64(0x8005_0033L), 0, entry, 656, 8);
    System.arraycopy(odd, 0, entry, at, odd.length);
    return RuleCase.of(
        Rule.HVM_CONTEXT_CPU, hvm().with("context", context(entry(2, 0, entry))), said);
  }

  private static RuleCase oddXsave(
      int length, long xcr0, long accumulated, int at, byte[] octets, String... said) {
    byte[] entry = new byte[length];
    System.arraycopy(u64(xcr0), 0, entry, 8, 8);
    System.arraycopy(u64(accumulated), 0, entry, 16, 8);
    System.arraycopy(octets, 0, entry, at, octets.length);
    return RuleCase.of(
        Rule.HVM_CONTEXT_XSAVE, hvm().with("context", context(cpu(), entry(16, 0, entry))), said);
  }

  static List<RuleCase> all() {
    return List.of(
        RuleCase.of(
            Rule.HVM_CONTEXT_EMPTY,
            hvm().with("context", record(9)),
            "img @0x20cc (record #6 HVM_CONTEXT.body_length): expected more than 0, found 0"),
        RuleCase.of(
            Rule.HVM_CONTEXT_TRUNCATED,
            hvm().with("context", record(9, header(), cpu(), u32(3))),
            "img @0x2500 (record #6 HVM_CONTEXT.entry): expected 8 octets of a descriptor, found 4 octets before the end"),
        RuleCase.of(
            Rule.HVM_CONTEXT_TRUNCATED,
            hvm().with("context", record(9, header(), u32(3), u32(9), new byte[8])),
            "img @0x20f0 (record #6 HVM_CONTEXT.entry): expected 17 octets of PIC, found 16 octets before the end"),
        RuleCase.of(
            Rule.HVM_CONTEXT_NO_END,
            hvm().with("context", record(9, header(), cpu())),
            "img @0x2500 (record #6 HVM_CONTEXT.entry): expected END, found the end of the context"),
        RuleCase.of(
            Rule.HVM_CONTEXT_HEADER,
            hvm().with("context", record(9, cpu(), header(), entry(0, 0))),
            "img @0x20d0 (record #6 HVM_CONTEXT.typecode): expected HEADER of 24 octets first, found CPU of 1032"),
        RuleCase.of(
            Rule.HVM_CONTEXT_HEADER,
            hvm().with("context", context(cpu(), header())),
            "img @0x2500 (record #6 HVM_CONTEXT.typecode): a second HEADER"),
        RuleCase.of(
            Rule.HVM_CONTEXT_MAGIC,
            hvm().patch("context", 16, u32(1)),
            "img @0x20d8 (record #6 HVM_CONTEXT.HEADER.magic): expected 0x54381286, found 0x00000001"),
        RuleCase.of(
            Rule.HVM_CONTEXT_VERSION,
            hvm().patch("context", 20, u32(2)),
            "img @0x20dc (record #6 HVM_CONTEXT.HEADER.version): expected 1, found 2"),
        RuleCase.of(
            Rule.HVM_CONTEXT_TYPECODE,
            hvm().with("context", context(cpu(), entry(21, 0))),
            "img @0x2500 (record #6 HVM_CONTEXT.typecode): expected 1 to 20, found 21"),
        RuleCase.of(
            Rule.HVM_CONTEXT_LENGTH,
            hvm().with("context", context(cpu(), entry(4, 0, new byte[399]))),
            "img @0x2504 (record #6 HVM_CONTEXT.IOAPIC.length): expected 400 octets, found 399"),
        RuleCase.of(
            Rule.HVM_CONTEXT_LENGTH,
            hvm().with("context", context(cpu(), entry(18, 0, new byte[33]))),
            "img @0x2504 (record #6 HVM_CONTEXT.VMCE_VCPU.length): expected at most 32 octets, found 33"),
        RuleCase.of(
            Rule.HVM_CONTEXT_INSTANCE,
            hvm().with("context", context(cpu(), entry(6, 128, new byte[1024]))),
            "img @0x2502 (record #6 HVM_CONTEXT.LAPIC_REGS.instance): expected below 128, found 128"),
        RuleCase.of(
            Rule.HVM_CONTEXT_INSTANCE,
            hvm().with("context", context(cpu(), entry(3, 2, new byte[8]))),
            "img @0x2502 (record #6 HVM_CONTEXT.PIC.instance): expected below 2, found 2"),
        RuleCase.of(
            Rule.HVM_CONTEXT_REPEATED,
            hvm().with("context", context(cpu(), cpu())),
            "img @0x2500 (record #6 HVM_CONTEXT.typecode): a second CPU of instance 0"),
        RuleCase.of(
            Rule.HVM_CONTEXT_AFTER_END,
            hvm().with("context", record(9, header(), cpu(), entry(0, 0), new byte[3])),
            "img @0x2508 (record #6 HVM_CONTEXT): 3 octets behind END"),
        RuleCase.of(
            Rule.HVM_CONTEXT_NO_CPU,
            hvm().with("context", context()),
            "img @0x20d0 (record #6 HVM_CONTEXT): no CPU entry for any vCPU"),
        RuleCase.of(
            Rule.HVM_CONTEXT_CPU,
            hvm().with("context", context(entry(2, 0, 1032, 656, u64(0x8000_0010L)))),
            "img @0x2388 (record #6 HVM_CONTEXT.CPU.cr0): expected known bits, ET set, PG only with PE, found 0x80000010"),
        RuleCase.of(
            Rule.HVM_CONTEXT_CPU,
            hvm().patch("context", 8 + 32 + 8 + 1024, u32(3)),
            "img @0x24f8 (record #6 HVM_CONTEXT.CPU.flags): expected no bit but 0, found 0x3"),
        oddCpu(
            1032,
            992,
            u64(0x400),
            "img @0x24d8 (record #6 HVM_CONTEXT.CPU.msr_efer): expected LMA only with LME and with PG in cr0, found 0x400"),
        oddCpu(
            1032,
            992,
            u64(0x201),
            "img @0x24d8 (record #6 HVM_CONTEXT.CPU.msr_efer): expected no bit beyond 0x207d01, found 0x201"),
        oddCpu(
            1032,
            1016,
            u32(0x8000_010EL),
            "img @0x24f0 (record #6 HVM_CONTEXT.CPU.pending_event): expected type 0 or 2 to 6, bits 12 to 30 clear, found 0x8000010e"),
        oddCpu(
            1032,
            1016,
            u32(0x8000_1000L),
            "img @0x24f0 (record #6 HVM_CONTEXT.CPU.pending_event): expected type 0 or 2 to 6, bits 12 to 30 clear, found 0x80001000"),
        oddCpu(
            1032,
            1016,
            u64(0x1_0000_8000_0B0EL),
            "img @0x24f4 (record #6 HVM_CONTEXT.CPU.error_code): expected 16 bits, found 0x10000"),
        oddCpu(
            1016,
            1008,
            u32(0x8000_070EL),
            "img @0x24e8 (record #6 HVM_CONTEXT.CPU.pending_event): expected type 0 or 2 to 6, bits 12 to 30 clear, found 0x8000070e"),
        oddCpu(
            1020,
            728,
            u64(0x1_0000_0000L),
            "img @0x23d0 (record #6 HVM_CONTEXT.CPU.dr7): expected 32 bits, found 0x100000000"),
        RuleCase.of(
            Rule.HVM_CONTEXT_PIC,
            hvm().with("context", context(cpu(), entry(3, 0, 8, 5, u8(0)))),
            "img @0x250d (record #6 HVM_CONTEXT.PIC.is_master): expected 1 of PIC 0, found 0"),
        RuleCase.of(
            Rule.HVM_CONTEXT_LAPIC,
            hvm().with("context", context(cpu(), entry(5, 0, 24, 0, u64(0xFEE0_0400L)))),
            "img @0x2508 (record #6 HVM_CONTEXT.LAPIC.apic_base_msr): expected bit 10 only with bit 11, found 0xfee00400"),
        RuleCase.of(
            Rule.HVM_CONTEXT_PCI_LINK,
            hvm().with("context", context(cpu(), entry(9, 0, 8, 1, u8(16)))),
            "img @0x2509 (record #6 HVM_CONTEXT.PCI_LINK.route[1]): expected below 16, found 16"),
        RuleCase.of(
            Rule.HVM_CONTEXT_PIT,
            hvm().with("context", context(cpu(), entry(10, 0, 56, 15, u8(1)))),
            "img @0x2527 (record #6 HVM_CONTEXT.PIT.channels[1].gate): expected 1, found 0"),
        RuleCase.of(
            Rule.HVM_CONTEXT_MTRR,
            hvm().with("context", context(cpu(), entry(14, 0, 240, 224, u64(0x509)))),
            "img @0x25e8 (record #6 HVM_CONTEXT.MTRR.msr_mtrr_cap): expected at most 8 variable ranges, found 9"),
        oddXsave(
            600,
            3,
            3,
            536,
            u64(4),
            "img @0x2720 (record #6 HVM_CONTEXT.CPU_XSAVE.xstate_bv): expected bits within xcr0_accum, 0x3, found 0x4"),
        oddXsave(
            600,
            0,
            0,
            0,
            u64(7),
            "img @0x2510 (record #6 HVM_CONTEXT.CPU_XSAVE.xcr0): expected bit 0 set, found 0x0",
            "img @0x2518 (record #6 HVM_CONTEXT.CPU_XSAVE.xcr0_accum): expected bit 0 set, found 0x0"),
        oddXsave(
            856,
            1,
            5,
            0,
            u64(7),
            "img @0x2518 (record #6 HVM_CONTEXT.CPU_XSAVE.xcr0_accum): expected bit 2 only with bit 1, found 0x5"),
        oddXsave(
            2680,
            0xA7,
            0xE7,
            0,
            u64(7),
            "img @0x2510 (record #6 HVM_CONTEXT.CPU_XSAVE.xcr0): expected bits 5 to 7 together and only with bit 2, found 0xa7"),
        oddXsave(
            984,
            3,
            0xB,
            0,
            u64(7),
            "img @0x2518 (record #6 HVM_CONTEXT.CPU_XSAVE.xcr0_accum): expected bits 3 and 4 together, found 0xb"),
        oddXsave(
            9048,
            3,
            0x2_0003L,
            0,
            u64(7),
            "img @0x2518 (record #6 HVM_CONTEXT.CPU_XSAVE.xcr0_accum): expected bits 17 and 18 together, found 0x20003"),
        oddXsave(
            856,
            3,
            0x103,
            0,
            u64(7),
            "img @0x2518 (record #6 HVM_CONTEXT.CPU_XSAVE.xcr0_accum): expected bits that a host can have, found 0x103"),
        oddXsave(
            600,
            3,
            3,
            544,
            u64(7),
            "img @0x2728 (record #6 HVM_CONTEXT.CPU_XSAVE.xcomp_bv): expected 0, found 0x7"),
        oddXsave(
            600,
            3,
            3,
            599,
            u8(7),
            "img @0x275f (record #6 HVM_CONTEXT.CPU_XSAVE.reserved): expected 0, found 0x7"),
        oddXsave(
            855,
            7,
            7,
            0,
            u64(7),
            "img @0x2518 (record #6 HVM_CONTEXT.CPU_XSAVE.xcr0_accum): expected a mask of at most 855 octets, found 0x7 of at least 856"),
        oddXsave(
            2583,
            3,
            0xFF,
            0,
            u64(7),
            "img @0x2518 (record #6 HVM_CONTEXT.CPU_XSAVE.xcr0_accum): expected a mask of at most 2583 octets, found 0xff of at least 2584"),
        oddXsave(
            700,
            3,
            3,
            610,
            u8(7),
            "img @0x276a (record #6 HVM_CONTEXT.CPU_XSAVE.save_area): expected zeros behind 600 octets, found 0x7"),
        RuleCase.of(
            Rule.HVM_CONTEXT_VMCE,
            hvm().with("context", context(cpu(), entry(18, 0, 32, 0, u64(0x200_0002)))),
            "img @0x2508 (record #6 HVM_CONTEXT.VMCE_VCPU.caps): expected no bit beyond 0x9000dff, found 0x2000002"),
        RuleCase.of(
            Rule.HVM_CONTEXT_VMCE,
            hvm().with("context", context(cpu(), entry(18, 0, new byte[] {2, 2}))),
            "img @0x2508 (record #6 HVM_CONTEXT.VMCE_VCPU.caps): expected no bit beyond 0x9000dff, found 0x202"),
        RuleCase.of(
            Rule.HVM_CONTEXT_OF_PVH,
            Layers.xl(
                "{\"c_info\":{\"type\":\"pvh\"}}",
                Layers.libxl(
                    hvm()
                        .with(
                            "context",
                            context(
                                cpu(),
                                entry(4, 0, new byte[400]),
                                entry(6, 0, new byte[1024]),
                                entry(13, 0, new byte[8])))
                        .octets())),
            "img @0x2565 (record #6 HVM_CONTEXT.typecode): IOAPIC for a domain that the configuration makes PVH",
            "img @0x2b05 (record #6 HVM_CONTEXT.typecode): PMTIMER for a domain that the configuration makes PVH"),
        RuleCase.of(
            Rule.HVM_CONTEXT_VIRIDIAN,
            hvm().with("context", context(cpu(), entry(17, 0, 216, 12, u8(1)))),
            "img @0x2514 (record #6 HVM_CONTEXT.VIRIDIAN_VCPU.pad): expected 0, found 0x1"),
        RuleCase.of(
            Rule.HVM_CONTEXT_MSR,
            hvm()
                .with(
                    "context",
                    context(cpu(), entry(20, 0, u64(1), u64(0x48), u64(0), u64(0x1B), u64(0)))),
            "img @0x2508 (record #6 HVM_CONTEXT.CPU_MSR.count): expected 2 for the entry's length, found 1"),
        RuleCase.of(
            Rule.HVM_CONTEXT_MSR,
            hvm()
                .with(
                    "context",
                    context(cpu(), entry(20, 0, u64(2), u64(0x48), u64(0), u64(0x1B), u64(0)))),
            "img @0x2520 (record #6 HVM_CONTEXT.CPU_MSR.msr[1].index): expected an MSR that Xen 4.22 loads, found 0x1b"));
  }
}
