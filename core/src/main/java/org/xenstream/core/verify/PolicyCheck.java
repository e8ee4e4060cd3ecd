// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static org.xenstream.core.verify.Report.expected;
import static org.xenstream.core.verify.Report.hex;

import java.lang.foreign.MemorySegment;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;

/// X86_TSC_INFO, X86_CPUID_POLICY and X86_MSR_POLICY.
final class PolicyCheck implements Check {
  static final int LEAF = 24;
  static final int MSR_ENTRY = 16;

  private static final int PVRDTSCP = 3;

  @Override
  public void see(ImageItem item, StreamState before, Report report) {
    if (!(item instanceof ImageItem.Libxc libxc)) {
      return;
    }
    Frame frame = libxc.framed().frame();
    StreamRecord record = libxc.framed().record();
    if (record instanceof StreamRecord.TscInfo tsc) {
      tsc(tsc, frame, report);
    } else if (record instanceof StreamRecord.CpuidPolicy policy) {
      if (size(Rule.CPUID_POLICY_SIZE, frame, LEAF, report) && !before.isStaticDataOver()) {
        leaves(policy.leaves(), frame, report);
      }
    } else if (record instanceof StreamRecord.MsrPolicy policy) {
      if (size(Rule.MSR_POLICY_SIZE, frame, MSR_ENTRY, report) && !before.isStaticDataOver()) {
        msrs(policy.entries(), frame, report);
      }
    }
  }

  private static void tsc(StreamRecord.TscInfo tsc, Frame frame, Report report) {
    int reserved = Wire.u32(frame.octets(), Wire.RECORD_HEADER + 20);
    if (reserved != 0) {
      report.at(
          Rule.TSC_INFO_RESERVED,
          frame,
          20,
          "reserved",
          expected("0", hex(Integer.toUnsignedLong(reserved))));
    }
    if (tsc.mode() == PVRDTSCP) {
      report.at(
          Rule.TSC_MODE_PVRDTSCP, frame, 0, "mode", "mode 3, which Xen 4.12 and later refuse");
    } else if (tsc.mode() < 0 || tsc.mode() > PVRDTSCP) {
      report.at(
          Rule.TSC_MODE,
          frame,
          0,
          "mode",
          expected("0 to 2", Integer.toUnsignedString(tsc.mode())));
    }
  }

  private static boolean size(Rule rule, Frame frame, int entry, Report report) {
    if (frame.length() == 0 || frame.length() % entry != 0) {
      report.length(rule, frame, "a multiple of " + entry + " above 0");
      return false;
    }
    return true;
  }

  private static void leaves(MemorySegment leaves, Frame frame, Report report) {
    Release latest = Release.latest();
    long count = leaves.byteSize() / LEAF;
    if (count > latest.maxCpuidLeaves()) {
      report.length(
          Rule.CPUID_POLICY_LEAF,
          frame,
          "at most %d leaves of 24 octets".formatted(latest.maxCpuidLeaves()));
      return;
    }
    for (int i = 0; i < count; i++) {
      int leaf = Wire.u32(leaves, i * (long) LEAF);
      int subleaf = Wire.u32(leaves, i * (long) LEAF + 4);
      if (!latest.takesCpuidLeaf(leaf, subleaf)) {
        report.at(
            Rule.CPUID_POLICY_LEAF,
            frame,
            i * (long) LEAF,
            "leaf[" + i + "]",
            expected("a leaf that a policy has", leafName(leaf, subleaf)));
      }
    }
  }

  static String leafName(int leaf, int subleaf) {
    String name = "0x%x".formatted(leaf);
    return subleaf == -1 ? name : name + " subleaf " + Integer.toUnsignedString(subleaf);
  }

  private static void msrs(MemorySegment entries, Frame frame, Report report) {
    Release latest = Release.latest();
    long count = entries.byteSize() / MSR_ENTRY;
    if (count > latest.maxPolicyMsrs()) {
      report.length(
          Rule.MSR_POLICY_ENTRY,
          frame,
          "at most %d entries of 16 octets".formatted(latest.maxPolicyMsrs()));
      return;
    }
    for (int i = 0; i < count; i++) {
      int index = Wire.u32(entries, i * (long) MSR_ENTRY);
      int flags = Wire.u32(entries, i * (long) MSR_ENTRY + 4);
      if (!latest.takesPolicyMsr(index)) {
        report.at(
            Rule.MSR_POLICY_ENTRY,
            frame,
            i * (long) MSR_ENTRY,
            "msr[" + i + "]",
            expected("an MSR that a policy has", "0x%x".formatted(index)));
      } else if (flags != 0) {
        report.at(
            Rule.MSR_POLICY_ENTRY,
            frame,
            i * (long) MSR_ENTRY + 4,
            "msr[" + i + "].flags",
            expected("0", hex(Integer.toUnsignedLong(flags))));
      }
    }
  }
}
