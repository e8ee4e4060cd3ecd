// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.transfer.CpuPolicy;

/// What a domain has beside its memory. One thread at a time, as the port says.
final class SimState {
  private static final int DEFAULT_KHZ = 2_000_000;

  final SimVcpu[] vcpus;
  final long sharedInfoFrame;
  final SimHvm hvm = new SimHvm();
  final List<SimOutcome.Pin> pins = new ArrayList<>();
  final List<SimOutcome.GrantSeed> grantSeeds = new ArrayList<>();
  int width = 8;
  StreamRecord.TscInfo tsc = new StreamRecord.TscInfo(0, DEFAULT_KHZ, 0, 1);
  StreamRecord.@Nullable TscInfo tscSet;
  CpuPolicy policy = HostPolicy.policy();
  @Nullable MemorySegment leavesSet;
  @Nullable MemorySegment msrsSet;

  SimState(int count, long sharedInfoFrame) {
    this.sharedInfoFrame = sharedInfoFrame;
    vcpus = new SimVcpu[count];
    for (int i = 0; i < count; i++) {
      vcpus[i] = new SimVcpu(i);
    }
  }
}
