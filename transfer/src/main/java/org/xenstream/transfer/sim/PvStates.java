// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.lang.foreign.MemorySegment;
import java.util.function.LongUnaryOperator;
import org.xenstream.transfer.Hypervisor.VcpuState;
import org.xenstream.x86.Blobs;
import org.xenstream.x86.Cr3;
import org.xenstream.x86.Field;
import org.xenstream.x86.SharedInfo;
import org.xenstream.x86.VcpuContext;

/// What the vCPUs of a simulated PV guest hold: everything drawn from the seed, the vCPU and a
/// generation that the guest counts up each time it suspends itself, so that an older context
/// differs from the right one; but for the fields that Xen and the tools look at.
final class PvStates {
  private static final int GDT_ENTRIES_IN_FRAME = 512;
  private static final long X87_SSE_AVX = 7;
  private static final int SAVE_AREA = 512 + 64 + 256;
  private static final int LEGACY_AREA = 512;

  /// MSRs that Xen takes for a PV guest (`XEN_DOMCTL_set_vcpu_msrs` in xen/arch/x86/domctl.c):
  /// TSC_AUX and AMD's debug address masks.
  private static final int[] MSRS = {0xC000_0103, 0xC001_1027, 0xC001_1019};

  private static final String[] WORD_REGISTERS_64 = {
    "r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rsi", "rdi"
  };
  private static final String[] WORD_REGISTERS_32 = {"ebx", "ecx", "esi", "edi", "ebp", "eax"};

  private final GuestSpec spec;
  private final PvLayout layout;
  private final VcpuContext context;

  PvStates(PvLayout layout) {
    this.spec = layout.spec;
    this.layout = layout;
    this.context = VcpuContext.of(layout.width);
  }

  /// The state of a vCPU as the hypervisor has it.
  ///
  /// @param mfns gives the mfn of a pfn
  MemorySegment state(VcpuState kind, int vcpu, long generation, LongUnaryOperator mfns) {
    return switch (kind) {
      case BASIC -> basic(vcpu, words(vcpu, generation, 0), mfns);
      case EXTENDED -> extended(vcpu, words(vcpu, generation, 1));
      case XSAVE -> xsave(words(vcpu, generation, 2));
      case MSRS -> msrs(words(vcpu, generation, 3));
    };
  }

  private Words words(int vcpu, long generation, int what) {
    return new Words(spec.seed(), generation << 16 | (long) vcpu << 4 | what);
  }

  private MemorySegment basic(int vcpu, Words words, LongUnaryOperator mfns) {
    MemorySegment blob = MemorySegment.ofArray(new byte[(int) context.size()]);
    saveArea(blob.asSlice(0, LEGACY_AREA), words);
    context.flags.set(blob, VcpuContext.FPU_VALID | VcpuContext.IN_KERNEL | VcpuContext.ONLINE);
    boolean wide = layout.width == 8;
    for (String register : wide ? WORD_REGISTERS_64 : WORD_REGISTERS_32) {
      context.field("user_regs." + register).set(blob, words.next());
    }
    context.instructionPointer.set(blob, kernelAddress(words));
    context.stackPointer.set(blob, kernelAddress(words));
    context.field("user_regs." + (wide ? "rflags" : "eflags")).set(blob, 0x202);
    context.field("user_regs.cs").set(blob, wide ? 0xE033 : 0xE019);
    context.field("user_regs.ss").set(blob, wide ? 0xE02B : 0xE021);
    for (int trap = 0; trap < 20; trap++) {
      String entry = "trap_ctxt[" + trap + "].";
      context.field(entry + "vector").set(blob, trap);
      context.field(entry + "cs").set(blob, wide ? 0xE033 : 0xE019);
      context.field(entry + "address").set(blob, kernelAddress(words));
    }
    int frames = layout.gdtFrames(vcpu);
    for (int i = 0; i < frames; i++) {
      context.gdtFrames.set(blob, i, mfns.applyAsLong(layout.gdtPfn(vcpu, i)));
    }
    context.gdtEntries.set(blob, (long) (frames - 1) * GDT_ENTRIES_IN_FRAME + 32);
    context.field("kernel_ss").set(blob, wide ? 0xE02B : 0xE021);
    context.field("kernel_sp").set(blob, kernelAddress(words));
    controlRegisters(blob, words, mfns);
    context.field("event_callback_eip").set(blob, kernelAddress(words));
    context.field("failsafe_callback_eip").set(blob, kernelAddress(words));
    if (wide) {
      context.field("syscall_callback_eip").set(blob, kernelAddress(words));
      context.field("fs_base").set(blob, words.next() >>> 17);
      context.field("gs_base_kernel").set(blob, kernelAddress(words));
      context.field("gs_base_user").set(blob, words.next() >>> 17);
    }
    context.assists.set(blob, wide ? 0x20 : 0x28);
    if (vcpu == 0) {
      context.edx.set(blob, mfns.applyAsLong(layout.startInfo));
    }
    return blob;
  }

