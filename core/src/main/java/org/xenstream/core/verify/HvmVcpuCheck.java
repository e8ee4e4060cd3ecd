// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static org.xenstream.core.verify.Report.hex;

import org.jspecify.annotations.Nullable;

/// The entries of an HVM context that belong to a vCPU alone: CPU, CPU_XSAVE, VMCE_VCPU and
/// CPU_MSR.
///
/// What is judged is what every host of a release refuses. Where no release is given it is what
/// every host of the newest refuses, but for bits that an older release let a guest set.
final class HvmVcpuCheck {
  private static final long CR0_VALID = 0xE005_003FL;
  private static final long CR0_ET = 1L << 4;
  private static final long CR0_PE = 1L;
  private static final long CR0_PG = 1L << 31;

  private static final long EFER_LME = 1L << 8;
  private static final long EFER_LMA = 1L << 10;

  /// SCE, LME, LMA, NXE, SVME, FFXSE.
  private static final long EFER_KNOWN = 1L | EFER_LME | EFER_LMA | 1L << 11 | 1L << 12 | 1L << 14;

  private static final long EFER_LMSLE = 1L << 13;
  private static final long EFER_AIBRSE = 1L << 21;

  /// The layout of CPU without msr_tsc_aux, behind which its fields stand elsewhere.
  private static final long CPU_COMPAT = 1016;

  private static final long PENDING_VALID = 1L << 31;
  private static final long PENDING_RESERVED = 0x7FFF_F000L;
  private static final long PENDING_ERROR_VALID = 1L << 11;

  private static final long AREA = 24;
  private static final long XSTATE_BV = AREA + XsaveMask.LEGACY;
  private static final long XCOMP_BV = XSTATE_BV + 8;
  private static final long XSAVE_RESERVED = XSTATE_BV + 16;
  private static final long EXTENDED = AREA + XsaveMask.SHORTEST;

  /// The number of banks, and CTL_P, CMCI_P, TES_P, SER_P.
  private static final long MCG_CAPS = 0xFF | 1L << 8 | 1L << 10 | 1L << 11 | 1L << 24;

  private static final long MCG_LMCE = 1L << 27;

  private final @Nullable Release target;
  private final Release release;
  private final HvmEntry entry;

  /// @param target the release whose loaders judge, or null for the newest
  /// @param entry what is judged, which changes from call to call
  HvmVcpuCheck(@Nullable Release target, HvmEntry entry) {
    this.target = target;
    this.release = target == null ? Release.latest() : target;
    this.entry = entry;
  }

  void cpu() {
    long cr0 = entry.u64(656);
    boolean odd =
        (cr0 & ~CR0_VALID) != 0 || (cr0 & CR0_ET) == 0 || (cr0 & (CR0_PE | CR0_PG)) == CR0_PG;
    if (odd && entry.quotes(Rule.HVM_CONTEXT_CPU)) {
      say(656, "cr0", "known bits, ET set, PG only with PE", cr0);
    }
    if (release.atLeast(18)) {
      narrow(720, "dr6");
      narrow(728, "dr7");
    }
    efer(cr0);
    if (entry.size() == CPU_COMPAT) {
      pending(1008);
      return;
    }
    pending(1016);
    if (release.atLeast(12)) {
      narrow(1000, "msr_tsc_aux");
    }
    if (release.atLeast(7)) {
      if ((entry.u32(1024) & ~1L) != 0 && entry.quotes(Rule.HVM_CONTEXT_CPU)) {
        say(1024, "flags", "no bit but 0", entry.u32(1024));
      }
      if (entry.u32(1028) != 0 && entry.quotes(Rule.HVM_CONTEXT_CPU)) {
        say(1028, "pad0", "0", entry.u32(1028));
      }
    }
  }

  private void narrow(long at, String field) {
    if (entry.u64(at) >>> 32 != 0 && entry.quotes(Rule.HVM_CONTEXT_CPU)) {
      say(at, field, "32 bits", entry.u64(at));
    }
  }

  /// `hvm_efer_valid`. Unknown bits are refused since 4.8.5, 4.9.3, 4.10.2 and 4.11.1; LMSLE is one
  /// since 4.12, AIBRSE none since 4.18.
  private void efer(long cr0) {
    long efer = entry.u64(992);
    boolean active = (efer & EFER_LMA) != 0;
    if (active
        && ((efer & EFER_LME) == 0 || (cr0 & CR0_PG) == 0)
        && entry.quotes(Rule.HVM_CONTEXT_CPU)) {
      say(992, "msr_efer", "LMA only with LME and with PG in cr0", efer);
    }
    long known =
        EFER_KNOWN
            | (target == null || !target.atLeast(12) ? EFER_LMSLE : 0)
            | (release.atLeast(18) ? EFER_AIBRSE : 0);
    if (release.atLeast(8) && (efer & ~known) != 0 && entry.quotes(Rule.HVM_CONTEXT_CPU)) {
      say(992, "msr_efer", "no bit beyond " + hex(known), efer);
    }
  }

