// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import org.jspecify.annotations.Nullable;

/// The types of entries in an HVM context (`DECLARE_HVM_SAVE_TYPE` in xen/include/public/hvm/save.h
/// and arch-x86/hvm/save.h).
///
/// Xen appends fields to the struct of an entry from release to release, and takes a shorter entry
/// of an older release as if zeroes followed. So an entry may be of any size from the oldest
/// release's to its own.
public enum HvmRecordType {
  /// Ends the context.
  END(0, null, 0),
  /// The version of the format and of the processor; first in every context.
  HEADER(1, HvmPlatform.HEADER, 24),
  /// A vCPU's registers.
  CPU(2, HvmCpu.STRUCT, HvmCpu.SIZE_BEFORE_3_4),
  /// One of the two interrupt controllers.
  PIC(3, HvmPlatform.PIC, 8),
  /// The I/O interrupt controller.
  IOAPIC(4, HvmPlatform.IOAPIC, 400),
  /// State of a vCPU's local interrupt controller that is in none of its registers.
  LAPIC(5, HvmLapic.STATE, 16),
  /// The page of registers of a vCPU's local interrupt controller.
  LAPIC_REGS(6, HvmLapic.REGISTERS, 1024),
  /// The interrupt wires of the PCI bus.
  PCI_IRQ(7, HvmPlatform.PCI_IRQ, 16),
  /// The interrupt wires of ISA devices.
  ISA_IRQ(8, HvmPlatform.ISA_IRQ, 8),
  /// The router from PCI interrupts to global ones.
  PCI_LINK(9, HvmPlatform.PCI_LINK, 8),
  /// The interval timer.
  PIT(10, HvmPlatform.PIT, 56),
  /// The real-time clock.
  RTC(11, HvmPlatform.RTC, 16),
  /// The high-precision timer.
  HPET(12, HvmPlatform.HPET, 1048),
  /// The ACPI power-management timer.
  PMTIMER(13, HvmPlatform.PMTIMER, 8),
  /// A vCPU's memory types.
  MTRR(14, HvmVcpuState.MTRR, 240),
  /// State of the Viridian interface of the domain.
  VIRIDIAN_DOMAIN(15, HvmVcpuState.VIRIDIAN_DOMAIN, 16),
  /// A vCPU's extended processor state; of any size from its header's on.
  CPU_XSAVE(16, HvmVcpuState.CPU_XSAVE, 24),
  /// State of the Viridian interface of a vCPU.
  VIRIDIAN_VCPU(17, HvmVcpuState.VIRIDIAN_VCPU, 8),
  /// A vCPU's machine-check state.
  VMCE_VCPU(18, HvmVcpuState.VMCE_VCPU, 8),
  /// A vCPU's TSC_ADJUST register.
  TSC_ADJUST(19, HvmVcpuState.TSC_ADJUST, 8),
  /// A vCPU's further model-specific registers; of any size from its header's on.
  CPU_MSR(20, HvmVcpuState.CPU_MSR, 8);

  private final int code;

  @SuppressWarnings("ImmutableEnumChecker") // its members are an unmodifiable list
  private final @Nullable Struct struct;

  private final int smallestSize;

  HvmRecordType(int code, @Nullable Struct struct, int smallestSize) {
    this.code = code;
    this.struct = struct;
    this.smallestSize = smallestSize;
  }

  /// The type's number, which is the typecode of its entries.
  public int code() {
    return code;
  }

  /// The size of the newest struct in octets, as of Xen 4.22; of CPU_XSAVE and CPU_MSR only that of
  /// the part before the area or the entries.
  public long size() {
    return struct == null ? 0 : struct.size();
  }

  /// The size of the struct in octets in the oldest release that had it. A shorter entry is no
  /// whole struct of any release (measured by compiling the headers of Xen 4.0 to 4.22; for CPU the
  /// older layout that the newest header still knows).
  public int smallestSize() {
    return smallestSize;
  }

  /// A number of the newest struct by its path, such as `msr_mtrr_cap` or `channels[0].gate`.
  ///
  /// @throws IllegalArgumentException if there is no such number
  public Field field(String path) {
    if (struct == null) {
      throw new IllegalArgumentException(name() + " has no fields");
    }
    return struct.field(path);
  }

  @Nullable Struct struct() {
    return struct;
  }

  /// The type of a typecode, or null if there is none.
  public static @Nullable HvmRecordType of(int typecode) {
    for (HvmRecordType type : values()) {
      if (type.code == typecode) {
        return type;
      }
    }
    return null;
  }
}
