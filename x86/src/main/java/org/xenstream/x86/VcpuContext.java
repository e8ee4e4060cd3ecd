// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

/// A PV guest's vCPU, `struct vcpu_guest_context` of xen/include/public/arch-x86/xen.h: the body of
/// an X86_PV_VCPU_BASIC record. Its layout depends on the width of the guest.
///
/// In a stream, the frames of `gdt_frames`, `ctrlreg[3]` and `ctrlreg[1]` are pfns; in a running
/// guest they are mfns.
public final class VcpuContext {

  // The tables stand before the layouts that are made of them.

  /// `VGCF_*`.
  static final BitNames FLAGS =
      BitNames.of(
          """
          0:i387_valid 2:in_kernel 3:failsafe_disables_events 4:syscall_disables_events 5:online
          8:in_syscall
          """);

  /// `VMASST_TYPE_*` of xen/include/public/xen.h.
  static final BitNames ASSISTS =
      BitNames.of(
          """
          0:4gb_segments 1:4gb_segments_notify 2:writable_pagetables 3:pae_extended_cr3
          4:architectural_iopl 5:runstate_update_flag 32:m2p_strict
          """);

  private static final Show TRAP_FLAGS =
      Show.explained(
          flags -> "dpl=%d%s".formatted(flags & 3, (flags & 4) != 0 ? " disables_events" : ""));

  /// Of a 64-bit guest.
  public static final VcpuContext OF_64_BIT = new VcpuContext(8);

  /// Of a 32-bit guest.
  public static final VcpuContext OF_32_BIT = new VcpuContext(4);

  /// The size of a 64-bit guest's context in octets.
  public static final int SIZE_64 = 5168;

  /// The size of a 32-bit guest's context in octets.
  public static final int SIZE_32 = 2800;

  /// The bit of [#flags] that says that the vCPU is online (`VGCF_online`).
  public static final long ONLINE = 1 << 5;

  /// The bit of [#flags] that says that the FPU area is in use (`VGCF_i387_valid`).
  public static final long FPU_VALID = 1;

  /// The bit of [#flags] that says that the vCPU was in the guest's kernel (`VGCF_in_kernel`).
  public static final long IN_KERNEL = 1 << 2;

  /// The most frames of a GDT: the entries after them are Xen's (`FIRST_RESERVED_GDT_PAGE`).
  public static final int GDT_GUEST_FRAMES = 14;

  /// The most entries of a guest's GDT (`FIRST_RESERVED_GDT_ENTRY`).
  public static final int GDT_GUEST_ENTRIES = GDT_GUEST_FRAMES * 4096 / 8;

  final Struct layout;

  /// The width of a word of the guest in octets: 8 or 4.
  public final int guestWidth;

  /// Flags: [#ONLINE] and others.
  public final Field flags;

  /// The instruction pointer.
  public final Field instructionPointer;

  /// The stack pointer.
  public final Field stackPointer;

  /// The register edx or rdx: while a guest is suspended, vCPU 0 holds the frame of start_info
  /// there.
  public final Field edx;

  /// The register eax or rax: what the suspend hypercall returns.
  public final Field eax;

  /// The frames of the GDT, of which [#gdtEntries] says how many count (512 entries each).
  public final FieldArray gdtFrames;

  /// The number of entries of the GDT.
  public final Field gdtEntries;

  /// Control registers: 3 holds the page table, and in a 64-bit guest 1 that of user mode; see
  /// [Cr3].
  public final FieldArray controlRegisters;

  /// Debug registers.
  public final FieldArray debugRegisters;

  /// The bitmap of enabled assists (`VMASST_TYPE_*`).
  public final Field assists;

  private VcpuContext(int guestWidth) {
    this.guestWidth = guestWidth;
    this.layout = layout(guestWidth);
    String letter = guestWidth == 8 ? "r" : "e";
    this.flags = layout.field("flags");
    this.instructionPointer = layout.field("user_regs." + letter + "ip");
    this.stackPointer = layout.field("user_regs." + letter + "sp");
    this.edx = layout.field("user_regs." + letter + "dx");
    this.eax = layout.field("user_regs." + letter + "ax");
    this.gdtFrames = layout.array("gdt_frames");
    this.gdtEntries = layout.field("gdt_ents");
    this.controlRegisters = layout.array("ctrlreg");
    this.debugRegisters = layout.array("debugreg");
    this.assists = layout.field("vm_assist");
  }

