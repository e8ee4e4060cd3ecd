// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static org.xenstream.core.verify.Report.expected;
import static org.xenstream.core.verify.Report.hex;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.HvmContextCursor;
import org.xenstream.core.format.Wire;

/// What the hypervisor's loaders ask of the content of HVM context entries, as far as neither the
/// host nor the guest's CPU policy decides (`docs/format/releases.md`, "Contents that are
/// checked").
///
/// The offsets are those of `xen/include/public/arch-x86/hvm/save.h`.
final class HvmEntryCheck {
  private static final long CR0_VALID = 0xE005_003FL;
  private static final long CR0_ET = 1L << 4;
  private static final long CR0_PE = 1L;
  private static final long CR0_PG = 1L << 31;

  private static final long APIC_ENABLE = 1L << 11;
  private static final long APIC_EXTENDED = 1L << 10;

  /// The layout of CPU without msr_tsc_aux, behind which its fields stand elsewhere.
  private static final long CPU_COMPAT = 1016;

  private static final int MOST_MTRRS = 8;
  private static final int ISA_IRQS = 16;
  private static final int MASTER_ELCR = 0xFC;
  private static final int SLAVE_ELCR = 0xDE;
  private static final int PIT_CHANNEL = 16;
  private static final int LAST_RW_STATE = 4;
  private static final int LAST_RW_MODE = 3;

  private final Release release;
  private final Frame frame;
  private final Report report;
  private MemorySegment body = MemorySegment.NULL;
  private long offset;
  private String name = "";

  /// @param release the release whose loaders judge
  HvmEntryCheck(Release release, Frame frame, Report report) {
    this.release = release;
    this.frame = frame;
    this.report = report;
  }

  /// Judges the entry on which the cursor stands, whose length is right for some release.
  void judge(HvmContextCursor cursor) {
    HvmContextFacts.Length takes = HvmContextFacts.length(release, cursor.typecode());
    if (takes == null || !takes.accepts((int) cursor.length())) {
      return;
    }
    body = cursor.body();
    offset = cursor.offset() + HvmContextCursor.DESCRIPTOR_SIZE;
    name = HvmContextFacts.nameOf(cursor.typecode());
    switch (cursor.typecode()) {
      case 2 -> cpu();
      case 3 -> pic(cursor.instance());
      case 5 -> lapic();
      case 9 -> pciLink();
      case 10 -> pit();
      case 14 -> mtrr();
      case 16 -> xsave();
      case 17 -> viridianVcpu();
      case 20 -> msrs();
      default -> {}
    }
  }

  private void cpu() {
    if (body.byteSize() < 656 + 8) {
      if (quotes(Rule.HVM_CONTEXT_CPU)) {
        say(Rule.HVM_CONTEXT_CPU, 656, "cr0", "ET set", "0x0");
      }
      return;
    }
    long cr0 = u64(656);
    boolean odd =
        (cr0 & ~CR0_VALID) != 0 || (cr0 & CR0_ET) == 0 || (cr0 & (CR0_PE | CR0_PG)) == CR0_PG;
    if (odd && quotes(Rule.HVM_CONTEXT_CPU)) {
      say(Rule.HVM_CONTEXT_CPU, 656, "cr0", "known bits, ET set, PG only with PE", hex(cr0));
    }
    if (body.byteSize() == CPU_COMPAT) {
      return;
    }
    if (release.atLeast(18)) {
      narrow(720, "dr6");
      narrow(728, "dr7");
    }
    if (release.atLeast(12)) {
      narrow(1000, "msr_tsc_aux");
    }
    if (release.atLeast(7) && body.byteSize() >= 1032) {
      if ((u32(1024) & ~1L) != 0 && quotes(Rule.HVM_CONTEXT_CPU)) {
        say(Rule.HVM_CONTEXT_CPU, 1024, "flags", "no bit but 0", hex(u32(1024)));
      }
      if (u32(1028) != 0 && quotes(Rule.HVM_CONTEXT_CPU)) {
        say(Rule.HVM_CONTEXT_CPU, 1028, "pad0", "0", hex(u32(1028)));
      }
    }
  }

