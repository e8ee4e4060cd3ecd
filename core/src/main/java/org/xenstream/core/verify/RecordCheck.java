// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static org.xenstream.core.verify.Report.expected;
import static org.xenstream.core.verify.Report.hex;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.RecordType;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;

/// What holds for a libxc record of any type: that its type may be there, its own fields, the
/// padding, signals without a body.
final class RecordCheck implements Check {
  @Override
  public void see(ImageItem item, StreamState before, Report report) {
    if (!(item instanceof ImageItem.Libxc libxc)) {
      return;
    }
    Framed framed = libxc.framed();
    Frame frame = framed.frame();
    // A reader that was told to take longer ones comes this far with it.
    if (frame.length() > Wire.RECORD_LENGTH_MAX) {
      report.length(Rule.RECORD_TOO_LONG, frame, "at most " + Wire.RECORD_LENGTH_MAX);
    }
    padding(frame, report);
    if (framed.record() instanceof StreamRecord.Malformed malformed) {
      StreamFormatException why = malformed.why();
      report.add(
          FaultRules.malformed(malformed.type()),
          why.location(),
          expected(why.expected(), why.found()));
    }
    RecordType type = RecordType.of(frame.type());
    if (type == null) {
      unknown(frame, before, report);
    } else if (before.isBackChannel()) {
      return;
    } else {
      known(type, frame, before, report);
    }
  }

  private static void padding(Frame frame, Report report) {
    MemorySegment padding = frame.padding();
    long at = Report.firstSet(padding);
    if (at >= 0) {
      report.at(
          Rule.PADDING_NOT_ZERO,
          frame,
          frame.length() + at,
          "padding",
          expected("0", hex(Byte.toUnsignedLong(padding.get(ValueLayout.JAVA_BYTE, at)))));
    }
  }

  private static void unknown(Frame frame, StreamState before, Report report) {
    String found = "of type " + hex(Integer.toUnsignedLong(frame.type()));
    if (!RecordType.isOptional(frame.type())) {
      report.placed(
          Rule.RECORD_UNKNOWN_MANDATORY,
          frame,
          "a mandatory record " + found + ", which is unknown");
    } else if (!buffered(frame, before, report)) {
      report.placed(
          Rule.RECORD_UNKNOWN_OPTIONAL, frame, "an optional record " + found + ", passed over");
    }
  }

  /// An optional record that a restore keeps until the next CHECKPOINT, and fails with then: those
  /// that this project knows are none to Xen.
  private static boolean buffered(Frame frame, StreamState before, Report report) {
    if (before.checkpoints() == 0) {
      return false;
    }
    report.placed(
        Rule.RECORD_OPTIONAL_BUFFERED,
        frame,
        "an optional record of type %s behind CHECKPOINT"
            .formatted(hex(Integer.toUnsignedLong(frame.type()))));
    return true;
  }

  private static void known(RecordType type, Frame frame, StreamState before, Report report) {
    switch (type) {
      case END, VERIFY, CHECKPOINT, STATIC_DATA_END -> {
        if (frame.length() != 0) {
          report.length(Rule.SIGNAL_WITH_BODY, frame, "0");
        }
      }
      case X86_PV_INFO,
          X86_PV_P2M_FRAMES,
          X86_PV_VCPU_BASIC,
          X86_PV_VCPU_EXTENDED,
          X86_PV_VCPU_XSAVE,
          X86_PV_VCPU_MSRS,
          SHARED_INFO -> {
        if (before.isHvm()) {
          report.placed(
              Rule.RECORD_OF_OTHER_GUEST, frame, "a record of PV guests in an x86 HVM stream");
        }
      }
      case HVM_CONTEXT, HVM_PARAMS -> {
        if (before.isPv()) {
          report.placed(
              Rule.RECORD_OF_OTHER_GUEST, frame, "a record of HVM guests in an x86 PV stream");
        }
      }
      case TOOLSTACK ->
          report.placed(
              Rule.TOOLSTACK_DEPRECATED, frame, "a deprecated record that no reader handles");
      case CHECKPOINT_DIRTY_PFN_LIST ->
          report.placed(
              Rule.DIRTY_PFN_LIST_FORWARD, frame, "a record of back channels in a forward stream");
      case SAVING_CPU -> savingCpu(frame, before, report);
      case PAGE_DATA, X86_TSC_INFO, X86_CPUID_POLICY, X86_MSR_POLICY -> {}
    }
  }

  private static void savingCpu(Frame frame, StreamState before, Report report) {
    if (!buffered(frame, before, report) && before.isStaticDataOver()) {
      report.placed(Rule.SAVING_CPU_LATE, frame, "SAVING_CPU behind the static data");
    }
    MemorySegment name = frame.body();
    for (long at = 0; at < name.byteSize(); at++) {
      byte octet = name.get(ValueLayout.JAVA_BYTE, at);
      if (octet < 0) {
        report.at(
            Rule.SAVING_CPU_TEXT,
            frame,
            at,
            "name",
            expected("7-bit text", hex(Byte.toUnsignedLong(octet))));
        return;
      }
    }
  }
}
