// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the hypervisor's `hvm_load` asks of the entries of an HVM context, release by release.
///
/// Sources: xen/include/public/arch-x86/hvm/save.h (the lengths, measured by compiling it),
/// xen/arch/x86/hvm/save.c (`hvm_load`, `_hvm_check_entry`; xen/common/hvm/save.c before 4.10) and
/// the load handlers it calls. A handler reads its entry strictly (`hvm_load_entry`: the exact
/// length) or zero-extended (`hvm_load_entry_zeroextend`: any length up to its own, the rest taken
/// as zero), so that a newer hypervisor takes an older entry and never the other way round.
///
/// The order of entries is free but for HEADER, which must be first and is refused anywhere else,
/// and END, which ends the context; octets after END are not looked at.
public final class HvmContextFacts {

  /// Typecode of the entry that ends a context.
  public static final int END = 0;

  /// Typecode of the entry that starts a context.
  public static final int HEADER = 1;

  /// The highest typecode that any release knows.
  public static final int LAST = 20;

  /// What the header's `magic` must be (`HVM_FILE_MAGIC`), in every release.
  public static final int MAGIC = 0x54381286;

  /// What the header's `version` must be (`HVM_FILE_VERSION`), in every release.
  public static final int VERSION = 1;

  /// Most vCPUs of an HVM guest (`HVM_MAX_VCPUS`), in every release: an instance must be below.
  public static final int MAX_VCPUS = 128;

  /// How an entry's length is judged.
  public enum Form {
    /// Exactly [Length#max()].
    EXACT,
    /// [Length#min()] or [Length#max()], the former being an older layout.
    EITHER,
    /// At most [Length#max()]; what is missing counts as zero.
    ZERO_EXTENDED,
    /// At least [Length#min()]. The XSAVE area's `xcr0_accum` says the length to the octet; zeros
    /// beyond that pass.
    XSAVE,
    /// 8 and 16 for each MSR, of which there is at least one.
    MSRS,
    /// Not looked at.
    ANY
  }

  /// The lengths, in octets, that an entry's body may have.
  ///
  /// @param form how the length is judged
  /// @param min the least length that passes
  /// @param max the greatest length that passes, or `Integer.MAX_VALUE` without a fixed limit
  public record Length(Form form, int min, int max) {

    /// Tells whether a body of this length (octets, taken as unsigned) passes.
    public boolean accepts(int length) {
      long octets = Integer.toUnsignedLong(length);
      return switch (form) {
        case EXACT, ZERO_EXTENDED, XSAVE -> octets >= min && octets <= max;
        case EITHER -> octets == min || octets == max;
        case MSRS -> octets >= min && octets % 16 == 8;
        case ANY -> true;
      };
    }

    /// The expectation in words, for a message: for example `at most 1032 octets`.
    @Override
    public String toString() {
      return switch (form) {
        case EXACT -> max + " octets";
        case EITHER -> min + " or " + max + " octets";
        case ZERO_EXTENDED -> "at most " + max + " octets";
        case XSAVE -> "at least " + min + " octets";
        case MSRS -> "8 octets and 16 for each MSR, at least " + min;
        case ANY -> "any length";
      };
    }
  }

  private static final Length ANY = new Length(Form.ANY, 0, Integer.MAX_VALUE);

  /// What is asked of each entry of an image is worked out once.
  private static final class Table {
    /// By typecode.
    static final Map<Release, List<Length>> OF_RELEASE = new EnumMap<>(Release.class);

    static {
      for (Release release : Release.ALL) {
        List<Length> lengths = new ArrayList<>();
        for (int typecode = 0; typecode <= LAST; typecode++) {
          lengths.add(of(release, typecode));
        }
        OF_RELEASE.put(release, List.copyOf(lengths));
      }
    }

    private Table() {}
  }

  private HvmContextFacts() {}

  /// What a release asks of a typecode, null where it does not know it. All know the same.
  static @Nullable Length length(Release release, int typecode) {
    List<Length> lengths = Table.OF_RELEASE.get(release);
    return lengths != null && typecode >= 0 && typecode <= LAST ? lengths.get(typecode) : null;
  }

