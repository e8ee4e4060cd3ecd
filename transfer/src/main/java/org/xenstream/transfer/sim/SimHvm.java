// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.HvmContextCursor;
import org.xenstream.core.format.Wire;
import org.xenstream.x86.HvmParam;
import org.xenstream.x86.HvmRecordType;

/// What an HVM guest has beside its memory: params and context, with the rules of
/// `hvm_allow_set_param` and `hvm_set_param` (xen/arch/x86/hvm/hvm.c) and of `hvm_load` (save.c).
final class SimHvm {
  private static final int HEADER = HvmRecordType.HEADER.code();
  private static final int HEADER_MAGIC = 0x54381286;

  /// The legacy area and the header of an XSAVE area (`XSTATE_AREA_MIN_SIZE`).
  private static final int XSAVE_LEAST = 512 + 64;

  private static final int MSR_OCTETS = 16;
  private static final long VIRIDIAN_KNOWN = 0x1FFF;
  private static final int TSS_SIZE = 104;
  private static final int TSS_MOST = TSS_SIZE + 0x100 / 8 + 0x10000 / 8 + 1;

  private final long[] params = new long[HvmParam.values().length];
  private final List<SimOutcome.ParamSet> set = new ArrayList<>();
  private @Nullable MemorySegment context;

  /// The params as they were set, in order.
  List<SimOutcome.ParamSet> set() {
    return List.copyOf(set);
  }

  long param(int index, boolean enforced) throws XenError {
    HvmParam param = known(index);
    if (enforced && isDeprecated(param)) {
      throw new XenError(Errno.EINVAL, param + " is deprecated");
    }
    return param == HvmParam.VM86_TSS
        ? params[HvmParam.VM86_TSS_SIZED.index()] & 0xFFFF_FFFFL
        : params[index];
  }

  private HvmParam known(int index) throws XenError {
    HvmParam param = HvmParam.of(Integer.toUnsignedLong(index));
    if (param == null) {
      throw new XenError(
          Errno.EINVAL,
          "there are %d params, and none is number %s"
              .formatted(params.length, Integer.toUnsignedString(index)));
    }
    return param;
  }

  private static boolean isDeprecated(HvmParam param) {
    return switch (param) {
      case PAE_ENABLED,
          DM_DOMAIN,
          MEMORY_EVENT_CR0,
          MEMORY_EVENT_CR3,
          MEMORY_EVENT_CR4,
          MEMORY_EVENT_INT3,
          NESTEDHVM,
          MEMORY_EVENT_SINGLE_STEP,
          BUFIOREQ_EVTCHN,
          MEMORY_EVENT_MSR ->
          true;
      default -> false;
    };
  }

  void setParam(int index, long value, boolean enforced) throws XenError {
    HvmParam param = known(index);
    if (enforced) {
      check(param, value);
    }
    set.add(new SimOutcome.ParamSet(index, value));
    if (param == HvmParam.VM86_TSS) {
      // Old firmware took a size of 128 octets for granted.
      params[HvmParam.VM86_TSS_SIZED.index()] = value == 0 ? 0 : value | 128L << 32;
    } else if (param == HvmParam.VM86_TSS_SIZED && value >>> 32 > TSS_MOST) {
      params[index] = (value & 0xFFFF_FFFFL) | ((long) TSS_MOST << 32);
    } else {
      params[index] = value;
    }
  }

  private void check(HvmParam param, long value) throws XenError {
    if (isDeprecated(param)) {
      throw new XenError(Errno.EINVAL, param + " is deprecated");
    }
    long old = params[param.index()];
    boolean good =
        switch (param) {
          case ALTP2M -> throw new XenError(Errno.EEXIST, "ALTP2M cannot be set");
          case VIRIDIAN -> once(param, old, value) && (value & 1) != 0 && value <= VIRIDIAN_KNOWN;
          case IOREQ_PFN, BUFIOREQ_PFN, IOREQ_SERVER_PFN, MCA_CAP -> once(param, old, value);
          case NR_IOREQ_SERVER_PAGES -> once(param, old, value) && value > 0 && value <= 64;
          case TIMER_MODE -> value >= 0 && value <= 3;
          case ACPI_S_STATE -> value == 0 || value == 3;
          case TRIPLE_FAULT_REASON -> value >= 0 && value <= 5;
          case X87_FIP_WIDTH -> value == 0 || value == 4 || value == 8;
          case VM86_TSS -> value >>> 32 == 0;
          case VM86_TSS_SIZED -> value >>> 32 >= TSS_SIZE;
          case ACPI_IOPORTS_LOCATION -> value == 0 || value == 1;
          default -> true;
        };
    if (!good) {
      throw new XenError(Errno.EINVAL, "%s cannot be 0x%x".formatted(param, value));
    }
  }

