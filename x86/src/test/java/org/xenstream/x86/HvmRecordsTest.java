// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

class HvmRecordsTest {

  private static Decoded.Group record(HvmRecordType type, MemorySegment body) {
    return Blobs.hvmRecord(type.code(), 0, body);
  }

  @Test
  void aContextGivesItsEntries() {
    Decoded.Group context =
        Blobs.hvmContext(
            Blob.ofHex(
                """
                0100 0000 18000000 86123854 01000000 ffffffffffffffff 120f8000 489d2700
                1300 0100 08000000 feffffffffffffff
                0000 0000 00000000
                """));
    assertEquals(
        "hvm_context{"
            + "0{typecode=0x0001 (HEADER); instance=0; length=24; body{"
            + "magic=0x54381286 (HVM_FILE_MAGIC); version=1; changeset=0xffffffffffffffff;"
            + " cpuid=0x00800f12 (family=23 model=1 stepping=2); gtsc_khz=2596168}}; "
            + "1{typecode=0x0013 (TSC_ADJUST); instance=1; length=8; body{tsc_adjust=-2}}; "
            + "2{typecode=0x0000 (END); instance=0; length=0; body{}}}",
        Rendering.of(context));
  }

  @Test
  void aContextThatDoesNotEndAsItShouldSaysWhy() {
    assertEquals(
        List.of("the context has no END entry"),
        Rendering.problems(Blobs.hvmContext(Blob.ofZeroes(0))));
    assertEquals(
        List.of("the descriptor at offset 0 is cut: 7 of 8 octets are there"),
        Rendering.problems(Blobs.hvmContext(Blob.ofZeroes(7))));
    assertEquals(
        List.of("3 octets follow the END entry"),
        Rendering.problems(Blobs.hvmContext(Blob.ofZeroes(11))));
    assertEquals(
        "hvm_context{problem: the entry at offset 0 (typecode 2) is cut: 1 of 1032 octets are"
            + " there}",
        Rendering.of(Blobs.hvmContext(Blob.ofHex("0200 0000 08040000 00"))));
  }

  @Test
  void anUnknownTypeKeepsItsOctets() {
    assertEquals(
        "unknown{typecode=0x0016 (unknown); instance=5; length=2; body=[beef]}",
        Rendering.of(Blobs.hvmRecord(22, 5, Blob.ofHex("beef"))));
  }

  @Test
  void everyTypecodeHasItsType() {
    int code = 0;
    for (HvmRecordType type : HvmRecordType.values()) {
      assertSame(type, HvmRecordType.of(code));
      assertEquals(code++, type.code());
    }
    assertEquals(21, HvmRecordType.values().length);
    assertNull(HvmRecordType.of(21));
    assertNull(HvmRecordType.of(-1));
  }

  @Test
  void aVcpuOfThisDay() {
    MemorySegment body =
        new Blob(1032)
            .u64(640, 0xffffffff8123c903L)
            .u64(656, 0x80050033L)
            .u64(672, 0x61c000)
            .u32(736, 0x10)
            .u64(744 + 64, 0)
            .u64(992, 0xd01)
            .u64(1000, 3)
            .u64(1008, 56858929610L)
            .u32(1016, 0x80000b0eL)
            .u32(1020, 2)
            .u32(1024, 1)
            .segment;
    assertEquals(0xffffffff8123c903L, HvmCpu.RIP.get(body));
    assertEquals(0x80050033L, HvmCpu.CR0.get(body));
    assertEquals(0x61c000, HvmCpu.CR3.get(body));
    assertEquals(0xd01, HvmCpu.EFER.get(body));
    assertEquals(56858929610L, HvmCpu.TSC.get(body));
    assertEquals(736, HvmCpu.segment("cs", "sel").offset());
    assertEquals(888 + 4 * 7, HvmCpu.segment("ldtr", "arbytes").offset());
    assertEquals(HvmCpu.RSP, HvmCpu.register(4));
    Decoded.Group tree = record(HvmRecordType.CPU, body);
    assertEquals(
        "cr0=0x0000000080050033 [PE, MP, ET, NE, WP, AM, PG]", Rendering.at(tree, "body.cr0"));
    assertEquals(
        "msr_efer=0x0000000000000d01 [SCE, LME, LMA, NXE]", Rendering.at(tree, "body.msr_efer"));
    assertEquals(
        "pending_event=0x80000b0e (vector=14 type=hardware exception with error code)",
        Rendering.at(tree, "body.pending_event"));
    assertEquals("flags=0x00000001 [FPU_INITIALISED]", Rendering.at(tree, "body.flags"));
    assertEquals(List.of(), Rendering.problems(tree));
  }

