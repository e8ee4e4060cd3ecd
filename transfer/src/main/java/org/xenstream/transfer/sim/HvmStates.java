// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.xenstream.x86.HvmCpu;
import org.xenstream.x86.HvmRecordType;

/// The HVM context of a simulated guest: well-formed as Xen writes it, type by type, with what its
/// loaders look at as it must be, and everything else drawn from the seed and a generation that the
/// guest counts up each time it suspends itself.
///
/// An entry has the length of Xen 4.17, which that release and all later ones take
/// (`DECLARE_HVM_SAVE_TYPE` in xen/include/public/arch-x86/hvm/save.h).
final class HvmStates {
  private static final int HEADER_LENGTH = 24;
  private static final int MAGIC = 0x5438_1286;

  /// LAPIC grew by 8 octets in 4.18.
  private static final int LAPIC_LENGTH = 24;

  private static final int SAVE_AREA = 512 + 64 + 256;
  private static final int DEBUG_MASK = 0xC001_1027;

  private final GuestSpec spec;
  private final ByteArrayOutputStream context = new ByteArrayOutputStream();
  private final long generation;

  private HvmStates(GuestSpec spec, long generation) {
    this.spec = spec;
    this.generation = generation;
  }

  /// The context of a generation, on the heap.
  static MemorySegment context(GuestSpec spec, long generation) {
    HvmStates states = new HvmStates(spec, generation);
    for (HvmRecordType type : HvmRecordType.values()) {
      states.add(type);
    }
    states.entry(HvmRecordType.END, 0, MemorySegment.ofArray(new byte[0]));
    return MemorySegment.ofArray(states.context.toByteArray());
  }

  private void add(HvmRecordType type) {
    switch (type) {
      case HEADER -> header();
      case CPU, CPU_XSAVE, CPU_MSR -> {
        // Xen leaves the vCPUs out that are down.
        for (int vcpu = 0; vcpu < spec.vcpus(); vcpu++) {
          if (spec.isOnline(vcpu)) {
            perVcpu(type, vcpu);
          }
        }
      }
      case LAPIC, LAPIC_REGS, MTRR, VMCE_VCPU, TSC_ADJUST -> {
        for (int vcpu = 0; vcpu < spec.vcpus(); vcpu++) {
          perVcpu(type, vcpu);
        }
      }
      case PIC -> {
        platform(type, 0);
        platform(type, 1);
      }
      case IOAPIC, PCI_IRQ, ISA_IRQ, PCI_LINK, PIT, RTC, HPET, PMTIMER -> platform(type, 0);
      case VIRIDIAN_DOMAIN, VIRIDIAN_VCPU, END -> {
        // Guests have no Viridian interface here, and the end comes last.
      }
    }
  }

  private void entry(HvmRecordType type, int instance, MemorySegment body) {
    MemorySegment descriptor = MemorySegment.ofArray(new byte[8]);
    descriptor.set(Words.U32, 0, type.code() | instance << 16);
    descriptor.set(Words.U32, 4, (int) body.byteSize());
    context.writeBytes(descriptor.toArray(ValueLayout.JAVA_BYTE));
    context.writeBytes(body.toArray(ValueLayout.JAVA_BYTE));
  }

  private static MemorySegment body(long length) {
    return MemorySegment.ofArray(new byte[(int) length]);
  }

  private Words words(HvmRecordType type, int instance) {
    return new Words(spec.seed(), generation << 16 | (long) instance << 8 | type.code());
  }

  private void header() {
    MemorySegment body = body(HEADER_LENGTH);
    HvmRecordType type = HvmRecordType.HEADER;
    type.field("magic").set(body, MAGIC);
    type.field("version").set(body, 1);
    type.field("changeset").set(body, -1);
    type.field("cpuid").set(body, 0x0005_06E3);
    type.field("gtsc_khz").set(body, GuestPolicy.tsc(spec).khz());
    entry(type, 0, body);
  }