  /// Tells whether a length is right for any release.
  static boolean someReleaseTakes(int typecode, long length) {
    // The newest first, which takes nearly all that any took; without an object for each entry.
    for (int i = Release.ALL.size() - 1; i >= 0; i--) {
      Length of = length(Release.ALL.get(i), typecode);
      if (of != null && of.accepts((int) length)) {
        return true;
      }
    }
    return false;
  }

  private static Length of(Release release, int typecode) {
    return switch (typecode) {
      case END -> ANY;
      case HEADER -> exactly(24);
      // 1016 is the layout without msr_tsc_aux. 4.7 added flags and became lenient.
      case 2 -> release.atLeast(7) ? atMost(1032) : new Length(Form.EITHER, 1016, 1024);
      case 3 -> exactly(8);
      case 4 -> exactly(400);
      // 32 with commit 4a480e7a14 or its backports: 4.18.5, 4.19.2, 4.20.1, 4.21.0.
      case 5 -> atMost(release.atLeast(18) ? 32 : 24);
      case 6 -> exactly(1024);
      case 7 -> exactly(16);
      case 8, 9, 13, 19 -> exactly(8);
      case 10 -> exactly(56);
      case 11 -> release.atLeast(14) ? atMost(24) : exactly(16);
      case 12 -> exactly(1048);
      case 14 -> exactly(240);
      case 15 -> atMost(32);
      // Three u64 and the least XSAVE area: legacy region and header.
      case 16 -> new Length(Form.XSAVE, 24 + 576, Integer.MAX_VALUE);
      case 17 -> release.atLeast(13) ? atMost(216) : release.atLeast(7) ? atMost(16) : exactly(8);
      case 18 -> atMost(release.atLeast(10) ? 32 : 24);
      case 20 -> new Length(Form.MSRS, 24, Integer.MAX_VALUE);
      default -> throw new IllegalArgumentException("no typecode " + typecode);
    };
  }

  /// Tells whether the instance of an entry with this typecode is the number of a vCPU; the others
  /// belong to the domain and have instance 0, but for the two of PIC (3).
  public static boolean isPerVcpu(int typecode) {
    return switch (typecode) {
      case 2, 5, 6, 14, 16, 17, 18, 19, 20 -> true;
      default -> false;
    };
  }

  /// Tells whether an entry with this typecode is the state of a device that the hypervisor
  /// emulates for an HVM guest and not for a PVH one: PIC, IOAPIC, PIT, RTC, HPET and PMTIMER.
  static boolean isOfPc(int typecode) {
    return switch (typecode) {
      case 3, 4, 10, 11, 12, 13 -> true;
      default -> false;
    };
  }

  /// The name of a typecode as in xen/include/public/arch-x86/hvm/save.h, or its number.
  public static String nameOf(int typecode) {
    return switch (typecode) {
      case END -> "END";
      case HEADER -> "HEADER";
      case 2 -> "CPU";
      case 3 -> "PIC";
      case 4 -> "IOAPIC";
      case 5 -> "LAPIC";
      case 6 -> "LAPIC_REGS";
      case 7 -> "PCI_IRQ";
      case 8 -> "ISA_IRQ";
      case 9 -> "PCI_LINK";
      case 10 -> "PIT";
      case 11 -> "RTC";
      case 12 -> "HPET";
      case 13 -> "PMTIMER";
      case 14 -> "MTRR";
      case 15 -> "VIRIDIAN_DOMAIN";
      case 16 -> "CPU_XSAVE";
      case 17 -> "VIRIDIAN_VCPU";
      case 18 -> "VMCE_VCPU";
      case 19 -> "TSC_ADJUST";
      case 20 -> "CPU_MSR";
      default -> Integer.toString(typecode);
    };
  }

  private static Length exactly(int octets) {
    return new Length(Form.EXACT, octets, octets);
  }

  private static Length atMost(int octets) {
    return new Length(Form.ZERO_EXTENDED, 0, octets);
  }
}
