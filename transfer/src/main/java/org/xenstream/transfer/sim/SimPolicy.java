// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.lang.foreign.MemorySegment;
import org.xenstream.transfer.CpuPolicy;
import org.xenstream.x86.CpuidLeaf;

/// What Xen looks at in a CPU policy before it takes it (`x86_cpuid_copy_from_buffer` and
/// `x86_msr_copy_from_buffer` of xen/arch/x86/lib/cpu-policy/copy-from-buffer.c, with the numbers
/// of xen/include/xen/lib/x86/cpu-policy.h): that there is a place for each entry. Whether the
/// values are those of a processor that the host could show is not asked here.
final class SimPolicy {
  private static final int BASIC_LEAVES = 0xD + 1;
  private static final int EXTENDED_LEAVES = 0x21 + 1;
  private static final int EXTENDED = 0x8000_0000;
  private static final int CACHE_SUBLEAVES = 6;
  private static final int FEATURE_SUBLEAVES = 3;
  private static final int TOPOLOGY_SUBLEAVES = 2;
  private static final int XSTATE_SUBLEAVES = 63;

  /// Of leaves that have subleaves only those count, and the two limits of hypervisor leaves do.
  private static final int MOST_LEAVES =
      BASIC_LEAVES
          - 4
          + CACHE_SUBLEAVES
          + FEATURE_SUBLEAVES
          + TOPOLOGY_SUBLEAVES
          + XSTATE_SUBLEAVES
          + EXTENDED_LEAVES
          + 2;

  private static final int MSR_OCTETS = 16;
  private static final int MOST_MSRS = 2;
  private static final int PLATFORM_INFO = 0xCE;
  private static final int ARCH_CAPABILITIES = 0x10A;

  private SimPolicy() {}

  static void check(CpuPolicy policy) throws XenError {
    checkLeaves(policy.leaves());
    checkMsrs(policy.msrs());
  }

  private static void checkLeaves(MemorySegment leaves) throws XenError {
    long count = leaves.byteSize() / CpuidLeaf.SIZE;
    if (count > MOST_LEAVES) {
      throw new XenError(Errno.E2BIG, "%d leaves of at most %d".formatted(count, MOST_LEAVES));
    }
    for (long i = 0; i < count; i++) {
      int leaf = leaves.get(Words.U32, i * CpuidLeaf.SIZE);
      int subleaf = leaves.get(Words.U32, i * CpuidLeaf.SIZE + 4);
      if (!isKnown(leaf, subleaf)) {
        throw new XenError(
            Errno.ERANGE, "there is no leaf 0x%x, subleaf 0x%x".formatted(leaf, subleaf));
      }
    }
  }

  private static boolean isKnown(int leaf, int subleaf) {
    int subleaves =
        switch (leaf) {
          case 0x4 -> CACHE_SUBLEAVES;
          case 0x7 -> FEATURE_SUBLEAVES;
          case 0xB -> TOPOLOGY_SUBLEAVES;
          case 0xD -> XSTATE_SUBLEAVES;
          default -> 0;
        };
    if (subleaves > 0) {
      return Integer.compareUnsigned(subleaf, subleaves) < 0;
    }
    return subleaf == CpuidLeaf.NO_SUBLEAF
        && (Integer.compareUnsigned(leaf, BASIC_LEAVES) < 0
            || leaf == 0x4000_0000
            || leaf == 0x4000_0100
            || Integer.compareUnsigned(leaf - EXTENDED, EXTENDED_LEAVES) < 0);
  }

  private static void checkMsrs(MemorySegment msrs) throws XenError {
    long count = msrs.byteSize() / MSR_OCTETS;
    if (count > MOST_MSRS) {
      throw new XenError(Errno.E2BIG, "%d MSRs of at most %d".formatted(count, MOST_MSRS));
    }
    for (long at = 0; at < count * MSR_OCTETS; at += MSR_OCTETS) {
      int index = msrs.get(Words.U32, at);
      if (msrs.get(Words.U32, at + 4) != 0) {
        throw new XenError(Errno.EINVAL, "flags of MSR 0x%x".formatted(index));
      }
      if (index != PLATFORM_INFO && index != ARCH_CAPABILITIES) {
        throw new XenError(Errno.ERANGE, "a policy has no MSR 0x%x".formatted(index));
      }
      if (index == PLATFORM_INFO && msrs.get(Words.U32, at + 12) != 0) {
        throw new XenError(Errno.EOVERFLOW, "MSR 0x%x has 32 bits".formatted(index));
      }
    }
  }
}
