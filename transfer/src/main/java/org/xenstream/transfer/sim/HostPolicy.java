// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.xenstream.transfer.CpuPolicy;

/// The CPU policy that a new domain has: a small invented processor.
final class HostPolicy {
  private static final int NO_SUBLEAF = -1;
  private static final int PLATFORM_INFO = 0xCE;

  /// `xen_cpuid_leaf_t`: leaf, subleaf, a, b, c, d.
  private static final int[][] LEAVES = {
    {0, NO_SUBLEAF, 0x7, 0x756e_6547, 0x6c65_746e, 0x4965_6e69},
    {1, NO_SUBLEAF, 0x0005_0654, 0x0010_0800, 0x8098_2203, 0x1789_fbff},
    {7, 0, 0, 0, 0, 0},
    {0x8000_0000, NO_SUBLEAF, 0x8000_0001, 0, 0, 0},
    {0x8000_0001, NO_SUBLEAF, 0, 0, 0x21, 0x2810_0800},
  };

  private HostPolicy() {}

  static CpuPolicy policy() {
    ByteBuffer leaves = ByteBuffer.allocate(LEAVES.length * 24).order(ByteOrder.LITTLE_ENDIAN);
    for (int[] leaf : LEAVES) {
      for (int value : leaf) {
        leaves.putInt(value);
      }
    }
    // xen_msr_entry_t: index, flags, value.
    MemorySegment msrs = MemorySegment.ofArray(new byte[16]);
    msrs.set(ValueLayout.JAVA_INT_UNALIGNED, 0, PLATFORM_INFO);
    return new CpuPolicy(MemorySegment.ofArray(leaves.array()), msrs);
  }
}