  /// The layout for a width.
  ///
  /// @param guestWidth 8 or 4
  /// @throws IllegalArgumentException if it is neither
  public static VcpuContext of(int guestWidth) {
    return Struct.ofWidth(guestWidth, OF_64_BIT, OF_32_BIT);
  }

  /// The size of the context in octets.
  public long size() {
    return layout.size();
  }

  private static Struct layout(int word) {
    Struct trap =
        Struct.of("trap_info", word)
            .u8("vector", Show.DECIMAL)
            .u8("flags", TRAP_FLAGS)
            .u16("cs", Show.HEX)
            .word("address", Show.HEX)
            .build();
    Struct.Builder context =
        Struct.of("vcpu_guest_context", word)
            .nested("fpu_ctxt", FpuArea.LEGACY)
            .word("flags", FLAGS)
            .nested("user_regs", word == 8 ? registers64() : registers32())
            .sparse("trap_ctxt", 256, trap, 0)
            .word("ldt_base", Show.HEX)
            .word("ldt_ents", Show.DECIMAL)
            .words("gdt_frames", 16, Show.HEX)
            .word("gdt_ents", Show.DECIMAL)
            .word("kernel_ss", Show.HEX)
            .word("kernel_sp", Show.HEX)
            .words("ctrlreg", 8, Show.HEX)
            .words("debugreg", 8, Show.HEX);
    if (word == 8) {
      context.each(8, Show.HEX, "event_callback_eip failsafe_callback_eip syscall_callback_eip");
    } else {
      context.each(
          4,
          Show.HEX,
          "event_callback_cs event_callback_eip failsafe_callback_cs failsafe_callback_eip");
    }
    context.word("vm_assist", ASSISTS);
    if (word == 8) {
      context.each(8, Show.HEX, "fs_base gs_base_kernel gs_base_user");
    }
    return context.build();
  }

  /// `struct cpu_user_regs` of xen/include/public/arch-x86/xen-x86_64.h.
  private static Struct registers64() {
    return Struct.of64("cpu_user_regs")
        .each(8, Show.HEX, "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi")
        .each(4, Show.HEX, "error_code entry_vector")
        .u64("rip", Show.HEX)
        .u16("cs", Show.HEX)
        .octets("_pad0", 2, 2)
        .u8("saved_upcall_mask", Show.DECIMAL)
        .octets("_pad1", 3, 1)
        .u64("rflags", RegisterBits.RFLAGS)
        .u64("rsp", Show.HEX)
        .u16("ss", Show.HEX)
        .octets("_pad2", 6, 2)
        .u16("es", Show.HEX)
        .octets("_pad3", 6, 2)
        .u16("ds", Show.HEX)
        .octets("_pad4", 6, 2)
        .u16("fs", Show.HEX)
        .octets("_pad5", 6, 2)
        .u16("gs", Show.HEX)
        .octets("_pad6", 6, 2)
        .build();
  }

  /// `struct cpu_user_regs` of xen/include/public/arch-x86/xen-x86_32.h.
  private static Struct registers32() {
    return Struct.of("cpu_user_regs", 4)
        .each(4, Show.HEX, "ebx ecx edx esi edi ebp eax")
        .each(2, Show.HEX, "error_code entry_vector")
        .u32("eip", Show.HEX)
        .u16("cs", Show.HEX)
        .u8("saved_upcall_mask", Show.DECIMAL)
        .u8("_pad0", Show.HEX)
        .u32("eflags", RegisterBits.RFLAGS)
        .u32("esp", Show.HEX)
        .each(2, Show.HEX, "ss _pad1 es _pad2 ds _pad3 fs _pad4 gs _pad5")
        .build();
  }
}