  /// `vmx_vmcs_restore` and `svm_vmcb_restore`, as far as both agree: types 5 and 6 are refused by
  /// the latter alone.
  private void pending(long at) {
    long event = entry.u32(at);
    if ((event & PENDING_VALID) == 0) {
      return;
    }
    long type = event >>> 8 & 7;
    if ((type == 1 || type == 7 || (event & PENDING_RESERVED) != 0)
        && entry.quotes(Rule.HVM_CONTEXT_CPU)) {
      say(at, "pending_event", "type 0 or 2 to 6, bits 12 to 30 clear", event);
    }
    long error = entry.u32(at + 4);
    if (release.atLeast(9)
        && (event & PENDING_ERROR_VALID) != 0
        && error > 0xFFFF
        && entry.quotes(Rule.HVM_CONTEXT_CPU)) {
      say(at + 4, "error_code", "16 bits", error);
    }
  }

  private void say(long at, String field, String wanted, long found) {
    entry.say(Rule.HVM_CONTEXT_CPU, at, field, wanted, hex(found));
  }

  /// `hvm_load_cpu_xsave_states` and `validate_xstate`.
  void xsave() {
    long accumulated = entry.u64(16);
    mask(8, "xcr0");
    boolean valid = mask(16, "xcr0_accum");
    within(8, "xcr0", accumulated);
    within(XSTATE_BV, "xstate_bv", accumulated);
    if (release.atLeast(7)) {
      if (entry.u64(XCOMP_BV) != 0 && entry.quotes(Rule.HVM_CONTEXT_XSAVE)) {
        xsave(XCOMP_BV, "xcomp_bv", "0", entry.u64(XCOMP_BV));
      }
      long set = entry.firstSet(XSAVE_RESERVED, EXTENDED);
      if (set >= 0 && entry.quotes(Rule.HVM_CONTEXT_XSAVE)) {
        xsave(set, "reserved", "0", entry.u8(set));
      }
    }
    if (valid) {
      length(accumulated);
    }
  }

  private void within(long at, String field, long accumulated) {
    if ((entry.u64(at) & ~accumulated) != 0 && entry.quotes(Rule.HVM_CONTEXT_XSAVE)) {
      xsave(at, field, "bits within xcr0_accum, " + hex(accumulated), entry.u64(at));
    }
  }

  /// `valid_xcr0`; a mask that no host of the release knows is refused as well.
  private boolean mask(long at, String field) {
    String wanted = XsaveMask.fault(entry.u64(at), target);
    if (wanted != null && entry.quotes(Rule.HVM_CONTEXT_XSAVE)) {
      xsave(at, field, wanted, entry.u64(at));
    }
    return wanted == null;
  }

  /// HVM_CPU_XSAVE_SIZE of a mask, as far as it is known.
  private void length(long mask) {
    long least = AREA + XsaveMask.leastLength(mask);
    if (XsaveMask.hasKnownLength(mask)) {
      long beyond = entry.size() > least ? entry.firstSet(least, entry.size()) : -1;
      if (beyond >= 0 && entry.quotes(Rule.HVM_CONTEXT_XSAVE)) {
        xsave(beyond, "save_area", "zeros behind " + least + " octets", entry.u8(beyond));
      }
    }
    // Up to 4.7.0 what was missing was left as it was.
    if (release.atLeast(7) && entry.size() < least && entry.quotes(Rule.HVM_CONTEXT_XSAVE)) {
      entry.say(
          Rule.HVM_CONTEXT_XSAVE,
          16,
          "xcr0_accum",
          "a mask of at most " + entry.size() + " octets",
          "%s of at least %d".formatted(hex(mask), least));
    }
  }

  private void xsave(long at, String field, String wanted, long found) {
    entry.say(Rule.HVM_CONTEXT_XSAVE, at, field, wanted, hex(found));
  }

  /// `vmce_restore_vcpu`: what either vendor's hosts emulate.
  void vmce() {
    long known = machineCheckCaps(release);
    if ((entry.u64(0) & ~known) != 0 && entry.quotes(Rule.HVM_CONTEXT_VMCE)) {
      entry.say(Rule.HVM_CONTEXT_VMCE, 0, "caps", "no bit beyond " + hex(known), hex(entry.u64(0)));
    }
  }

  /// The capabilities that some host of a release emulates.
  static long machineCheckCaps(Release release) {
    return MCG_CAPS | (release.atLeast(10) ? MCG_LMCE : 0);
  }

  void msrs() {
    long count = entry.u32(0);
    if (entry.size() != 8 + 16 * count) {
      if (entry.quotes(Rule.HVM_CONTEXT_MSR)) {
        entry.say(
            Rule.HVM_CONTEXT_MSR,
            0,
            "count",
            (entry.size() - 8) / 16 + " for the entry's length",
            Long.toString(count));
      }
      return;
    }
    for (int i = 0; i < count; i++) {
      long at = 8 + 16L * i;
      int index = (int) entry.u32(at);
      if (!release.takesHvmMsr(index) && entry.quotes(Rule.HVM_CONTEXT_MSR)) {
        entry.say(
            Rule.HVM_CONTEXT_MSR,
            at,
            "msr[" + i + "].index",
            "an MSR that Xen " + release + " loads",
            hex(entry.u32(at)));
      }
      if (entry.u32(at + 4) != 0 && entry.quotes(Rule.HVM_CONTEXT_MSR)) {
        entry.say(
            Rule.HVM_CONTEXT_MSR, at + 4, "msr[" + i + "].reserved", "0", hex(entry.u32(at + 4)));
      }
    }
  }
}