  @Test
  void aVcpuOfOlderReleases() {
    // Up to Xen 4.6 there were no flags; before 3.4 no msr_tsc_aux either.
    Decoded.Group upTo46 =
        record(HvmRecordType.CPU, new Blob(1024).u64(1000, 3).u64(1008, 99).segment);
    assertEquals("tsc=99", Rendering.at(upTo46, "body.tsc"));
    assertEquals("flags=0x00000000 []", Rendering.at(upTo46, "body.flags"));
    assertEquals("zero_extended_from=\"flags\"", Rendering.at(upTo46, "body.zero_extended_from"));

    Decoded.Group before34 = record(HvmRecordType.CPU, new Blob(1016).u64(1000, 99).segment);
    assertEquals("tsc=99", Rendering.at(before34, "body.tsc"));
    assertEquals("absent", Rendering.at(before34, "body.msr_tsc_aux"));
    assertEquals(List.of(), Rendering.problems(before34));
  }

  @Test
  void entriesThatGrewAreZeroExtendedAtFieldsOnly() {
    assertEquals(
        "zero_extended_from=\"pending_esr\"",
        Rendering.at(record(HvmRecordType.LAPIC, Blob.ofZeroes(24)), "body.zero_extended_from"));
    assertEquals(
        "zero_extended_from=\"rtc_offset\"",
        Rendering.at(record(HvmRecordType.RTC, Blob.ofZeroes(16)), "body.zero_extended_from"));
    assertEquals(
        "zero_extended_from=\"simp_msr\"",
        Rendering.at(
            record(HvmRecordType.VIRIDIAN_VCPU, Blob.ofZeroes(16)), "body.zero_extended_from"));
    assertEquals(
        "zero_extended_from=\"mci_ctl2_bank0\"",
        Rendering.at(record(HvmRecordType.VMCE_VCPU, Blob.ofZeroes(8)), "body.zero_extended_from"));
    assertEquals(
        List.of("cut in hvm_vmce_vcpu.mci_ctl2_bank0: 12 of 32 octets are there"),
        Rendering.problems(record(HvmRecordType.VMCE_VCPU, Blob.ofZeroes(12))));
    assertEquals(
        List.of("cut in hvm_hw_lapic after its last field: 28 of 32 octets are there"),
        Rendering.problems(record(HvmRecordType.LAPIC, Blob.ofZeroes(28))));
    assertEquals(
        List.of("cut in hvm_hw_rtc.cmos_index: 14 of 24 octets are there"),
        Rendering.problems(record(HvmRecordType.RTC, Blob.ofZeroes(14))));
    assertEquals(
        "unknown_tail=[00]",
        Rendering.at(record(HvmRecordType.TSC_ADJUST, Blob.ofZeroes(9)), "body.unknown_tail"));
  }

  @Test
  void platformDevices() {
    assertEquals(
        "body{irr=0x12; imr=0xff; isr=0x00; irq_base=0x30; state=0x21 (init_state=1"
            + " priority_add=2); mode=0x44 [auto_eoi, is_master]; elcr=0x24; int_output=0x00}",
        Rendering.at(record(HvmRecordType.PIC, Blob.ofHex("12ff0030 21442400")), "body"));
    assertEquals(
        "9=0x0500000000018921 (vector=33 delivery=lowest dest_mode=logical polarity=high"
            + " trig_mode=level masked dest_id=5)",
        Rendering.at(
            record(HvmRecordType.IOAPIC, new Blob(400).u64(16 + 72, 0x0500000000018921L).segment),
            "body.redirtbl.9"));
    assertEquals(
        "i=\"8,127\"",
        Rendering.at(
            record(HvmRecordType.PCI_IRQ, new Blob(16).u8(1, 1).u8(15, 0x80).segment), "body.i"));
    assertEquals(
        "route{0=5; 1=10; 2=11; 3=0}",
        Rendering.at(
            record(HvmRecordType.PCI_LINK, Blob.ofHex("050a0b00 00000000")), "body.route"));
    assertEquals(
        "mode=2",
        Rendering.at(
            record(HvmRecordType.PIT, new Blob(56).u8(16 + 13, 2).segment),
            "body.channels.1.mode"));
    assertEquals(
        "rtc_offset=-3600",
        Rendering.at(
            record(HvmRecordType.RTC, new Blob(24).u64(16, -3600).segment), "body.rtc_offset"));
    assertEquals(
        "period{0=250000; 1=0; 2=0}",
        Rendering.at(
            record(HvmRecordType.HPET, new Blob(1048).u64(1024, 250000).segment), "body.period"));
    assertEquals(
        "body{tmr_val=79531727; pm1a_sts=0x0000; pm1a_en=0x0320}",
        Rendering.at(
            record(HvmRecordType.PMTIMER, new Blob(8).u32(0, 79531727).u16(6, 0x320).segment),
            "body"));
  }