  private void perVcpu(HvmRecordType type, int vcpu) {
    Words words = words(type, vcpu);
    MemorySegment body =
        switch (type) {
          case CPU -> cpu(words);
          case LAPIC -> lapic(vcpu, words);
          case LAPIC_REGS -> lapicRegisters(vcpu, words);
          case MTRR -> mtrr(words);
          case CPU_XSAVE -> xsave(words);
          case CPU_MSR -> msrs(words);
          case VMCE_VCPU -> {
            MemorySegment vmce = body(type.size());
            type.field("mci_ctl2_bank0").set(vmce, words.next());
            type.field("mci_ctl2_bank1").set(vmce, words.next());
            yield vmce;
          }
          default -> {
            MemorySegment octets = body(type.size());
            words.fill(octets);
            yield octets;
          }
        };
    entry(type, vcpu, body);
  }

  private static MemorySegment cpu(Words words) {
    HvmRecordType type = HvmRecordType.CPU;
    MemorySegment body = body(type.size());
    PvStates.saveArea(body.asSlice(0, 512), words);
    for (int i = 0; i < 16; i++) {
      HvmCpu.register(i).set(body, words.next());
    }
    HvmCpu.RIP.set(body, 0xFFFF_FFFF_8100_0000L | words.next() >>> 40);
    type.field("rflags").set(body, 0x202);
    HvmCpu.CR0.set(body, 0x8005_0033L);
    type.field("cr2").set(body, words.next() >>> 17);
    HvmCpu.CR3.set(body, words.next() >>> 32 & -0x1000L);
    HvmCpu.CR4.set(body, 0x6B0);
    for (String register : new String[] {"dr0", "dr1", "dr2", "dr3"}) {
      type.field(register).set(body, words.next() >>> 17);
    }
    type.field("dr6").set(body, 0xFFFF_0FF0L);
    type.field("dr7").set(body, 0x400);
    segment(body, "cs", 0x10, 0xA9B);
    segment(body, "ss", 0x18, 0xC93);
    segment(body, "ds", 0x18, 0xC93);
    segment(body, "es", 0x18, 0xC93);
    segment(body, "fs", 0, 0x1C000);
    segment(body, "gs", 0, 0x1C000);
    segment(body, "tr", 0x40, 0x8B);
    segment(body, "ldtr", 0, 0x1C000);
    for (String base : new String[] {"fs", "gs", "idtr", "gdtr", "tr"}) {
      HvmCpu.segment(base, "base").set(body, words.next() >>> 17);
    }
    HvmCpu.segment("idtr", "limit").set(body, 0xFFF);
    HvmCpu.segment("gdtr", "limit").set(body, 0x7F);
    for (String msr : new String[] {"sysenter_esp", "sysenter_eip", "shadow_gs", "msr_lstar"}) {
      type.field(msr).set(body, words.next() >>> 17);
    }
    type.field("msr_star").set(body, 0x0023_0010_0000_0000L);
    type.field("msr_syscall_mask").set(body, 0x47700);
    HvmCpu.EFER.set(body, 0xD01);
    type.field("msr_tsc_aux").set(body, words.next32());
    HvmCpu.TSC.set(body, words.next() >>> 8);
    type.field("flags").set(body, 1);
    return body;
  }

  private static void segment(MemorySegment body, String name, int selector, int attributes) {
    HvmCpu.segment(name, "sel").set(body, selector);
    HvmCpu.segment(name, "limit").set(body, 0xFFFF_FFFFL);
    HvmCpu.segment(name, "arbytes").set(body, attributes);
  }

  private static MemorySegment lapic(int vcpu, Words words) {
    HvmRecordType type = HvmRecordType.LAPIC;
    MemorySegment body = body(LAPIC_LENGTH);
    type.field("apic_base_msr").set(body, 0xFEE0_0800L | (vcpu == 0 ? 0x100 : 0));
    type.field("timer_divisor").set(body, 16);
    type.field("tdt_msr").set(body, words.next() >>> 8);
    return body;
  }

  private static MemorySegment lapicRegisters(int vcpu, Words words) {
    HvmRecordType type = HvmRecordType.LAPIC_REGS;
    MemorySegment body = body(type.size());
    type.field("ID").set(body, (2L * vcpu) << 24);
    type.field("LVR").set(body, 0x0005_0014);
    type.field("TASKPRI").set(body, words.next() & 0xF0);
    type.field("LDR").set(body, 1L << (24 + vcpu % 8));
    type.field("DFR").set(body, 0xFFFF_FFFFL);
    type.field("SPIV").set(body, 0x1FF);
    for (int i = 1; i < 8; i++) {
      type.field("IRR" + i).set(body, words.next32());
      type.field("TMR" + i).set(body, words.next32());
    }
    for (String lvt : new String[] {"LVTT", "LVTTHMR", "LVTPC", "LVT0", "LVT1", "LVTERR"}) {
      type.field(lvt).set(body, 0x10000);
    }
    type.field("TMICT").set(body, words.next32());
    return body;
  }

