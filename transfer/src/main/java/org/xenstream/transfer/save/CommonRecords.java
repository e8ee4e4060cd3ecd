// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.io.IOException;
import java.lang.foreign.Arena;
import org.xenstream.core.format.RecordSink;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.transfer.CpuPolicy;
import org.xenstream.transfer.Hypervisor;

/// The records that guests of both kinds have (`xg_sr_common_x86.c`).
final class CommonRecords {
  private CommonRecords() {}

  /// Writes both policies, each where it has anything in it.
  static void writeCpuPolicy(Hypervisor hypervisor, int domid, RecordSink out) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      CpuPolicy policy = hypervisor.cpuPolicy(domid, arena);
      if (policy.leaves().byteSize() > 0) {
        out.accept(new StreamRecord.CpuidPolicy(policy.leaves()));
      }
      if (policy.msrs().byteSize() > 0) {
        out.accept(new StreamRecord.MsrPolicy(policy.msrs()));
      }
    }
  }

  static void writeTsc(Hypervisor hypervisor, int domid, RecordSink out) throws IOException {
    out.accept(hypervisor.tscInfo(domid));
  }
}
