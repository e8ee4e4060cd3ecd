// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.lang.foreign.MemorySegment;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.transfer.CpuPolicy;

/// What all simulated guests are told of their processor, and what each is told of its clock.
///
/// The leaves are those that Xen serialises (`x86_cpuid_copy_to_buffer` in xen/lib/x86/cpuid.c),
/// with the values of an invented processor.
public final class GuestPolicy {
  private static final int NO_SUBLEAF = -1;
  private static final int GENU = 0x756E6547;
  private static final int INEI = 0x49656E69;
  private static final int NTEL = 0x6C65746E;

  /// Leaf, subleaf, eax, ebx, ecx, edx.
  private static final int[][] LEAVES = {
    {0x0, NO_SUBLEAF, 0xD, GENU, NTEL, INEI},
    {0x1, NO_SUBLEAF, 0x000506E3, 0x00010800, 0xF7FA3203, 0x178BFBFF},
    {0x2, NO_SUBLEAF, 0x76036301, 0x00F0B5FF, 0, 0x00C30000},
    {0x4, 0, 0x1C004121, 0x01C0003F, 0x3F, 0},
    {0x4, 1, 0x1C004122, 0x01C0003F, 0x3F, 0},
    {0x4, 2, 0x1C004143, 0x00C0003F, 0x3FF, 0},
    {0x7, 0, 2, 0x009C07AB, 0, 0xAC000400},
    {0x7, 1, 0, 0, 0, 0},
    {0xB, 0, 0x1, 0x2, 0x100, 0},
    {0xB, 1, 0x4, 0x8, 0x201, 0},
    {0xD, 0, 0x7, 0x340, 0x340, 0},
    {0xD, 1, 0x1, 0, 0, 0},
    {0xD, 2, 0x100, 0x240, 0, 0},
    {0x80000000, NO_SUBLEAF, 0x80000008, 0, 0, 0},
    {0x80000001, NO_SUBLEAF, 0, 0, 0x121, 0x28100800},
    {0x80000002, NO_SUBLEAF, 0x756D6953, 0x6574616C, 0x72702064, 0x7365636F},
    {0x80000003, NO_SUBLEAF, 0x00726F73, 0, 0, 0},
    {0x80000004, NO_SUBLEAF, 0, 0, 0, 0},
    {0x80000006, NO_SUBLEAF, 0, 0, 0x01006040, 0},
    {0x80000007, NO_SUBLEAF, 0, 0, 0, 0x100},
    {0x80000008, NO_SUBLEAF, 0x3027, 0, 0, 0},
  };

  private static final int PLATFORM_INFO = 0xCE;
  private static final int ARCH_CAPABILITIES = 0x10A;
  private static final long CPUID_FAULTING = 1L << 31;
  private static final long RDCL_NO = 1;

  private GuestPolicy() {}

  /// The policy, on the heap.
  public static CpuPolicy policy() {
    byte[] leaves = new byte[LEAVES.length * 24];
    MemorySegment into = MemorySegment.ofArray(leaves);
    for (int i = 0; i < LEAVES.length; i++) {
      for (int word = 0; word < 6; word++) {
        into.set(Words.U32, 24L * i + 4L * word, LEAVES[i][word]);
      }
    }
    MemorySegment msrs = MemorySegment.ofArray(new byte[32]);
    Words.msr(msrs, 0, PLATFORM_INFO, CPUID_FAULTING);
    Words.msr(msrs, 1, ARCH_CAPABILITIES, RDCL_NO);
    return new CpuPolicy(into, msrs);
  }

  /// The clock of a guest.
  static StreamRecord.TscInfo tsc(GuestSpec spec) {
    long drawn = PagePattern.mix(spec.seed() ^ 0x7463);
    return new StreamRecord.TscInfo(
        0, 2_000_000 + (int) (drawn & 0xFFFFF), drawn >>> 20, 1 + (int) (drawn >>> 62));
  }
}
