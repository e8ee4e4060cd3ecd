// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static org.xenstream.core.verify.Report.expected;
import static org.xenstream.core.verify.Report.hex;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.RecordType;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;

/// The vCPU records of a PV guest: each one's size, and when a set is complete, what
/// `update_vcpu_context` of `xg_sr_restore_x86_pv.c` asks of them.
final class VcpuCheck implements Check {
  /// Most vCPUs of a domain that libxl makes.
  static final int MOST_VCPUS = 1024;

  private static final int HEADER = 8;
  private static final int MOST_EXTENDED = 128;

  /// Up to `vmce`, what a `struct xen_domctl_ext_vcpucontext` has to say that it holds.
  private static final int LEAST_EXTENDED = 32;

  private static final int LEAST_XSAVE = 16;
  private static final int MSR = 16;

  /// How many MSRs the newest hypervisor has for a PV vCPU; no older one has more.
  private static final int MOST_MSRS = 7;

  /// Steps that a vCPU takes when a set is complete.
  private static final int WORK_OF_VCPU = 32;

  /// What is kept of a vCPU: nothing of it is a view.
  private static final class Vcpu {
    int everSeen;
    int seenInSet;
    @Nullable VcpuBasic basic;
  }

  private Vcpu[] vcpus = new Vcpu[0];
  private final @Nullable Release target;
  private final VcpuRegisterCheck registers;
  private final VcpuXsaveCheck xsave;

  /// @param target the release for which the image is judged, or null for any
  VcpuCheck(@Nullable Release target) {
    this.target = target;
    this.registers = new VcpuRegisterCheck(target);
    this.xsave = new VcpuXsaveCheck(target);
  }

  @Override
  public void see(ImageItem item, StreamState before, Report report) {
    if (!(item instanceof ImageItem.Libxc libxc) || !before.isPv()) {
      return;
    }
    Frame frame = libxc.framed().frame();
    StreamRecord record = libxc.framed().record();
    if (record instanceof StreamRecord.PvVcpu vcpu) {
      take(vcpu, frame, before, report);
    } else if (before.completes(record)) {
      if (!before.isDamaged() && before.affords((long) vcpus.length * WORK_OF_VCPU)) {
        complete(frame, before, report);
      }
      for (Vcpu vcpu : vcpus) {
        if (vcpu != null) {
          vcpu.seenInSet = 0;
        }
      }
    }
  }

  private void take(StreamRecord.PvVcpu record, Frame frame, StreamState before, Report report) {
    int reserved = Wire.u32(frame.octets(), Wire.RECORD_HEADER + 4);
    if (reserved != 0) {
      report.at(
          Rule.VCPU_RESERVED,
          frame,
          4,
          "reserved",
          expected("0", hex(Integer.toUnsignedLong(reserved))));
    }
    // The reference passes over an empty record before it looks at the vCPU's number.
    if (record.context().byteSize() == 0) {
      report.length(Rule.VCPU_EMPTY, frame, "more than 8");
      return;
    }
    if (record.vcpuId() >= mostVcpus(before)) {
      report.at(Rule.VCPU_ID, frame, 0, "vcpu_id", expected(vcpusOf(before), record.vcpuId()));
      return;
    }
    Vcpu vcpu = vcpu((int) record.vcpuId());
    int bit = 1 << frame.type();
    if ((vcpu.seenInSet & bit) != 0) {
      report.placed(
          Rule.VCPU_REPEATED,
          frame,
          "a second %s for vCPU %d in a set of records"
              .formatted(frame.typeName(), record.vcpuId()));
    }
    vcpu.seenInSet |= bit;
    vcpu.everSeen |= bit;
    if (size(record, frame, before, report) && record instanceof StreamRecord.PvVcpuBasic basic) {
      vcpu.basic = VcpuBasic.of(basic.context(), before.guestWidth(), frame);
    }
  }

  private static int mostVcpus(StreamState before) {
    int configured = before.config().maxVcpus();
    return configured > 0 ? configured : MOST_VCPUS;
  }

  private static String vcpusOf(StreamState before) {
    return before.config().maxVcpus() > 0
        ? "below max_vcpus of the configuration, " + before.config().maxVcpus()
        : "below " + MOST_VCPUS + ", the most that libxl gives a domain";
  }

  /// What `XEN_DOMCTL_set_ext_vcpucontext` in `xen/arch/x86/domctl.c` asks of the vCPU's number and
  /// the length that stand inside; where there is less than that, zeros follow.
  private void extended(
      StreamRecord.PvVcpuExtended record, Frame frame, StreamState before, Report report) {
    MemorySegment context = record.context();
    MemorySegment head = MemorySegment.ofArray(new byte[8]);
    MemorySegment.copy(context, 0, head, 0, Math.min(head.byteSize(), context.byteSize()));
    long vcpu = Integer.toUnsignedLong(Wire.u32(head, 0));
    long size = Integer.toUnsignedLong(Wire.u32(head, 4));
    if (vcpu >= mostVcpus(before)) {
      report.at(
          Rule.VCPU_EXTENDED_REFUSED,
          frame,
          HEADER,
          "context.vcpu",
          expected(vcpusOf(before), vcpu));
    } else if (vcpu != record.vcpuId()) {
      report.at(
          Rule.VCPU_EXTENDED_OTHER,
          frame,
          HEADER,
          "context.vcpu",
          expected("vcpu_id, " + record.vcpuId(), vcpu));
    }
    if (size < LEAST_EXTENDED) {
      report.at(
          Rule.VCPU_EXTENDED_REFUSED,
          frame,
          HEADER + 4,
          "context.size",
          expected("at least " + LEAST_EXTENDED, size));
    } else {
      registers.extended(context, size, frame, report);
    }
  }

