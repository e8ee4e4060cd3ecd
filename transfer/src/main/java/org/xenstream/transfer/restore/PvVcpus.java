// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.Hypervisor.VcpuState;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.x86.VcpuContext;

/// What came for the vCPUs of a PV guest, kept until memory is complete (`handle_x86_pv_vcpu_blob`,
/// `update_vcpu_context` of `xg_sr_restore_x86_pv.c`).
final class PvVcpus {
  /// Longer state than any processor has is not worth the memory: a hypervisor refuses it.
  private static final long MOST_OCTETS = 1 << 16;

  /// Where the state begins in a record's body.
  private static final int CONTEXT = 8;

  private static final int EXTENDED_OCTETS = 128;
  private static final int XSAVE_HEADER = 16;
  private static final int MSR_OCTETS = 16;

  /// What came for a vCPU, and where it stood.
  private record Held(MemorySegment octets, Location at) {}

  private final String source;
  private final List<Map<VcpuState, Held>> states = new ArrayList<>();

  /// @param count how many vCPUs the domain has
  PvVcpus(String source, int count) {
    this.source = source;
    for (int i = 0; i < count; i++) {
      states.add(new EnumMap<>(VcpuState.class));
    }
  }

  /// Keeps a record's blob; the last of a kind counts. An empty one is passed over, whatever its
  /// vCPU (specification, Errata 1).
  ///
  /// @param guestWidth octets in a word of the guest
  void take(Frame at, StreamRecord.PvVcpu record, int guestWidth) throws IOException {
    MemorySegment context = record.context();
    long length = context.byteSize();
    if (length == 0) {
      return;
    }
    if (record.vcpuId() >= states.size()) {
      throw RefusedStreamException.of(
          source,
          at,
          0,
          "vcpu_id",
          "below %d, the vCPUs of the domain".formatted(states.size()),
          Long.toString(record.vcpuId()));
    }
    VcpuState kind =
        switch (record) {
          case StreamRecord.PvVcpuBasic _ -> VcpuState.BASIC;
          case StreamRecord.PvVcpuExtended _ -> VcpuState.EXTENDED;
          case StreamRecord.PvVcpuXsave _ -> VcpuState.XSAVE;
          case StreamRecord.PvVcpuMsrs _ -> VcpuState.MSRS;
        };
    String expected =
        switch (kind) {
          case BASIC -> {
            long size = VcpuContext.of(guestWidth).size();
            yield length == size ? "" : size + " octets";
          }
          case EXTENDED ->
              length <= EXTENDED_OCTETS ? "" : "at most " + EXTENDED_OCTETS + " octets";
          case XSAVE ->
              length >= XSAVE_HEADER && length <= MOST_OCTETS
                  ? ""
                  : "%d to %d octets".formatted(XSAVE_HEADER, MOST_OCTETS);
          case MSRS ->
              length % MSR_OCTETS == 0 && length <= MOST_OCTETS
                  ? ""
                  : "a multiple of %d octets, at most %d".formatted(MSR_OCTETS, MOST_OCTETS);
        };
    if (!expected.isEmpty()) {
      throw RefusedStreamException.of(source, at, CONTEXT, "context", expected, length + " octets");
    }
    states
        .get((int) record.vcpuId())
        .put(
            kind,
            new Held(
                MemorySegment.ofArray(context.toArray(ValueLayout.JAVA_BYTE)),
                Location.of(source, at, at.bodyOffset() + CONTEXT, "context")));
  }

  /// What a vCPU's basic state has to be given before the hypervisor takes it.
  interface Translation {
    /// Changes `basic` in place.
    void translate(int vcpu, MemorySegment basic) throws IOException;
  }

  /// Gives all states to the hypervisor. May be called again, with what came meanwhile.
  ///
  /// @param at where the records end, in octets
  void complete(Hypervisor hypervisor, int domid, long at, Translation translation)
      throws IOException {
    if (!states.get(0).containsKey(VcpuState.BASIC)) {
      throw new RefusedStreamException(
          Location.of(source, at, "libxc", "end of the records", null),
          "the basic state of vCPU 0",
          "none");
    }
    for (int vcpu = 0; vcpu < states.size(); vcpu++) {
      for (Map.Entry<VcpuState, Held> state : states.get(vcpu).entrySet()) {
        MemorySegment octets = state.getValue().octets();
        if (state.getKey() == VcpuState.BASIC) {
          octets = MemorySegment.ofArray(octets.toArray(ValueLayout.JAVA_BYTE));
          translation.translate(vcpu, octets);
        }
        try {
          hypervisor.setVcpuState(domid, vcpu, state.getKey(), octets);
        } catch (HypervisorException e) {
          throw e.at(state.getValue().at());
        }
      }
    }
  }
}
