// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.format.DomainHeader;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.ImageHeader;
import org.xenstream.core.format.RecordType;
import org.xenstream.core.format.StreamHeaders;

/// Which records must come, which come once, and in what order.
final class SequenceCheck implements Check {
  /// Since this release of Xen a saver leaves a checkpointed stream without END.
  private static final int NO_END_SINCE = 7;

  private boolean missingStaticDataEnd;
  private boolean missingPvInfo;
  private boolean missingP2m;

  @Override
  public void see(ImageItem item, StreamState before, Report report) {
    if (!(item instanceof ImageItem.Libxc libxc) || before.isBackChannel()) {
      return;
    }
    Framed framed = libxc.framed();
    Frame frame = framed.frame();
    RecordType type = RecordType.of(frame.type());
    if (type == null) {
      return;
    }
    switch (type) {
      case STATIC_DATA_END -> staticDataEnd(frame, before, report);
      case X86_CPUID_POLICY, X86_MSR_POLICY -> policy(type, frame, before, report);
      case PAGE_DATA, X86_PV_P2M_FRAMES -> memory(type, frame, before, report);
      case X86_PV_INFO -> {
        if (before.has(type)) {
          report.placed(Rule.PV_INFO_TWICE, frame, "a second X86_PV_INFO");
        } else if (before.isStaticDataOver()) {
          report.placed(Rule.PV_INFO_LATE, frame, "X86_PV_INFO behind the static data");
        }
      }
      case X86_PV_VCPU_BASIC, X86_PV_VCPU_EXTENDED, X86_PV_VCPU_XSAVE, X86_PV_VCPU_MSRS -> {
        if (before.isPv() && !before.has(RecordType.PAGE_DATA)) {
          report.placed(
              Rule.VCPU_BEFORE_MEMORY, frame, type.name() + " before the first PAGE_DATA");
        }
        state(frame, before, report);
      }
      case SHARED_INFO -> {
        needsPvInfo(frame, before, report);
        state(frame, before, report);
        once(type, frame, before, report);
      }
      case X86_TSC_INFO, HVM_CONTEXT, HVM_PARAMS -> {
        state(frame, before, report);
        once(type, frame, before, report);
        if (type == RecordType.HVM_CONTEXT
            && before.isHvm()
            && !before.has(RecordType.HVM_PARAMS)
            && !before.has(type)) {
          report.placed(Rule.HVM_CONTEXT_BEFORE_PARAMS, frame, "HVM_CONTEXT before HVM_PARAMS");
        }
      }
      case VERIFY -> verify(frame, before, report);
      case CHECKPOINT -> {
        if (before.has(RecordType.VERIFY)) {
          report.placed(Rule.VERIFY_CHECKPOINTED, frame, "CHECKPOINT behind VERIFY");
        }
      }
      case END -> end(frame, before, report);
      case TOOLSTACK, CHECKPOINT_DIRTY_PFN_LIST, SAVING_CPU -> {}
    }
    if (before.completes(framed.record())) {
      complete(frame, before, report);
    }
  }

  private static void staticDataEnd(Frame frame, StreamState before, Report report) {
    if (before.isStaticDataOver()) {
      report.placed(
          Rule.STATIC_DATA_END_TWICE,
          frame,
          before.has(RecordType.STATIC_DATA_END)
              ? "a second STATIC_DATA_END"
              : "STATIC_DATA_END behind memory of a version 2 stream");
    } else if (before.version() == ImageHeader.V2) {
      report.placed(Rule.STATIC_DATA_END_IN_V2, frame, "STATIC_DATA_END in a version 2 stream");
    }
  }

  private static void policy(RecordType type, Frame frame, StreamState before, Report report) {
    if (before.version() == ImageHeader.V2) {
      report.placed(Rule.POLICY_IN_V2, frame, type.name() + " in a version 2 stream");
    }
    if (before.has(type)) {
      report.placed(Rule.POLICY_REPEATED, frame, "a second " + type.name());
    }
    if (before.isStaticDataOver()) {
      report.placed(Rule.POLICY_LATE, frame, type.name() + " behind the static data");
    }
  }

  private void memory(RecordType type, Frame frame, StreamState before, Report report) {
    if (before.version() == ImageHeader.V3 && !before.has(RecordType.STATIC_DATA_END)) {
      noStaticDataEnd(frame, type.name() + " before STATIC_DATA_END", report);
    }
    if (type == RecordType.X86_PV_P2M_FRAMES) {
      needsPvInfo(frame, before, report);
      if (before.has(type) && before.isPv()) {
        report.placed(
            Rule.P2M_FRAMES_REPEATED,
            frame,
            "X86_PV_P2M_FRAMES number " + (before.count(type) + 1));
      }
    } else if (before.isPv() && !before.has(RecordType.X86_PV_P2M_FRAMES) && !missingP2m) {
      missingP2m = true;
      report.placed(Rule.P2M_FRAMES_MISSING, frame, "PAGE_DATA before X86_PV_P2M_FRAMES");
    }
  }

