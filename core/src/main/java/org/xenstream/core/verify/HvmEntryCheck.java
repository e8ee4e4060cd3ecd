// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static org.xenstream.core.verify.Report.hex;

import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.HvmContextCursor;

/// What the hypervisor's loaders ask of the content of HVM context entries, as far as neither the
/// host nor the guest's CPU policy decides (`docs/format/releases.md`, "Contents that are
/// checked").
///
/// The offsets are those of `xen/include/public/arch-x86/hvm/save.h`.
final class HvmEntryCheck {
  private static final long APIC_ENABLE = 1L << 11;
  private static final long APIC_EXTENDED = 1L << 10;

  private static final int MOST_MTRRS = 8;
  private static final int ISA_IRQS = 16;
  private static final int MASTER_ELCR = 0xFC;
  private static final int SLAVE_ELCR = 0xDE;
  private static final int PIT_CHANNEL = 16;
  private static final int LAST_RW_STATE = 4;
  private static final int LAST_RW_MODE = 3;

  private final Release release;
  private final HvmEntry entry;
  private final HvmVcpuCheck vcpus;

  /// @param target the release whose loaders judge, or null for the newest
  HvmEntryCheck(@Nullable Release target, Frame frame, Report report) {
    this.release = target == null ? Release.latest() : target;
    this.entry = new HvmEntry(frame, report);
    this.vcpus = new HvmVcpuCheck(target, entry);
  }

  /// Judges the entry on which the cursor stands, whose length is right for some release.
  void judge(HvmContextCursor cursor) {
    HvmContextFacts.Length takes = HvmContextFacts.length(release, cursor.typecode());
    if (takes == null || !takes.accepts((int) cursor.length())) {
      return;
    }
    entry.take(cursor);
    switch (cursor.typecode()) {
      case 2 -> vcpus.cpu();
      case 3 -> pic(cursor.instance());
      case 5 -> lapic();
      case 9 -> pciLink();
      case 10 -> pit();
      case 14 -> mtrr();
      case 16 -> vcpus.xsave();
      case 17 -> viridianVcpu();
      case 18 -> vcpus.vmce();
      case 20 -> vcpus.msrs();
      default -> {}
    }
  }

  private void pic(int instance) {
    if (!release.atLeast(19)) {
      return;
    }
    int master = entry.u8(5) >>> 6 & 1;
    int mask = master == 1 ? MASTER_ELCR : SLAVE_ELCR;
    boolean initialising = (entry.u8(4) & 0xF) != 0;
    if (entry.u8(7) > (initialising ? 0 : 1) && entry.quotes(Rule.HVM_CONTEXT_PIC)) {
      if (entry.u8(7) > 1) {
        entry.say(Rule.HVM_CONTEXT_PIC, 7, "int_output", "0 or 1", hex(entry.u8(7)));
      } else {
        entry.say(Rule.HVM_CONTEXT_PIC, 7, "int_output", "0 while init_state is not", "1");
      }
    }
    if (master != (instance == 0 ? 1 : 0) && entry.quotes(Rule.HVM_CONTEXT_PIC)) {
      entry.say(
          Rule.HVM_CONTEXT_PIC,
          5,
          "is_master",
          (instance == 0 ? "1" : "0") + " of PIC " + instance,
          Integer.toString(master));
    }
    if ((entry.u8(6) & ~mask) != 0 && entry.quotes(Rule.HVM_CONTEXT_PIC)) {
      entry.say(Rule.HVM_CONTEXT_PIC, 6, "elcr", "bits within " + hex(mask), hex(entry.u8(6)));
    }
  }

  private void lapic() {
    if ((entry.u64(0) & (APIC_ENABLE | APIC_EXTENDED)) == APIC_EXTENDED
        && entry.quotes(Rule.HVM_CONTEXT_LAPIC)) {
      entry.say(
          Rule.HVM_CONTEXT_LAPIC, 0, "apic_base_msr", "bit 10 only with bit 11", hex(entry.u64(0)));
    }
  }

