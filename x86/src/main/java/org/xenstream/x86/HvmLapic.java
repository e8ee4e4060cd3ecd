// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

/// A vCPU's local interrupt controller (xen/include/public/arch-x86/hvm/save.h; the registers by
/// the names of xen/arch/x86/include/asm/apicdef.h).
final class HvmLapic {

  private HvmLapic() {}

  private static final String[] DELIVERY = {
    "fixed", "lowest", "smi", "remote read", "nmi", "init", "startup", "extint"
  };

  /// How an interrupt is delivered: bits 8 to 10 of most things that make one.
  static String delivery(long bits) {
    return DELIVERY[(int) (bits >>> 8 & 7)];
  }

  private static final Show LVT =
      Show.explained(lvt ->
          "vector=%d delivery=%s%s"
              .formatted(lvt & 0xff, delivery(lvt), (lvt & 1 << 16) != 0 ? " masked" : ""));

  private static final String[] TIMER_MODES = {"one-shot", "periodic", "tsc-deadline", "reserved"};

  private static final Show LVT_TIMER =
      Show.explained(lvt ->
          "vector=%d mode=%s%s"
              .formatted(
                  lvt & 0xff,
                  TIMER_MODES[(int) (lvt >>> 17 & 3)],
                  (lvt & 1 << 16) != 0 ? " masked" : ""));

  private static final Show SPURIOUS =
      Show.explained(spiv ->
          "vector=%d %s".formatted(spiv & 0xff, (spiv & 1 << 8) != 0 ? "enabled" : "disabled"));

  private static final Show COMMAND =
      Show.explained(icr ->
          "vector=%d delivery=%s destination=%s"
              .formatted(icr & 0xff, delivery(icr), (icr & 1 << 11) != 0 ? "logical" : "physical"));

  private static final Show APIC_BASE =
      Show.explained(base ->
          "address=0x%x %s"
              .formatted(
                  base & 0x000f_ffff_ffff_f000L,
                  String.join(" ", RegisterBits.APIC_BASE_FLAGS.set(base & 0xfff))));

  private static final BitNames DISABLED = BitNames.of("0:HW_DISABLED 1:SW_DISABLED");

  static final Struct STATE =
      Struct.of64("hvm_hw_lapic")
          .u64("apic_base_msr", APIC_BASE)
          .u32("disabled", DISABLED)
          .u32("timer_divisor", Show.DECIMAL)
          .u64("tdt_msr", Show.DECIMAL)
          .u32("pending_esr", Show.HEX)
          .build();

  /// A register is the first 4 octets of 16; the others are reserved.
  static final Struct REGISTERS = registers();

  private static Struct registers() {
    Registers page = new Registers();
    page.at(0x20, "ID", Show.HEX);
    page.at(0x30, "LVR", Show.HEX);
    page.at(0x80, "TASKPRI", Show.HEX);
    page.at(0x90, "ARBPRI", Show.HEX);
    page.at(0xa0, "PROCPRI", Show.HEX);
    page.at(0xb0, "EOI", Show.HEX);
    page.at(0xc0, "RRR", Show.HEX);
    page.at(0xd0, "LDR", Show.HEX);
    page.at(0xe0, "DFR", Show.HEX);
    page.at(0xf0, "SPIV", SPURIOUS);
    for (int i = 0; i < 8; i++) {
      page.at(0x100 + 16 * i, "ISR" + i, Show.HEX);
    }
    for (int i = 0; i < 8; i++) {
      page.at(0x180 + 16 * i, "TMR" + i, Show.HEX);
    }
    for (int i = 0; i < 8; i++) {
      page.at(0x200 + 16 * i, "IRR" + i, Show.HEX);
    }
    page.at(
        0x280,
        "ESR",
        BitNames.of("0:SEND_CS 1:RECV_CS 2:SEND_ACC 3:RECV_ACC 5:SENDILL 6:RECVILL 7:ILLREGA"));
    page.at(0x2f0, "CMCI", LVT);
    page.at(0x300, "ICR", COMMAND);
    page.at(0x310, "ICR2", Show.HEX);
    page.at(0x320, "LVTT", LVT_TIMER);
    page.at(0x330, "LVTTHMR", LVT);
    page.at(0x340, "LVTPC", LVT);
    page.at(0x350, "LVT0", LVT);
    page.at(0x360, "LVT1", LVT);
    page.at(0x370, "LVTERR", LVT);
    page.at(0x380, "TMICT", Show.DECIMAL);
    page.at(0x390, "TMCCT", Show.DECIMAL);
    page.at(0x3e0, "TDCR", Show.HEX);
    page.at(0x3f0, "SELF_IPI", Show.HEX);
    return page.build();
  }

  /// Places registers, and names what lies between them `reserved_` and its offset.
  private static final class Registers {
    private final Struct.Builder struct = Struct.of64("hvm_hw_lapic_regs");
    private int end;

    void at(int offset, String name, Show show) {
      fill(offset);
      struct.u32(name, show);
      end = offset + 4;
    }

    private void fill(int to) {
      if (to > end) {
        struct.octets("reserved_%03x".formatted(end), to - end, 4);
      }
    }

    Struct build() {
      fill(1024);
      return struct.build();
    }
  }
}
