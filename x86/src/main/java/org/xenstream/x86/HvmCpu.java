// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import java.util.Locale;

/// A vCPU of an HVM guest, `struct hvm_hw_cpu` of xen/include/public/arch-x86/hvm/save.h: the body
/// of a CPU entry.
///
/// The fields here hold from Xen 3.4 on; `flags` since 4.7. (The entry of an older Xen,
/// [#SIZE_BEFORE_3_4] octets, has no `msr_tsc_aux`, so that `tsc` and what follows stand 8 octets
/// earlier.)
public final class HvmCpu {

  private HvmCpu() {}

  /// The size of the entry of a Xen before 3.4 in octets (`struct hvm_hw_cpu_compat`).
  public static final int SIZE_BEFORE_3_4 = 1016;

  private static final Show ATTRIBUTES = Show.explained(RegisterBits::segmentAttributes);

  private static final String[] EVENT_TYPES = {
    "external interrupt",
    "reserved",
    "nmi",
    "hardware exception",
    "software interrupt",
    "privileged software exception",
    "software exception",
    "other"
  };

  private static final Show PENDING_EVENT =
      Show.explained(event ->
          event >>> 31 == 0
              ? "none"
              : "vector=%d type=%s%s"
                  .formatted(
                      event & 0xff,
                      EVENT_TYPES[(int) (event >>> 8 & 7)],
                      (event & 1 << 11) != 0 ? " with error code" : ""));

  private static final String[] SEGMENTS = {"cs", "ds", "es", "fs", "gs", "ss", "tr", "ldtr"};

  static final Struct STRUCT = layout(true);

  /// The layout of a Xen before 3.4.
  static final Struct BEFORE_3_4 = layout(false);

  /// The instruction pointer.
  public static final Field RIP = STRUCT.field("rip");

  /// The stack pointer.
  public static final Field RSP = STRUCT.field("rsp");

  /// Control register 0.
  public static final Field CR0 = STRUCT.field("cr0");

  /// Control register 3: the address of the top page table.
  public static final Field CR3 = STRUCT.field("cr3");

  /// Control register 4.
  public static final Field CR4 = STRUCT.field("cr4");

  /// The extended feature enable register.
  public static final Field EFER = STRUCT.field("msr_efer");

  /// The code segment's attributes, as Xen packs them.
  public static final Field CS_ATTRIBUTES = STRUCT.field("cs_arbytes");

  /// The guest's time stamp counter.
  public static final Field TSC = STRUCT.field("tsc");

  /// The general registers in the order of their numbers.
  public static Field register(int number) {
    String[] names = {
      "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
      "r13", "r14", "r15"
    };
    return STRUCT.field(names[number]);
  }

  /// A segment's number of the given kind (`sel`, `limit`, `base` or `arbytes`).
  ///
  /// @param segment `cs`, `ds`, `es`, `fs`, `gs`, `ss`, `tr` or `ldtr`; for `limit` and `base` also
  ///   `idtr` and `gdtr`
  /// @throws IllegalArgumentException if there is no such number
  public static Field segment(String segment, String kind) {
    return STRUCT.field(segment.toLowerCase(Locale.ROOT) + "_" + kind);
  }

  private static Struct layout(boolean withTscAux) {
    Struct.Builder cpu =
        Struct.of64("hvm_hw_cpu")
            .nested("fpu_regs", FpuArea.LEGACY)
            .each(8, Show.HEX, "rax rbx rcx rdx rbp rsi rdi rsp r8 r9 r10 r11 r12 r13 r14 r15")
            .u64("rip", Show.HEX)
            .u64("rflags", RegisterBits.RFLAGS)
            .u64("cr0", RegisterBits.CR0)
            .each(8, Show.HEX, "cr2 cr3")
            .u64("cr4", RegisterBits.CR4)
            .each(8, Show.HEX, "dr0 dr1 dr2 dr3")
            .u64("dr6", RegisterBits.DR6)
            .u64("dr7", Show.HEX);
    for (String segment : SEGMENTS) {
      cpu.u32(segment + "_sel", Show.HEX);
    }
    for (String segment : SEGMENTS) {
      cpu.u32(segment + "_limit", Show.HEX);
    }
    cpu.each(4, Show.HEX, "idtr_limit gdtr_limit");
    for (String segment : SEGMENTS) {
      cpu.u64(segment + "_base", Show.HEX);
    }
    cpu.each(8, Show.HEX, "idtr_base gdtr_base");
    for (String segment : SEGMENTS) {
      cpu.u32(segment + "_arbytes", ATTRIBUTES);
    }
    cpu.each(
            8,
            Show.HEX,
            """
            sysenter_cs sysenter_esp sysenter_eip shadow_gs msr_flags msr_lstar msr_star msr_cstar
            msr_syscall_mask
            """)
        .u64("msr_efer", RegisterBits.EFER);
    if (withTscAux) {
      cpu.u64("msr_tsc_aux", Show.HEX);
    }
    cpu.u64("tsc", Show.DECIMAL).u32("pending_event", PENDING_EVENT).u32("error_code", Show.HEX);
    if (withTscAux) {
      cpu.u32("flags", BitNames.of("0:FPU_INITIALISED")).u32("pad0", Show.HEX);
    }
    return cpu.build();
  }
}
