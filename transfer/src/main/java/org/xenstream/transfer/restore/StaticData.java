// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.RecordType;
import org.xenstream.transfer.CpuPolicy;
import org.xenstream.transfer.Hypervisor;

/// What no execution of the guest can change: its CPU policy (`xg_sr_common_x86.c`,
/// `handle_static_data_end` of `xg_sr_restore.c`). A policy behind the end of the static data is
/// taken and never looked at, as in C.
final class StaticData {
  /// No policy is that long: a hypervisor takes some hundred leaves, and a few MSRs
  /// (`CPUID_MAX_SERIALISED_LEAVES`, `MSR_MAX_SERIALISED_ENTRIES` of
  /// xen/include/xen/lib/x86/cpu-policy.h, which grow with the releases).
  private static final int MOST_ENTRIES = 4096;

  private static final int LEAF_OCTETS = 24;
  private static final int MSR_OCTETS = 16;

  private final Hypervisor hypervisor;
  private final int domid;
  private final String source;
  private MemorySegment leaves = MemorySegment.NULL;
  private MemorySegment msrs = MemorySegment.NULL;
  private int missing = -1;

  StaticData(Hypervisor hypervisor, int domid, String source) {
    this.hypervisor = hypervisor;
    this.domid = domid;
    this.source = source;
  }

  void cpuid(Frame at, MemorySegment octets) throws IOException {
    leaves = wholeEntries(at, octets, LEAF_OCTETS);
  }

  void msrs(Frame at, MemorySegment octets) throws IOException {
    msrs = wholeEntries(at, octets, MSR_OCTETS);
  }

  private MemorySegment wholeEntries(Frame at, MemorySegment octets, int entry) throws IOException {
    if (octets.byteSize() == 0 || octets.byteSize() % entry != 0) {
      throw RefusedStreamException.of(
          source,
          at,
          -4,
          "body_length",
          "a multiple of %d, not 0".formatted(entry),
          Long.toString(octets.byteSize()));
    }
    if (octets.byteSize() / entry > MOST_ENTRIES) {
      throw RefusedStreamException.of(
          source,
          at,
          -4,
          "body_length",
          "at most %d entries of %d".formatted(MOST_ENTRIES, entry),
          Long.toString(octets.byteSize()));
    }
    return MemorySegment.ofArray(octets.toArray(ValueLayout.JAVA_BYTE));
  }

  /// The static data end here, as a record says or as it is inferred.
  void end(Frame at, RestoreCallbacks callbacks) throws IOException {
    if (missing >= 0) {
      throw RefusedStreamException.of(source, at, "one such record", "a second");
    }
    missing =
        (leaves.byteSize() == 0 ? RestoreCallbacks.MISSING_CPUID : 0)
            | (msrs.byteSize() == 0 ? RestoreCallbacks.MISSING_MSR : 0);
    if (leaves.byteSize() != 0 || msrs.byteSize() != 0) {
      hypervisor.setCpuPolicy(domid, new CpuPolicy(leaves, msrs));
    }
    callbacks.staticDataDone(missing);
  }

  /// Memory and what belongs to it comes behind the static data.
  void needEnd(Frame at) throws IOException {
    if (missing < 0) {
      throw RefusedStreamException.of(
          source, at, RecordType.STATIC_DATA_END + " before it", "none");
    }
  }

  /// What the toolstack had to supply; −1 while the end has not come.
  int missing() {
    return missing;
  }
}