  private void controlRegisters(MemorySegment blob, Words words, LongUnaryOperator mfns) {
    long top = mfns.applyAsLong(layout.tablePfn(layout.tree.root(TableTree.KERNEL)));
    context.controlRegisters.set(blob, 0, 0x8005_003B);
    context.controlRegisters.set(blob, 2, words.next() >>> 17);
    context.controlRegisters.set(blob, 3, Cr3.fromFrame(top, layout.width));
    context.controlRegisters.set(blob, 4, 0x2620);
    if (layout.width == 8) {
      long user = mfns.applyAsLong(layout.tablePfn(layout.tree.root(TableTree.USER)));
      context.controlRegisters.set(blob, 1, Cr3.fromFrame(user, layout.width));
    }
    for (int i = 0; i < 4; i++) {
      context.debugRegisters.set(blob, i, words.next() >>> 17);
    }
    context.debugRegisters.set(blob, 6, 0xFFFF_0FF0L);
    context.debugRegisters.set(blob, 7, 0x400);
  }

  private long kernelAddress(Words words) {
    return layout.width == 8
        ? 0xFFFF_FFFF_8000_0000L | words.next() >>> 34
        : 0xC000_0000L | words.next() >>> 36;
  }

  private MemorySegment extended(int vcpu, Words words) {
    MemorySegment blob = MemorySegment.ofArray(new byte[Blobs.VCPU_EXTENDED_SIZE]);
    Blobs.vcpuExtendedField("vcpu").set(blob, vcpu);
    Blobs.vcpuExtendedField("size").set(blob, Blobs.VCPU_EXTENDED_STRUCT_SIZE);
    Blobs.vcpuExtendedField("syscall32_callback_eip").set(blob, kernelAddress(words));
    Blobs.vcpuExtendedField("sysenter_callback_eip").set(blob, kernelAddress(words));
    Blobs.vcpuExtendedField("syscall32_callback_cs").set(blob, 0xE023);
    Blobs.vcpuExtendedField("sysenter_callback_cs").set(blob, 0xE023);
    Blobs.vcpuExtendedField("sysenter_disables_events").set(blob, 1);
    return blob;
  }

  private static MemorySegment xsave(Words words) {
    MemorySegment blob = MemorySegment.ofArray(new byte[Blobs.VCPU_XSAVE_HEADER_SIZE + SAVE_AREA]);
    Blobs.vcpuXsaveField("xcr0").set(blob, X87_SSE_AVX);
    Blobs.vcpuXsaveField("xcr0_accum").set(blob, X87_SSE_AVX);
    saveArea(blob.asSlice(Blobs.VCPU_XSAVE_HEADER_SIZE), words);
    return blob;
  }

  /// Fills the FPU's part of a state, with the header of an XSAVE area where there is room for it.
  static void saveArea(MemorySegment area, Words words) {
    long registers = Blobs.saveAreaField("mxcsr_mask").end();
    words.fill(area.asSlice(registers, 24 * 16));
    Blobs.saveAreaField("fcw").set(area, 0x37F);
    Blobs.saveAreaField("mxcsr").set(area, 0x1F80);
    Blobs.saveAreaField("mxcsr_mask").set(area, 0xFFFF);
    if (area.byteSize() > LEGACY_AREA) {
      Blobs.saveAreaField("xstate_bv").set(area, X87_SSE_AVX);
      words.fill(area.asSlice(LEGACY_AREA + 64));
    }
  }

  private static MemorySegment msrs(Words words) {
    MemorySegment blob = MemorySegment.ofArray(new byte[16 * MSRS.length]);
    for (int i = 0; i < MSRS.length; i++) {
      Words.msr(blob, i, MSRS[i], words.next32());
    }
    return blob;
  }

  /// Writes into the shared info page what vCPUs have there and a restore keeps: all of `vcpu_info`
  /// but what tells of pending events.
  void fillVcpuInfo(MemorySegment page, long generation) {
    for (int vcpu = 0; vcpu < spec.vcpus(); vcpu++) {
      for (Field field : vcpuInfo(vcpu)) {
        Words words = words(vcpu, generation, 4);
        field.set(page, words.next() + field.offset());
      }
    }
  }

  /// Tells whether [#fillVcpuInfo] wrote this; gives the first field that is otherwise, or null.
  @org.jspecify.annotations.Nullable
  Field differsInVcpuInfo(MemorySegment page, long generation) {
    for (int vcpu = 0; vcpu < spec.vcpus(); vcpu++) {
      for (Field field : vcpuInfo(vcpu)) {
        Words words = words(vcpu, generation, 4);
        long mask = field.width() == 8 ? -1 : (1L << (8 * field.width())) - 1;
        if (field.get(page) != ((words.next() + field.offset()) & mask)) {
          return field;
        }
      }
    }
    return null;
  }

  private Field[] vcpuInfo(int vcpu) {
    SharedInfo shared = SharedInfo.of(layout.width);
    String info = "vcpu_info[" + vcpu + "].";
    return new Field[] {
      shared.field(info + "arch.cr2"),
      shared.field(info + "time.tsc_timestamp"),
      shared.field(info + "time.system_time"),
      shared.field(info + "time.tsc_to_system_mul")
    };
  }
}