  private void noStaticDataEnd(Frame frame, String message, Report report) {
    if (!missingStaticDataEnd) {
      missingStaticDataEnd = true;
      report.placed(Rule.STATIC_DATA_END_MISSING, frame, message);
    }
  }

  private void needsPvInfo(Frame frame, StreamState before, Report report) {
    if (before.isPv() && !before.has(RecordType.X86_PV_INFO) && !missingPvInfo) {
      missingPvInfo = true;
      report.placed(Rule.PV_INFO_MISSING, frame, frame.typeName() + " before X86_PV_INFO");
    }
  }

  private void state(Frame frame, StreamState before, Report report) {
    if (before.version() == ImageHeader.V3
        && !before.has(RecordType.STATIC_DATA_END)
        && !missingStaticDataEnd) {
      report.placed(
          Rule.STATE_BEFORE_STATIC_DATA_END, frame, frame.typeName() + " before STATIC_DATA_END");
    }
  }

  private static void once(RecordType type, Frame frame, StreamState before, Report report) {
    if (before.hasInSet(type)) {
      report.placed(Rule.STATE_REPEATED, frame, "a second " + type.name() + " in a set of records");
    }
  }

  private static void verify(Frame frame, StreamState before, Report report) {
    if (!before.has(RecordType.PAGE_DATA)) {
      report.placed(Rule.VERIFY_WITHOUT_MEMORY, frame, "VERIFY before any PAGE_DATA");
    }
    if (before.has(RecordType.VERIFY)) {
      report.placed(Rule.VERIFY_TWICE, frame, "a second VERIFY");
    }
    if (before.checkpoints() > 0) {
      report.placed(Rule.VERIFY_CHECKPOINTED, frame, "VERIFY behind CHECKPOINT");
    }
  }

  private void end(Frame frame, StreamState before, Report report) {
    if (before.checkpoints() == 0) {
      return;
    }
    StreamHeaders headers = before.headers();
    DomainHeader domain = headers == null ? null : headers.domain();
    if (domain != null
        && (domain.xenMajor() > 4
            || (domain.xenMajor() == 4 && domain.xenMinor() >= NO_END_SINCE))) {
      report.placed(
          Rule.CHECKPOINT_IN_PLAIN,
          frame,
          "END behind CHECKPOINT, where a saver of Xen %s.%s ends plain streams alone with END"
              .formatted(
                  Integer.toUnsignedString(domain.xenMajor()),
                  Integer.toUnsignedString(domain.xenMinor())));
    }
    if (before.recordsSinceCheckpoint()) {
      report.placed(
          Rule.CHECKPOINT_TAIL_DROPPED, frame, "END behind records that no CHECKPOINT completes");
    }
  }

  /// What has to be there once the state is complete.
  private void complete(Frame frame, StreamState before, Report report) {
    if (before.version() == ImageHeader.V3 && !before.has(RecordType.STATIC_DATA_END)) {
      noStaticDataEnd(frame, frame.typeName() + " without STATIC_DATA_END", report);
    }
    missing(RecordType.PAGE_DATA, Rule.MEMORY_MISSING, frame, before, report);
    missing(RecordType.X86_TSC_INFO, Rule.TSC_INFO_MISSING, frame, before, report);
    if (before.isPv()) {
      missing(RecordType.SHARED_INFO, Rule.SHARED_INFO_MISSING, frame, before, report);
    }
    if (before.isHvm()) {
      missing(RecordType.HVM_PARAMS, Rule.HVM_PARAMS_MISSING, frame, before, report);
      missing(RecordType.HVM_CONTEXT, Rule.HVM_CONTEXT_MISSING, frame, before, report);
    }
    if (before.version() == ImageHeader.V3 && before.checkpoints() == 0) {
      missing(RecordType.X86_CPUID_POLICY, Rule.POLICY_MISSING, frame, before, report);
      missing(RecordType.X86_MSR_POLICY, Rule.POLICY_MISSING, frame, before, report);
    }
  }

  private static void missing(
      RecordType type, Rule rule, Frame frame, StreamState before, Report report) {
    if (!before.has(type) && !report.counted(rule)) {
      report.placed(rule, frame, frame.typeName() + " without any " + type.name() + " before it");
    }
  }
}
