// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static org.xenstream.core.verify.Report.expected;
import static org.xenstream.core.verify.Report.hex;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.Wire;

/// What `XEN_DOMCTL_setvcpuextstate` in `xen/arch/x86/domctl.c` and `validate_xstate` in
/// `xen/arch/x86/xstate.c` ask of an X86_PV_VCPU_XSAVE, as far as the host's CPU does not decide.
///
/// ```
///  xcr0  xcr0_accum  legacy area  xstate_bv  xcomp_bv  reserved  components
///  0     8           16           528        536       544       592
/// ```
final class VcpuXsaveCheck {
  private static final int HEADER = 8;

  /// Octets before the area.
  private static final int MASKS = 16;

  private static final long XSTATE_BV = MASKS + XsaveMask.LEGACY;
  private static final long XCOMP_BV = XSTATE_BV + 8;
  private static final long RESERVED = XSTATE_BV + 16;
  private static final long SHORTEST = MASKS + XsaveMask.SHORTEST;

  private final @Nullable Release target;

  /// @param target the release whose hypervisor judges, or null for any
  VcpuXsaveCheck(@Nullable Release target) {
    this.target = target;
  }

  /// Judges the content of a record.
  ///
  /// @param xsave as long as the masks at least
  void judge(MemorySegment xsave, Frame frame, Report report) {
    long xcr0 = Wire.u64(xsave, 0);
    long accumulated = Wire.u64(xsave, 8);
    long octets = xsave.byteSize();
    if (accumulated == 0) {
      if (xcr0 != 0) {
        masks(0, "xcr0", "0 where xcr0_accum is", xcr0, frame, report);
      } else if (octets != MASKS && !report.counted(Rule.VCPU_XSAVE_AREA)) {
        report.length(Rule.VCPU_XSAVE_AREA, frame, (HEADER + MASKS) + " where xcr0_accum is 0");
      }
      return;
    }
    boolean valid = valid(8, "xcr0_accum", accumulated, frame, report);
    if ((xcr0 & ~accumulated) != 0) {
      masks(0, "xcr0", "bits within xcr0_accum, " + hex(accumulated), xcr0, frame, report);
    } else {
      valid(0, "xcr0", xcr0, frame, report);
    }
    if (valid) {
      length(accumulated, octets, frame, report);
    }
    if (octets >= SHORTEST) {
      header(xsave, accumulated, frame, report);
    }
  }

  private boolean valid(long at, String field, long mask, Frame frame, Report report) {
    String wanted = XsaveMask.fault(mask, target);
    if (wanted != null) {
      masks(at, field, wanted, mask, frame, report);
    }
    return wanted == null;
  }

  private static void masks(
      long at, String field, String wanted, long found, Frame frame, Report report) {
    if (!report.counted(Rule.VCPU_XSAVE_MASKS)) {
      report.at(Rule.VCPU_XSAVE_MASKS, frame, HEADER + at, field, expected(wanted, hex(found)));
    }
  }

  /// Up to 4.7.0 a host took any length up to that of the mask.
  private void length(long mask, long octets, Frame frame, Report report) {
    long least = MASKS + XsaveMask.leastLength(mask);
    boolean exact = target == null || target.atLeast(7);
    boolean known = XsaveMask.hasKnownLength(mask);
    boolean fits = octets >= (exact ? least : SHORTEST) && (!known || octets <= least);
    if (!fits && !report.counted(Rule.VCPU_XSAVE_AREA)) {
      String wanted =
          exact
              ? (known ? "" : "at least ") + (HEADER + least)
              : (known ? "" : "at least ")
                  + (HEADER + SHORTEST)
                  + (known ? " to " + (HEADER + least) : "");
      report.length(
          Rule.VCPU_XSAVE_AREA, frame, "%s for xcr0_accum %s".formatted(wanted, hex(mask)));
    }
  }

  private void header(MemorySegment xsave, long accumulated, Frame frame, Report report) {
    long present = Wire.u64(xsave, XSTATE_BV);
    if ((present & ~accumulated) != 0) {
      area(
          XSTATE_BV,
          "xstate_bv",
          "bits within xcr0_accum, " + hex(accumulated),
          present,
          frame,
          report);
    }
    if (target != null && !target.atLeast(7)) {
      return;
    }
    if (Wire.u64(xsave, XCOMP_BV) != 0) {
      area(XCOMP_BV, "xcomp_bv", "0", Wire.u64(xsave, XCOMP_BV), frame, report);
    }
    long set = Report.firstSet(xsave.asSlice(RESERVED, SHORTEST - RESERVED));
    if (set >= 0) {
      long octet = Byte.toUnsignedLong(xsave.get(ValueLayout.JAVA_BYTE, RESERVED + set));
      area(RESERVED + set, "reserved", "0", octet, frame, report);
    }
  }

  private static void area(
      long at, String field, String wanted, long found, Frame frame, Report report) {
    if (!report.counted(Rule.VCPU_XSAVE_AREA)) {
      report.at(Rule.VCPU_XSAVE_AREA, frame, HEADER + at, field, expected(wanted, hex(found)));
    }
  }
}
