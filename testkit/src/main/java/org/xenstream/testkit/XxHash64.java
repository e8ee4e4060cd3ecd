// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit;

import java.lang.foreign.MemorySegment;
import org.xenstream.core.format.Wire;

/// The hash by which the manifests of the corpus name blobs: XXH64 with seed 0, as its
/// specification (`xxHash/doc/xxhash_spec.md`) has it.
public final class XxHash64 {
  private static final long P1 = 0x9E3779B185EBCA87L;
  private static final long P2 = 0xC2B2AE3D27D4EB4FL;
  private static final long P3 = 0x165667B19E3779F9L;
  private static final long P4 = 0x85EBCA77C2B2AE63L;
  private static final long P5 = 0x27D4EB2F165667C5L;

  /// Modulo 2^64.
  private static final long P1_PLUS_P2 = 0x60EA27EEADC0B5D6L;

  private XxHash64() {}

  /// The hash as sixteen hexadecimal digits.
  public static String hex(MemorySegment octets) {
    return "%016x".formatted(hash(octets));
  }

  /// The hash.
  public static long hash(MemorySegment octets) {
    long size = octets.byteSize();
    long at = 0;
    long hash = P5;
    if (size >= 32) {
      long[] lanes = {P1_PLUS_P2, P2, 0, -P1};
      for (; at + 32 <= size; at += 32) {
        for (int i = 0; i < 4; i++) {
          lanes[i] = round(lanes[i], Wire.u64(octets, at + 8L * i));
        }
      }
      hash =
          Long.rotateLeft(lanes[0], 1)
              + Long.rotateLeft(lanes[1], 7)
              + Long.rotateLeft(lanes[2], 12)
              + Long.rotateLeft(lanes[3], 18);
      for (long lane : lanes) {
        hash = (hash ^ round(0, lane)) * P1 + P4;
      }
    }
    hash += size;
    for (; at + 8 <= size; at += 8) {
      hash = Long.rotateLeft(hash ^ round(0, Wire.u64(octets, at)), 27) * P1 + P4;
    }
    if (at + 4 <= size) {
      long word = Integer.toUnsignedLong(Wire.u32(octets, at));
      hash = Long.rotateLeft(hash ^ word * P1, 23) * P2 + P3;
      at += 4;
    }
    for (; at < size; at++) {
      long octet = Byte.toUnsignedLong(octets.get(java.lang.foreign.ValueLayout.JAVA_BYTE, at));
      hash = Long.rotateLeft(hash ^ octet * P5, 11) * P1;
    }
    hash = (hash ^ hash >>> 33) * P2;
    hash = (hash ^ hash >>> 29) * P3;
    return hash ^ hash >>> 32;
  }

  private static long round(long lane, long input) {
    return Long.rotateLeft(lane + input * P2, 31) * P1;
  }
}
