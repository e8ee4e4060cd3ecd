// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static org.xenstream.core.verify.Report.expected;
import static org.xenstream.core.verify.Report.hex;

import java.lang.foreign.MemorySegment;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.Layer;
import org.xenstream.core.envelope.XlConfig;
import org.xenstream.core.format.DomainHeader;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.HvmContextCursor;
import org.xenstream.core.format.RecordType;
import org.xenstream.core.format.StreamHeaders;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;

/// What one release of Xen does not take (`--for`), where another would.
final class ReleaseCheck implements Check {
  private static final int MSR = 16;

  private final Release target;

  ReleaseCheck(Release target) {
    this.target = target;
  }

  @Override
  public void see(ImageItem item, StreamState before, Report report) {
    if (item instanceof ImageItem.Libxc libxc) {
      if (!before.isBackChannel()) {
        record(libxc.framed().frame(), libxc.framed().record(), report);
      }
    } else if (item instanceof ImageItem.LibxcBegins begins) {
      headers(begins.headers(), report);
    } else if (item instanceof ImageItem.LayerFound found
        && found.layer() instanceof Layer.XlSave xl) {
      if (!target.knowsPvh() && "pvh".equals(XlConfig.of(xl).type())) {
        report.outside(
            Rule.FOR_PVH,
            found.offset() + 52,
            "xl",
            "header",
            "config",
            "a PVH domain, which libxl of Xen " + target + " does not know");
      }
    } else if (item instanceof ImageItem.Libxl libxl
        && Release.latest().knowsLibxlRecordType(libxl.frame().type())
        && !target.knowsLibxlRecordType(libxl.frame().type())) {
      report.at(
          Rule.FOR_LIBXL_RECORD,
          libxl.frame(),
          -8,
          null,
          libxl.frame().typeName() + ", which libxl of Xen " + target + " does not know");
    }
  }

  private void headers(StreamHeaders headers, Report report) {
    int version = headers.image().version();
    if (!target.imageVersions().contains(version)) {
      report.outside(
          Rule.FOR_IMAGE_VERSION,
          headers.offset() + 12,
          "libxc",
          "image header",
          "version",
          expected("version 2 for Xen " + target, version));
    }
    DomainHeader domain = headers.domain();
    if (domain.xenMajor() > 4
        || (domain.xenMajor() == 4
            && Integer.compareUnsigned(domain.xenMinor(), target.minor()) > 0)) {
      report.outside(
          Rule.FOR_NEWER_SAVER,
          headers.domainOffset() + 8,
          "libxc",
          "domain header",
          "xen_major",
          "saved by Xen %s.%s for Xen %s"
              .formatted(
                  Integer.toUnsignedString(domain.xenMajor()),
                  Integer.toUnsignedString(domain.xenMinor()),
                  target));
    }
  }

  private void record(Frame frame, StreamRecord record, Report report) {
    if (frame.length() > target.maxRecordLength()) {
      report.length(
          Rule.FOR_RECORD_LENGTH,
          frame,
          "at most %d for Xen %s".formatted(target.maxRecordLength(), target));
    }
    RecordType type = RecordType.of(frame.type());
    if (type != null
        && !RecordType.isOptional(frame.type())
        && Release.latest().knowsRecordType(frame.type())
        && !target.knowsRecordType(frame.type())) {
      report.placed(
          Rule.FOR_RECORD_TYPE, frame, type.name() + ", which Xen " + target + " does not know");
    }
    if (record instanceof StreamRecord.PvVcpu vcpu) {
      vcpu(vcpu, frame, report);
    } else if (record instanceof StreamRecord.TscInfo tsc) {
      if (!target.takesTscMode(tsc.mode()) && tsc.mode() == 3) {
        report.at(
            Rule.FOR_TSC_MODE,
            frame,
            0,
            "mode",
            expected("0 to 2 for Xen " + target, Integer.toUnsignedString(tsc.mode())));
      }
    } else if (record instanceof StreamRecord.HvmContext context) {
      context(context.context(), frame, report);
    } else if (record instanceof StreamRecord.HvmParams params) {
      params(params, frame, report);
    }
  }

  private void vcpu(StreamRecord.PvVcpu vcpu, Frame frame, Report report) {
    long content = vcpu.context().byteSize();
    if (content == 0) {
      if (!target.toleratesZeroContent(frame.type())) {
        report.length(Rule.FOR_EMPTY_RECORD, frame, "more than 8 for Xen " + target);
      }
    } else if (vcpu instanceof StreamRecord.PvVcpuXsave
        && Release.latest().takesVcpuXsave(content)
        && !target.takesVcpuXsave(content)) {
      report.length(Rule.FOR_VCPU_XSAVE, frame, "8 and a multiple of 16 for Xen " + target);
    } else if (vcpu instanceof StreamRecord.PvVcpuMsrs && content % MSR == 0) {
      msrs(vcpu, frame, report);
    }
  }

  private void msrs(StreamRecord.PvVcpu vcpu, Frame frame, Report report) {
    MemorySegment msrs = vcpu.context();
    long count = msrs.byteSize() / MSR;
    if (!target.handsOverVcpuMsrs()) {
      if (!report.counted(Rule.FOR_VCPU_MSRS_LOST)) {
        report.placed(
            Rule.FOR_VCPU_MSRS_LOST,
            frame,
            "%d MSRs of vCPU %d, of which Xen %s sets none"
                .formatted(count, vcpu.vcpuId(), target));
      }
      return;
    }
    for (long i = 0; i < count; i++) {
      int index = Wire.u32(msrs, i * MSR);
      if (Release.someTakesVcpuMsr(index)
          && !target.takesVcpuMsr(index)
          && !report.counted(Rule.FOR_VCPU_MSR)) {
        report.at(
            Rule.FOR_VCPU_MSR,
            frame,
            8 + i * MSR,
            "msr[" + i + "].index",
            "MSR %s, which Xen %s refuses".formatted(hex(Integer.toUnsignedLong(index)), target));
      }
    }
  }

  private void context(MemorySegment blob, Frame frame, Report report) {
    HvmContextCursor cursor = HvmContextCursor.over(blob);
    while (cursor.next()) {
      int typecode = cursor.typecode();
      HvmContextFacts.Length takes = HvmContextFacts.length(target, typecode);
      if (takes != null
          && typecode != HvmContextFacts.HEADER
          && !takes.accepts((int) cursor.length())
          && HvmContextFacts.someReleaseTakes(typecode, cursor.length())
          && !report.counted(Rule.FOR_HVM_CONTEXT_LENGTH)) {
        report.at(
            Rule.FOR_HVM_CONTEXT_LENGTH,
            frame,
            cursor.offset() + 4,
            HvmContextFacts.nameOf(typecode) + ".length",
            expected(takes + " for Xen " + target, cursor.length()));
      }
    }
  }

  private void params(StreamRecord.HvmParams params, Frame frame, Report report) {
    for (int n = 0; n < params.count(); n++) {
      long index = params.index(n);
      long value = params.value(n);
      if (target.takesHvmParam(index, value) || !HvmCheck.someReleaseTakes(index, value)) {
        continue;
      }
      boolean refused = target.hvmParam(index) == Release.ParamFate.REFUSED;
      Rule rule = refused ? Rule.FOR_HVM_PARAM : Rule.FOR_HVM_PARAM_VALUE;
      if (!report.counted(rule)) {
        report.at(
            rule,
            frame,
            8 + n * 16L,
            "param[" + n + "]." + (refused ? "index" : "value"),
            "parameter %s = %s, which Xen %s refuses"
                .formatted(Long.toUnsignedString(index), hex(value), target));
      }
    }
  }
}