  @Test
  void localInterruptController() {
    Decoded.Group state =
        record(HvmRecordType.LAPIC, new Blob(32).u64(0, 0xfee00d00L).u32(8, 2).segment);
    assertEquals(
        "apic_base_msr=0x00000000fee00d00 (address=0xfee00000 BSP EXTD ENABLE)",
        Rendering.at(state, "body.apic_base_msr"));
    assertEquals("disabled=0x00000002 [SW_DISABLED]", Rendering.at(state, "body.disabled"));
    Decoded.Group registers =
        record(
            HvmRecordType.LAPIC_REGS,
            new Blob(1024)
                .u32(0x20, 0x01000000)
                .u32(0xf0, 0x1ff)
                .u32(0x210, 0x8000)
                .u32(0x320, 0x400ec)
                .u32(0x350, 0x10700)
                .segment);
    assertEquals("ID=0x01000000", Rendering.at(registers, "body.ID"));
    assertEquals("SPIV=0x000001ff (vector=255 enabled)", Rendering.at(registers, "body.SPIV"));
    assertEquals("IRR1=0x00008000", Rendering.at(registers, "body.IRR1"));
    assertEquals(
        "LVTT=0x000400ec (vector=236 mode=tsc-deadline)", Rendering.at(registers, "body.LVTT"));
    assertEquals(
        "LVT0=0x00010700 (vector=0 delivery=extint masked)", Rendering.at(registers, "body.LVT0"));
    assertEquals(List.of(), Rendering.problems(registers));
  }

  @Test
  void memoryTypes() {
    Decoded.Group mtrr =
        record(
            HvmRecordType.MTRR,
            new Blob(240).u64(0, 0x0007040600070406L).u64(224, 0x508).u64(232, 0xc06).segment);
    assertEquals(
        "msr_pat_cr=0x0007040600070406 (WB WT UC- UC WB WT UC- UC)",
        Rendering.at(mtrr, "body.msr_pat_cr"));
    assertEquals(
        "msr_mtrr_cap=0x0000000000000508 (variable=8 fixed wc)",
        Rendering.at(mtrr, "body.msr_mtrr_cap"));
    assertEquals(
        "msr_mtrr_def_type=0x0000000000000c06 (type=WB enabled fixed_enabled)",
        Rendering.at(mtrr, "body.msr_mtrr_def_type"));
  }

  @Test
  void furtherRegistersOfAVcpu() {
    MemorySegment body =
        new Blob(40).u32(0, 2).u32(8, 0x48).u64(16, 5).u32(24, 0xc0011027L).u64(32, 0xfff).segment;
    assertEquals(
        "msr{0{index=0x00000048 (SPEC_CTRL); _rsvd=0x00000000; val=0x0000000000000005 [IBRS,"
            + " SSBD]}; 1{index=0xc0011027 (AMD64_DR0_ADDRESS_MASK); _rsvd=0x00000000;"
            + " val=0x0000000000000fff}}",
        Rendering.at(record(HvmRecordType.CPU_MSR, body), "body.msr"));
    assertEquals(
        List.of(
            "cut in hvm_one_msr[1]: 15 of 16 octets are there",
            "count says 2 entries of 16 octets but 31 octets follow"),
        Rendering.problems(record(HvmRecordType.CPU_MSR, body.asSlice(0, 39))));
    assertEquals(
        List.of("cut in hvm_msr.count: 3 of 8 octets are there"),
        Rendering.problems(record(HvmRecordType.CPU_MSR, body.asSlice(0, 3))));
  }

  @Test
  void extendedState() {
    MemorySegment body =
        new Blob(24 + 832 + 8).u64(8, 7).u64(16, 7).u64(24 + 512, 6).u8(24 + 576 + 16, 9).segment;
    Decoded.Group tree = record(HvmRecordType.CPU_XSAVE, body);
    assertEquals("xcr0=0x0000000000000007 [X87, SSE, YMM]", Rendering.at(tree, "body.xcr0"));
    assertEquals(
        "xstate_bv=0x0000000000000006 [SSE, YMM]",
        Rendering.at(tree, "body.save_area.xsave_hdr.xstate_bv"));
    assertEquals(
        "ymm_high1=[09000000000000000000000000000000]",
        Rendering.at(tree, "body.save_area.ymm_high1"));
    assertEquals(
        "extended_region=[0000000000000000]", Rendering.at(tree, "body.save_area.extended_region"));
  }
}