  /// What `XEN_DOMCTL_set_vcpu_msrs` in `xen/arch/x86/domctl.c` asks of all MSRs.
  private void msrs(MemorySegment msrs, Frame frame, Report report) {
    if (target != null && !target.handsOverVcpuMsrs()) {
      return;
    }
    long count = msrs.byteSize() / MSR;
    if (count > MOST_MSRS) {
      report.length(Rule.VCPU_MSRS_REFUSED, frame, "at most " + (HEADER + MOST_MSRS * MSR));
    }
    for (long i = 0; i < count; i++) {
      int index = Wire.u32(msrs, i * MSR);
      int reserved = Wire.u32(msrs, i * MSR + 4);
      if (!Release.someTakesVcpuMsr(index) && !report.counted(Rule.VCPU_MSR)) {
        report.at(
            Rule.VCPU_MSR,
            frame,
            HEADER + i * MSR,
            "msr[" + i + "].index",
            expected("an MSR that a release loads", hex(Integer.toUnsignedLong(index))));
      }
      if (reserved != 0 && !report.counted(Rule.VCPU_MSRS_REFUSED)) {
        report.at(
            Rule.VCPU_MSRS_REFUSED,
            frame,
            HEADER + i * MSR + 4,
            "msr[" + i + "].reserved",
            expected("0", hex(Integer.toUnsignedLong(reserved))));
      }
    }
  }

  /// The sizes that `handle_x86_pv_vcpu_blob` wants.
  private boolean size(StreamRecord.PvVcpu record, Frame frame, StreamState before, Report report) {
    MemorySegment context = record.context();
    long octets = context.byteSize();
    if (record instanceof StreamRecord.PvVcpuBasic) {
      int wanted = VcpuBasic.size(before.guestWidth());
      if (octets != wanted) {
        report.length(Rule.VCPU_BASIC_SIZE, frame, Integer.toString(HEADER + wanted));
        return false;
      }
      registers.judge(record.vcpuId(), context, before.guestWidth(), frame, report);
    } else if (record instanceof StreamRecord.PvVcpuExtended extended) {
      if (octets > MOST_EXTENDED) {
        report.length(Rule.VCPU_EXTENDED_SIZE, frame, "at most " + (HEADER + MOST_EXTENDED));
      } else {
        extended(extended, frame, before, report);
      }
    } else if (record instanceof StreamRecord.PvVcpuXsave) {
      if (octets < LEAST_XSAVE) {
        report.length(Rule.VCPU_XSAVE_SIZE, frame, "at least " + (HEADER + LEAST_XSAVE));
      } else {
        xsave.judge(context, frame, report);
      }
    } else if (octets % MSR != 0) {
      report.length(Rule.VCPU_MSRS_SIZE, frame, "8 and a multiple of " + MSR);
    } else {
      msrs(context, frame, report);
    }
    return true;
  }

  private Vcpu vcpu(int id) {
    if (id >= vcpus.length) {
      vcpus = Arrays.copyOf(vcpus, Math.max(id + 1, 2 * vcpus.length));
    }
    if (vcpus[id] == null) {
      vcpus[id] = new Vcpu();
    }
    return vcpus[id];
  }

  private void complete(Frame frame, StreamState before, Report report) {
    if (vcpus.length == 0 || vcpus[0] == null || !hasBasic(vcpus[0])) {
      report.placed(
          Rule.VCPU0_MISSING,
          frame,
          frame.typeName() + " without an X86_PV_VCPU_BASIC for vCPU 0 before it");
    }
    for (int id = 0; id < vcpus.length; id++) {
      Vcpu vcpu = vcpus[id];
      if (vcpu == null) {
        continue;
      }
      if (!hasBasic(vcpu)) {
        if (!report.counted(Rule.VCPU_WITHOUT_BASIC)) {
          report.placed(
              Rule.VCPU_WITHOUT_BASIC,
              frame,
              "%s without an X86_PV_VCPU_BASIC for vCPU %d, of which there is other state"
                  .formatted(frame.typeName(), id));
        }
      } else if (vcpu.basic != null && before.maxPfn() >= 0) {
        vcpu.basic.judge(id, before, report);
      }
    }
  }

  private static boolean hasBasic(Vcpu vcpu) {
    return (vcpu.everSeen & 1 << RecordType.X86_PV_VCPU_BASIC.code()) != 0;
  }
}
