// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static org.xenstream.core.verify.Report.expected;
import static org.xenstream.core.verify.Report.hex;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.Wire;

/// What `arch_set_info_guest` of `xen/arch/x86/domain.c` asks of an X86_PV_VCPU_BASIC beyond what
/// libxc looks at, and `XEN_DOMCTL_set_ext_vcpucontext` of `xen/arch/x86/domctl.c` of the registers
/// in an X86_PV_VCPU_EXTENDED (`docs/format/releases.md`, "Records of a PV guest").
///
/// A `vcpu_guest_context` of 64 bits (`xen/include/public/arch-x86/xen.h`):
///
/// ```
///  rip  rsp  trap_ctxt  ldt_base  ldt_ents  kernel_sp  debugreg  callbacks  vm_assist  fs, gs bases
///  648  672  720        4816      4824      4976       5048      5112       5136       5144
/// ```
///
/// and of 32 bits: eflags 552, ldt_base 2632, ldt_ents 2636. An extended context: callbacks 8 and
/// 16, machine-check capabilities 32.
final class VcpuRegisterCheck {
  private static final int HEADER = 8;
  private static final int MOST_LDT_ENTRIES = 8192;
  private static final int TRAPS = 256;
  private static final int TRAP = 16;
  private static final int DEBUG_ADDRESSES = 4;
  private static final int MACHINE_CHECKS_END = 40;
  private static final long EFLAGS_VM = 1L << 17;

  /// Where Xen's own addresses begin and end.
  private static final long LOW_END = 1L << 47;

  private static final long XEN_END = 0xFFFF_8800_0000_0000L;

  /// Bits 0 to 5, and m2p_strict.
  private static final long VM_ASSISTS = 0x3F | 1L << 32;

  private final Release release;

  /// @param target the release whose hypervisor judges, or null for the newest
  VcpuRegisterCheck(@Nullable Release target) {
    this.release = target == null ? Release.latest() : target;
  }

  /// Judges a context whose length is that of the guest's width.
  void judge(long vcpu, MemorySegment context, int width, Frame frame, Report report) {
    if (width == 8) {
      ldt(Wire.u64(context, 4816), Wire.u64(context, 4824), 4816, width, frame, report);
      wide(vcpu, context, frame, report);
    } else {
      ldt(
          Integer.toUnsignedLong(Wire.u32(context, 2632)),
          Integer.toUnsignedLong(Wire.u32(context, 2636)),
          2632,
          width,
          frame,
          report);
      long eflags = Integer.toUnsignedLong(Wire.u32(context, 552));
      if (release.atLeast(21) && (eflags & EFLAGS_VM) != 0) {
        say(552, "user_regs.eflags", "bit 17 clear", eflags, frame, report);
      }
    }
  }

  /// Judges an extended context.
  ///
  /// @param size how many of its octets count, by its own word
  void extended(MemorySegment context, long size, Frame frame, Report report) {
    MemorySegment whole = MemorySegment.ofArray(new byte[MACHINE_CHECKS_END]);
    MemorySegment.copy(context, 0, whole, 0, Math.min(whole.byteSize(), context.byteSize()));
    canonical(whole, 8, "context.syscall32_callback_eip", frame, report);
    canonical(whole, 16, "context.sysenter_callback_eip", frame, report);
    long known = HvmVcpuCheck.machineCheckCaps(release);
    if (size >= MACHINE_CHECKS_END && (Wire.u64(whole, 32) & ~known) != 0) {
      String wanted = "no bit beyond " + hex(known);
      say(32, "context.mcg_cap", wanted, Wire.u64(whole, 32), frame, report);
    }
  }

  private static void ldt(long base, long entries, long at, int width, Frame frame, Report report) {
    if ((base & (Wire.PAGE_SIZE - 1)) != 0 && !report.counted(Rule.VCPU_LDT)) {
      report.at(
          Rule.VCPU_LDT, frame, HEADER + at, "ldt_base", expected("a page's start", hex(base)));
    }
    if (Long.compareUnsigned(entries, MOST_LDT_ENTRIES) > 0 && !report.counted(Rule.VCPU_LDT)) {
      report.at(
          Rule.VCPU_LDT,
          frame,
          HEADER + at + width,
          "ldt_ents",
          expected("at most " + MOST_LDT_ENTRIES, Long.toUnsignedString(entries)));
    }
  }

  private void wide(long vcpu, MemorySegment context, Frame frame, Report report) {
    canonical(context, 648, "user_regs.rip", frame, report);
    canonical(context, 672, "user_regs.rsp", frame, report);
    for (int i = 0; i < TRAPS; i++) {
      long at = 720 + i * TRAP + 8L;
      if (!isCanonical(Wire.u64(context, at))) {
        canonical(context, at, "trap_ctxt[" + i + "].address", frame, report);
      }
    }
    if (Wire.u64(context, 4824) != 0) {
      canonical(context, 4816, "ldt_base", frame, report);
    }
    canonical(context, 4976, "kernel_sp", frame, report);
    canonical(context, 5112, "event_callback_eip", frame, report);
    canonical(context, 5120, "failsafe_callback_eip", frame, report);
    canonical(context, 5128, "syscall_callback_eip", frame, report);
    canonical(context, 5144, "fs_base", frame, report);
    canonical(context, 5152, "gs_base_kernel", frame, report);
    canonical(context, 5160, "gs_base_user", frame, report);
    if (release.atLeast(18)) {
      debug(context, frame, report);
    }
    long assists = Wire.u64(context, 5136);
    if (release.atLeast(12) && vcpu == 0 && (assists & ~VM_ASSISTS) != 0) {
      say(5136, "vm_assist", "no bit beyond " + hex(VM_ASSISTS), assists, frame, report);
    }
  }

  private static void debug(MemorySegment context, Frame frame, Report report) {
    for (int i = 0; i < DEBUG_ADDRESSES; i++) {
      long address = Wire.u64(context, 5048 + 8L * i);
      boolean ok =
          Long.compareUnsigned(address, LOW_END) < 0 || Long.compareUnsigned(address, XEN_END) >= 0;
      if (!ok) {
        say(
            5048 + 8L * i,
            "debugreg[" + i + "]",
            "an address of the guest's",
            address,
            frame,
            report);
      }
    }
    for (int i = 6; i < 8; i++) {
      long status = Wire.u64(context, 5048 + 8L * i);
      if (status >>> 32 != 0) {
        say(5048 + 8L * i, "debugreg[" + i + "]", "32 bits", status, frame, report);
      }
    }
  }

  private static boolean isCanonical(long address) {
    return address >> 47 == address >> 63;
  }

  private static void canonical(
      MemorySegment context, long at, String field, Frame frame, Report report) {
    long address = Wire.u64(context, at);
    if (!isCanonical(address)) {
      say(at, field, "a canonical address", address, frame, report);
    }
  }

  private static void say(
      long at, String field, String wanted, long found, Frame frame, Report report) {
    if (!report.counted(Rule.VCPU_REGISTERS)) {
      report.at(Rule.VCPU_REGISTERS, frame, HEADER + at, field, expected(wanted, hex(found)));
    }
  }
}
