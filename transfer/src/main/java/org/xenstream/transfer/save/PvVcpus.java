// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.xenstream.core.format.RecordSink;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.Hypervisor.VcpuState;
import org.xenstream.x86.Cr3;
import org.xenstream.x86.VcpuContext;

/// Writes the vCPUs of a PV guest (`write_all_vcpu_information` of `xg_sr_save_x86_pv.c`): of each
/// that is online, its four kinds of state, where it has them, with pfns for mfns.
final class PvVcpus {
  private final Hypervisor hypervisor;
  private final int domid;
  private final Pseudophysmap map;
  private final VcpuContext layout;

  /// @param width of a word of the guest in octets
  PvVcpus(Hypervisor hypervisor, int domid, Pseudophysmap map, int width) {
    this.hypervisor = hypervisor;
    this.domid = domid;
    this.map = map;
    this.layout = VcpuContext.of(width);
  }

  /// @param maxVcpuId the highest number of a vCPU
  void write(RecordSink out, int maxVcpuId) throws IOException {
    for (int vcpu = 0; vcpu <= maxVcpuId; vcpu++) {
      if (hypervisor.vcpuOnline(domid, vcpu)) {
        write(out, vcpu, true);
      }
    }
  }

  /// Writes one vCPU of a guest that runs, whose context need not be in order.
  void rehearse(RecordSink nowhere) throws IOException {
    if (hypervisor.vcpuOnline(domid, 0)) {
      write(nowhere, 0, false);
    }
  }

  private void write(RecordSink out, int vcpu, boolean suspended) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      for (VcpuState kind : VcpuState.values()) {
        MemorySegment state = hypervisor.vcpuState(domid, vcpu, kind, arena);
        if (kind == VcpuState.BASIC) {
          try {
            normalise(vcpu, state);
          } catch (SaveException e) {
            if (suspended) {
              throw e;
            }
          }
        }
        // A record without a blob is tolerated by receivers and never written.
        if (state.byteSize() > 0) {
          out.accept(record(vcpu, kind, state));
        }
      }
    }
  }

  private static StreamRecord record(int vcpu, VcpuState kind, MemorySegment state) {
    return switch (kind) {
      case BASIC -> new StreamRecord.PvVcpuBasic(vcpu, state);
      case EXTENDED -> new StreamRecord.PvVcpuExtended(vcpu, state);
      case XSAVE -> new StreamRecord.PvVcpuXsave(vcpu, state);
      case MSRS -> new StreamRecord.PvVcpuMsrs(vcpu, state);
    };
  }

  /// Makes the frames of a context pfns (`write_one_vcpu_basic`).
  private void normalise(int vcpu, MemorySegment context) throws SaveException {
    if (context.byteSize() != layout.size()) {
      throw new SaveException(
          domid,
          "vCPU %d: expected a context of %d octets, found %d"
              .formatted(vcpu, layout.size(), context.byteSize()));
    }
    if (vcpu == 0) {
      // A guest that suspends leaves the frame of its start_info there.
      long startInfo = layout.edx.get(context);
      layout.edx.set(context, pfnOf(vcpu, "start_info in edx", startInfo));
    }
    long entries = layout.gdtEntries.get(context);
    if (Long.compareUnsigned(entries, VcpuContext.GDT_GUEST_ENTRIES) > 0) {
      throw new SaveException(
          domid,
          "vCPU %d gdt_ents: expected at most %d, found %s"
              .formatted(vcpu, VcpuContext.GDT_GUEST_ENTRIES, Long.toUnsignedString(entries)));
    }
    for (int i = 0; i < (entries + 511) / 512; i++) {
      long frame = layout.gdtFrames.get(context, i);
      layout.gdtFrames.set(context, i, pfnOf(vcpu, "gdt_frames[%d]".formatted(i), frame));
    }
    long cr3 = layout.controlRegisters.get(context, 3);
    long pageTable = pfnOf(vcpu, "cr3", Cr3.toFrame(cr3, layout.guestWidth));
    layout.controlRegisters.set(context, 3, Cr3.fromFrame(pageTable, layout.guestWidth));
    if (layout.guestWidth == 8) {
      long cr1 = layout.controlRegisters.get(context, 1);
      if (cr1 != 0) {
        long userTable = pfnOf(vcpu, "cr1", cr1 >>> 12);
        layout.controlRegisters.set(context, 1, userTable << 12 | Cr3.USER_VALID);
      }
    }
  }

  private long pfnOf(int vcpu, String what, long mfn) throws SaveException {
    long pfn = map.pfnOf(mfn);
    if (pfn < 0) {
      throw new SaveException(
          domid,
          "vCPU %d %s: expected a frame of the guest, found %s"
              .formatted(vcpu, what, map.describe(mfn)));
    }
    return pfn;
  }
}