  private static boolean once(HvmParam param, long old, long value) throws XenError {
    if (old != 0 && old != value) {
      throw new XenError(
          Errno.EEXIST, "%s is 0x%x and cannot become 0x%x".formatted(param, old, value));
    }
    return true;
  }

  /// The context as it was set; before that the shortest there can be.
  MemorySegment context() {
    if (context != null) {
      return context;
    }
    MemorySegment shortest = MemorySegment.ofArray(new byte[8 + 24 + 8]);
    shortest.set(ValueLayout.JAVA_INT_UNALIGNED, 0, HEADER);
    shortest.set(ValueLayout.JAVA_INT_UNALIGNED, 4, 24);
    shortest.set(ValueLayout.JAVA_INT_UNALIGNED, 8, HEADER_MAGIC);
    shortest.set(ValueLayout.JAVA_INT_UNALIGNED, 12, 1);
    return shortest;
  }

  boolean hasContext() {
    return context != null;
  }

  void setContext(MemorySegment octets, int vcpus, boolean enforced) throws XenError {
    if (enforced) {
      checkContext(octets, vcpus);
    }
    context = MemorySegment.ofArray(octets.toArray(ValueLayout.JAVA_BYTE));
  }

  private static void checkContext(MemorySegment octets, int vcpus) throws XenError {
    HvmContextCursor cursor = HvmContextCursor.over(octets);
    if (!cursor.next()
        || cursor.typecode() != HEADER
        || cursor.length() != HvmRecordType.HEADER.size()) {
      throw new XenError(Errno.ENODATA, "the context does not begin with a header");
    }
    if (Wire.u32(cursor.body(), 0) != HEADER_MAGIC) {
      throw new XenError(
          Errno.EINVAL, "the context's magic is 0x%x".formatted(Wire.u32(cursor.body(), 0)));
    }
    while (cursor.next() && cursor.typecode() != HvmContextCursor.END) {
      HvmRecordType type = HvmRecordType.of(cursor.typecode());
      if (type == null || type == HvmRecordType.HEADER) {
        throw new XenError(Errno.EINVAL, "the context has a record " + cursor.typecode());
      }
      checkEntry(type, cursor, vcpus);
    }
    cursor.next();
    if (cursor.state() != HvmContextCursor.State.ENDED_BY_END) {
      throw new XenError(Errno.ENODATA, "the context has no end");
    }
  }

  /// What the handler of a type makes of an entry's descriptor, before it looks at its values.
  private static void checkEntry(HvmRecordType type, HvmContextCursor entry, int vcpus)
      throws XenError {
    boolean ofVcpu =
        switch (type) {
          case CPU,
              LAPIC,
              LAPIC_REGS,
              MTRR,
              CPU_XSAVE,
              VIRIDIAN_VCPU,
              VMCE_VCPU,
              TSC_ADJUST,
              CPU_MSR ->
              true;
          default -> false;
        };
    if (ofVcpu && entry.instance() >= vcpus) {
      throw new XenError(
          Errno.EINVAL, "%s of vCPU %d of %d".formatted(type, entry.instance(), vcpus));
    }
    long length = entry.length();
    boolean good =
        switch (type) {
          case CPU_XSAVE -> length >= type.size() + XSAVE_LEAST;
          case CPU_MSR -> {
            long room = length - type.size();
            yield room > 0
                && room == Integer.toUnsignedLong(Wire.u32(entry.body(), 0)) * MSR_OCTETS;
          }
          // What newer releases have appended is taken for zero.
          case CPU, LAPIC, RTC, VIRIDIAN_DOMAIN, VIRIDIAN_VCPU, VMCE_VCPU -> length <= type.size();
          default -> length == type.size();
        };
    if (!good) {
      boolean noData = type == HvmRecordType.IOAPIC || type == HvmRecordType.PIT;
      throw new XenError(
          noData ? Errno.ENODATA : Errno.EINVAL, "%s of %d octets".formatted(type, length));
    }
  }
}