  private void narrow(long at, String field) {
    if (body.byteSize() >= at + 8 && u64(at) >>> 32 != 0 && quotes(Rule.HVM_CONTEXT_CPU)) {
      say(Rule.HVM_CONTEXT_CPU, at, field, "32 bits", hex(u64(at)));
    }
  }

  private void pic(int instance) {
    if (!release.atLeast(19)) {
      return;
    }
    int master = u8(5) >>> 6 & 1;
    int mask = master == 1 ? MASTER_ELCR : SLAVE_ELCR;
    boolean initialising = (u8(4) & 0xF) != 0;
    if (u8(7) > (initialising ? 0 : 1) && quotes(Rule.HVM_CONTEXT_PIC)) {
      if (u8(7) > 1) {
        say(Rule.HVM_CONTEXT_PIC, 7, "int_output", "0 or 1", hex(u8(7)));
      } else {
        say(Rule.HVM_CONTEXT_PIC, 7, "int_output", "0 while init_state is not", "1");
      }
    }
    if (master != (instance == 0 ? 1 : 0) && quotes(Rule.HVM_CONTEXT_PIC)) {
      say(
          Rule.HVM_CONTEXT_PIC,
          5,
          "is_master",
          (instance == 0 ? "1" : "0") + " of PIC " + instance,
          Integer.toString(master));
    }
    if ((u8(6) & ~mask) != 0 && quotes(Rule.HVM_CONTEXT_PIC)) {
      say(Rule.HVM_CONTEXT_PIC, 6, "elcr", "bits within " + hex(mask), hex(u8(6)));
    }
  }

  private void lapic() {
    if (body.byteSize() >= 8
        && (u64(0) & (APIC_ENABLE | APIC_EXTENDED)) == APIC_EXTENDED
        && quotes(Rule.HVM_CONTEXT_LAPIC)) {
      say(Rule.HVM_CONTEXT_LAPIC, 0, "apic_base_msr", "bit 10 only with bit 11", hex(u64(0)));
    }
  }

  private void pciLink() {
    for (int link = 0; link < 4; link++) {
      if (u8(link) >= ISA_IRQS && quotes(Rule.HVM_CONTEXT_PCI_LINK)) {
        say(
            Rule.HVM_CONTEXT_PCI_LINK,
            link,
            "route[" + link + "]",
            "below 16",
            Integer.toString(u8(link)));
      }
      if (release.atLeast(19) && u8(4 + link) != 0 && quotes(Rule.HVM_CONTEXT_PCI_LINK)) {
        say(Rule.HVM_CONTEXT_PCI_LINK, 4 + link, "pad0[" + link + "]", "0", hex(u8(4 + link)));
      }
    }
  }

  private void pit() {
    if (!release.atLeast(19)) {
      return;
    }
    for (int channel = 0; channel < 3; channel++) {
      long at = (long) channel * PIT_CHANNEL;
      if (u32(at) > 0x10000 && quotes(Rule.HVM_CONTEXT_PIT)) {
        say(Rule.HVM_CONTEXT_PIT, at, of(channel, "count"), "at most 0x10000", hex(u32(at)));
      }
      most(channel, 6, "count_latched", LAST_RW_STATE);
      most(channel, 9, "read_state", LAST_RW_STATE);
      most(channel, 10, "write_state", LAST_RW_STATE);
      most(channel, 12, "rw_mode", LAST_RW_MODE);
      most(channel, 14, "bcd", 1);
      most(channel, 15, "gate", 1);
      if (channel != 2 && u8(at + 15) == 0 && quotes(Rule.HVM_CONTEXT_PIT)) {
        say(Rule.HVM_CONTEXT_PIT, at + 15, of(channel, "gate"), "1", "0");
      }
    }
    if (u32(48) > 1 && quotes(Rule.HVM_CONTEXT_PIT)) {
      say(Rule.HVM_CONTEXT_PIT, 48, "speaker_data_on", "0 or 1", hex(u32(48)));
    }
    if (u32(52) != 0 && quotes(Rule.HVM_CONTEXT_PIT)) {
      say(Rule.HVM_CONTEXT_PIT, 52, "pad0", "0", hex(u32(52)));
    }
  }