  private static MemorySegment mtrr(Words words) {
    HvmRecordType type = HvmRecordType.MTRR;
    MemorySegment body = body(type.size());
    type.field("msr_pat_cr").set(body, 0x0007_0406_0007_0406L);
    for (int i = 0; i < 16; i += 2) {
      type.field("msr_mtrr_var[" + i + "]").set(body, words.next() >>> 28 & -0x1000L);
      type.field("msr_mtrr_var[" + (i + 1) + "]").set(body, 0xFF_C000_0800L);
    }
    for (int i = 0; i < 11; i++) {
      type.field("msr_mtrr_fixed[" + i + "]").set(body, 0x0606_0606_0606_0606L);
    }
    type.field("msr_mtrr_cap").set(body, 0x508);
    type.field("msr_mtrr_def_type").set(body, 0xC06);
    return body;
  }

  private static MemorySegment xsave(Words words) {
    HvmRecordType type = HvmRecordType.CPU_XSAVE;
    MemorySegment body = body(type.size() + SAVE_AREA);
    type.field("xfeature_mask").set(body, 7);
    type.field("xcr0").set(body, 7);
    type.field("xcr0_accum").set(body, 7);
    PvStates.saveArea(body.asSlice(type.size()), words);
    return body;
  }

  private static MemorySegment msrs(Words words) {
    HvmRecordType type = HvmRecordType.CPU_MSR;
    MemorySegment body = body(type.size() + 16);
    type.field("count").set(body, 1);
    Words.msr(body.asSlice(type.size()), 0, DEBUG_MASK, words.next32());
    return body;
  }

  /// The devices of an HVM guest's platform, which a PVH guest has not.
  private void platform(HvmRecordType type, int instance) {
    if (spec.kind() == GuestKind.PVH) {
      return;
    }
    Words words = words(type, instance);
    MemorySegment body = body(type.size());
    switch (type) {
      case PIC -> {
        type.field("imr").set(body, words.next());
        type.field("irq_base").set(body, 0x30 + 8L * instance);
        type.field("mode").set(body, instance == 0 ? 1 << 6 : 0);
        type.field("elcr").set(body, instance == 0 ? 0x20 : 0x0C);
      }
      case PCI_LINK -> {
        for (int link = 0; link < 4; link++) {
          type.field("route[" + link + "]").set(body, words.next() & 15);
        }
      }
      case PIT -> pit(body, words);
      case RTC -> {
        for (int i = 0; i < 14; i++) {
          type.field("cmos_data[" + i + "]").set(body, words.next());
        }
        type.field("rtc_offset").set(body, words.next() >>> 40);
      }
      case PMTIMER -> type.field("tmr_val").set(body, words.next());
      case HPET -> {
        type.field("capability").set(body, 0x0429_B17F_8086_A201L);
        type.field("mc64").set(body, words.next() >>> 8);
        for (int i = 0; i < 3; i++) {
          type.field("timers[" + i + "].config").set(body, 0x0070_0000_0000_0030L);
          type.field("timers[" + i + "].cmp").set(body, words.next() >>> 8);
        }
      }
      case IOAPIC -> {
        type.field("base_address").set(body, 0xFEC0_0000L);
        for (int i = 0; i < 48; i++) {
          type.field("redirtbl[" + i + "]").set(body, 0x10000 | (words.next() & 0xFF));
        }
      }
      // What wires are up: a bitmap.
      default -> words.fill(body);
    }
    entry(type, instance, body);
  }

  private static void pit(MemorySegment body, Words words) {
    HvmRecordType type = HvmRecordType.PIT;
    for (int channel = 0; channel < 3; channel++) {
      String of = "channels[" + channel + "].";
      type.field(of + "count").set(body, 1 + (words.next() & 0xFFFF));
      type.field(of + "latched_count").set(body, words.next());
      type.field(of + "rw_mode").set(body, 3);
      type.field(of + "mode").set(body, 2);
      type.field(of + "gate").set(body, 1);
    }
  }
}
