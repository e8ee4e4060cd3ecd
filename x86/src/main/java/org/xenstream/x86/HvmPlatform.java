// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

/// The devices of an HVM guest's platform that Xen itself emulates
/// (xen/include/public/arch-x86/hvm/save.h).
final class HvmPlatform {

  private HvmPlatform() {}

  /// What the `magic` of a HEADER entry is (`HVM_FILE_MAGIC`).
  static final long MAGIC = 0x5438_1286L;

  static final Struct HEADER =
      Struct.of64("hvm_save_header")
          .u32("magic", Show.explained(m -> m == MAGIC ? "HVM_FILE_MAGIC" : "unknown"))
          .u32("version", Show.DECIMAL)
          .u64("changeset", Show.HEX)
          .u32("cpuid", Show.explained(CpuidPolicy::signature))
          .u32("gtsc_khz", Show.DECIMAL)
          .build();

  /// Two octets of bit-fields: `init_state` and `priority_add`, then flags.
  static final Struct PIC =
      Struct.of64("hvm_hw_vpic")
          .each(1, Show.HEX, "irr imr isr irq_base")
          .u8(
              "state",
              Show.explained(s -> "init_state=%d priority_add=%d".formatted(s & 15, s >>> 4)))
          .u8(
              "mode",
              BitNames.of(
                  """
                  0:readsel_isr 1:poll 2:auto_eoi 3:rotate_on_auto_eoi 4:special_fully_nested_mode
                  5:special_mask_mode 6:is_master
                  """))
          .each(1, Show.HEX, "elcr int_output")
          .build();

  private static final Show REDIRECTION =
      Show.explained(entry ->
          "vector=%d delivery=%s dest_mode=%s polarity=%s trig_mode=%s%s%s dest_id=%d"
              .formatted(
                  entry & 0xff,
                  HvmLapic.delivery(entry),
                  (entry & 1 << 11) != 0 ? "logical" : "physical",
                  (entry & 1 << 13) != 0 ? "low" : "high",
                  (entry & 1 << 15) != 0 ? "level" : "edge",
                  (entry & 1 << 14) != 0 ? " remote_irr" : "",
                  (entry & 1 << 16) != 0 ? " masked" : "",
                  entry >>> 56));

  static final Struct IOAPIC =
      Struct.of64("hvm_hw_vioapic")
          .u64("base_address", Show.HEX)
          .each(4, Show.HEX, "ioregsel id")
          .numbers("redirtbl", 48, 8, REDIRECTION)
          .build();

  /// A bit for each of the four interrupts of each of 32 devices.
  static final Struct PCI_IRQ = Struct.of64("hvm_hw_pci_irqs").bitmap("i", 16, 8).build();

  static final Struct ISA_IRQ = Struct.of64("hvm_hw_isa_irqs").bitmap("i", 8, 8).build();

  static final Struct PCI_LINK =
      Struct.of64("hvm_hw_pci_link")
          .numbers("route", 4, 1, Show.DECIMAL)
          .octets("pad0", 4, 1)
          .build();

  static final Struct PIT =
      Struct.of64("hvm_hw_pit")
          .table(
              "channels",
              3,
              Struct.of64("hvm_hw_pit_channel")
                  .u32("count", Show.DECIMAL)
                  .u16("latched_count", Show.DECIMAL)
                  .each(
                      1,
                      Show.DECIMAL,
                      "count_latched status_latched status read_state write_state write_latch"
                          + " rw_mode mode bcd gate")
                  .build())
          .u32("speaker_data_on", Show.DECIMAL)
          .u32("pad0", Show.HEX)
          .build();

  static final Struct RTC =
      Struct.of64("hvm_hw_rtc")
          .numbers("cmos_data", 14, 1, Show.HEX)
          .u8("cmos_index", Show.HEX)
          .u8("pad0", Show.HEX)
          .u64("rtc_offset", Show.SIGNED)
          .build();

  static final Struct HPET =
      Struct.of64("hvm_hw_hpet")
          .each(8, Show.HEX, "capability res0 config res1 isr")
          .octets("res2", 200, 8)
          .each(8, Show.HEX, "mc64 res3")
          .table(
              "timers",
              3,
              Struct.of64("hpet_timer").each(8, Show.HEX, "config cmp fsb res4").build())
          .octets("res5", 672, 8)
          .numbers("period", 3, 8, Show.DECIMAL)
          .build();

  static final Struct PMTIMER =
      Struct.of64("hvm_hw_pmtimer")
          .u32("tmr_val", Show.DECIMAL)
          .u16("pm1a_sts", Show.HEX)
          .u16("pm1a_en", Show.HEX)
          .build();
}