  private static String of(int channel, String field) {
    return "channels[" + channel + "]." + field;
  }

  private void most(int channel, int within, String field, int limit) {
    long at = (long) channel * PIT_CHANNEL + within;
    if (u8(at) > limit && quotes(Rule.HVM_CONTEXT_PIT)) {
      say(
          Rule.HVM_CONTEXT_PIT,
          at,
          of(channel, field),
          "at most " + limit,
          Integer.toString(u8(at)));
    }
  }

  private void mtrr() {
    long ranges = u64(224) & 0xFF;
    if (release.atLeast(12) && ranges > MOST_MTRRS && quotes(Rule.HVM_CONTEXT_MTRR)) {
      say(
          Rule.HVM_CONTEXT_MTRR,
          224,
          "msr_mtrr_cap",
          "at most 8 variable ranges",
          Long.toString(ranges));
    }
  }

  private void xsave() {
    long accumulated = u64(16);
    if ((u64(8) & ~accumulated) != 0 && quotes(Rule.HVM_CONTEXT_XSAVE)) {
      say(
          Rule.HVM_CONTEXT_XSAVE,
          8,
          "xcr0",
          "bits within xcr0_accum, " + hex(accumulated),
          hex(u64(8)));
    }
    if ((u64(536) & ~accumulated) != 0 && quotes(Rule.HVM_CONTEXT_XSAVE)) {
      say(
          Rule.HVM_CONTEXT_XSAVE,
          536,
          "xstate_bv",
          "bits within xcr0_accum, " + hex(accumulated),
          hex(u64(536)));
    }
    if (release.atLeast(7) && u64(544) != 0 && quotes(Rule.HVM_CONTEXT_XSAVE)) {
      say(Rule.HVM_CONTEXT_XSAVE, 544, "xcomp_bv", "0", hex(u64(544)));
    }
  }

  private void viridianVcpu() {
    for (int at = 9; release.atLeast(7) && at < Math.min(16, body.byteSize()); at++) {
      if (u8(at) != 0) {
        if (quotes(Rule.HVM_CONTEXT_VIRIDIAN)) {
          say(Rule.HVM_CONTEXT_VIRIDIAN, at, "pad", "0", hex(u8(at)));
        }
        return;
      }
    }
  }

  private void msrs() {
    long count = u32(0);
    if (body.byteSize() != 8 + 16 * count) {
      if (quotes(Rule.HVM_CONTEXT_MSR)) {
        say(
            Rule.HVM_CONTEXT_MSR,
            0,
            "count",
            (body.byteSize() - 8) / 16 + " for the entry's length",
            Long.toString(count));
      }
      return;
    }
    for (int i = 0; i < count; i++) {
      long at = 8 + 16L * i;
      int index = (int) u32(at);
      if (!release.takesHvmMsr(index) && quotes(Rule.HVM_CONTEXT_MSR)) {
        say(
            Rule.HVM_CONTEXT_MSR,
            at,
            "msr[" + i + "].index",
            "an MSR that Xen " + release + " loads",
            hex(u32(at)));
      }
      if (u32(at + 4) != 0 && quotes(Rule.HVM_CONTEXT_MSR)) {
        say(Rule.HVM_CONTEXT_MSR, at + 4, "msr[" + i + "].reserved", "0", hex(u32(at + 4)));
      }
    }
  }

  /// Tells whether a finding is to be quoted, for which its message has to be made; else it is
  /// counted, and that is all.
  private boolean quotes(Rule rule) {
    return !report.counted(rule);
  }

  private void say(Rule rule, long at, String field, String wanted, String found) {
    report.at(rule, frame, offset + at, name + "." + field, expected(wanted, found));
  }

  private int u8(long at) {
    return Byte.toUnsignedInt(body.get(ValueLayout.JAVA_BYTE, at));
  }

  private long u32(long at) {
    return Integer.toUnsignedLong(Wire.u32(body, at));
  }

  private long u64(long at) {
    return Wire.u64(body, at);
  }
}