  private void pciLink() {
    for (int link = 0; link < 4; link++) {
      if (entry.u8(link) >= ISA_IRQS && entry.quotes(Rule.HVM_CONTEXT_PCI_LINK)) {
        entry.say(
            Rule.HVM_CONTEXT_PCI_LINK,
            link,
            "route[" + link + "]",
            "below 16",
            Integer.toString(entry.u8(link)));
      }
      if (release.atLeast(19)
          && entry.u8(4 + link) != 0
          && entry.quotes(Rule.HVM_CONTEXT_PCI_LINK)) {
        entry.say(
            Rule.HVM_CONTEXT_PCI_LINK,
            4 + link,
            "pad0[" + link + "]",
            "0",
            hex(entry.u8(4 + link)));
      }
    }
  }

  private void pit() {
    if (!release.atLeast(19)) {
      return;
    }
    for (int channel = 0; channel < 3; channel++) {
      long at = (long) channel * PIT_CHANNEL;
      if (entry.u32(at) > 0x10000 && entry.quotes(Rule.HVM_CONTEXT_PIT)) {
        entry.say(
            Rule.HVM_CONTEXT_PIT, at, of(channel, "count"), "at most 0x10000", hex(entry.u32(at)));
      }
      most(channel, 6, "count_latched", LAST_RW_STATE);
      most(channel, 9, "read_state", LAST_RW_STATE);
      most(channel, 10, "write_state", LAST_RW_STATE);
      most(channel, 12, "rw_mode", LAST_RW_MODE);
      most(channel, 14, "bcd", 1);
      most(channel, 15, "gate", 1);
      if (channel != 2 && entry.u8(at + 15) == 0 && entry.quotes(Rule.HVM_CONTEXT_PIT)) {
        entry.say(Rule.HVM_CONTEXT_PIT, at + 15, of(channel, "gate"), "1", "0");
      }
    }
    if (entry.u32(48) > 1 && entry.quotes(Rule.HVM_CONTEXT_PIT)) {
      entry.say(Rule.HVM_CONTEXT_PIT, 48, "speaker_data_on", "0 or 1", hex(entry.u32(48)));
    }
    if (entry.u32(52) != 0 && entry.quotes(Rule.HVM_CONTEXT_PIT)) {
      entry.say(Rule.HVM_CONTEXT_PIT, 52, "pad0", "0", hex(entry.u32(52)));
    }
  }

  private static String of(int channel, String field) {
    return "channels[" + channel + "]." + field;
  }

  private void most(int channel, int within, String field, int limit) {
    long at = (long) channel * PIT_CHANNEL + within;
    if (entry.u8(at) > limit && entry.quotes(Rule.HVM_CONTEXT_PIT)) {
      entry.say(
          Rule.HVM_CONTEXT_PIT,
          at,
          of(channel, field),
          "at most " + limit,
          Integer.toString(entry.u8(at)));
    }
  }

  private void mtrr() {
    long ranges = entry.u64(224) & 0xFF;
    if (release.atLeast(12) && ranges > MOST_MTRRS && entry.quotes(Rule.HVM_CONTEXT_MTRR)) {
      entry.say(
          Rule.HVM_CONTEXT_MTRR,
          224,
          "msr_mtrr_cap",
          "at most 8 variable ranges",
          Long.toString(ranges));
    }
  }

  private void viridianVcpu() {
    for (int at = 9; release.atLeast(7) && at < Math.min(16, entry.size()); at++) {
      if (entry.u8(at) != 0) {
        if (entry.quotes(Rule.HVM_CONTEXT_VIRIDIAN)) {
          entry.say(Rule.HVM_CONTEXT_VIRIDIAN, at, "pad", "0", hex(entry.u8(at)));
        }
        return;
      }
    }
  }
}
