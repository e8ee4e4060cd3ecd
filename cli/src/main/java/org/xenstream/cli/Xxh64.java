// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.xenstream.transfer.sim.RestoreReport;

/// XXH64 with seed 0 (`doc/xxhash_spec.md` of xxHash) over octets that come piece by piece: blobs
/// of any length, and pages with their numbers.
final class Xxh64 implements RestoreReport.Hash {
  private static final long P1 = 0x9E3779B185EBCA87L;
  private static final long P2 = 0xC2B2AE3D27D4EB4FL;
  private static final long P3 = 0x165667B19E3779F9L;
  private static final long P4 = 0x85EBCA77C2B2AE63L;
  private static final long P5 = 0x27D4EB2F165667C5L;

  /// Modulo 2^64.
  private static final long P1_PLUS_P2 = 0x60EA27EEADC0B5D6L;

  private static final int STRIPE = 32;
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// The lanes.
  private long a = P1_PLUS_P2;

  private long b = P2;
  private long c;
  private long d = -P1;

  /// What is not yet a stripe.
  private final MemorySegment rest = MemorySegment.ofArray(new byte[STRIPE]);

  private int held;
  private long octets;

  Xxh64() {}

  @Override
  public void update(MemorySegment piece) {
    long size = piece.byteSize();
    octets += size;
    long at = 0;
    if (held > 0) {
      at = Math.min(STRIPE - held, size);
      MemorySegment.copy(piece, 0, rest, held, at);
      held += (int) at;
      if (held < STRIPE) {
        return;
      }
      stripe(rest, 0);
    }
    for (; at + STRIPE <= size; at += STRIPE) {
      stripe(piece, at);
    }
    held = (int) (size - at);
    MemorySegment.copy(piece, at, rest, 0, held);
  }

  private void stripe(MemorySegment from, long at) {
    a = round(a, from.get(U64, at));
    b = round(b, from.get(U64, at + 8));
    c = round(c, from.get(U64, at + 16));
    d = round(d, from.get(U64, at + 24));
  }

  @Override
  public long value() {
    long hash = octets < STRIPE ? P5 : lanes();
    hash += octets;
    int at = 0;
    for (; at + 8 <= held; at += 8) {
      hash = Long.rotateLeft(hash ^ round(0, rest.get(U64, at)), 27) * P1 + P4;
    }
    if (at + 4 <= held) {
      hash = Long.rotateLeft(hash ^ (rest.get(U32, at) & 0xFFFF_FFFFL) * P1, 23) * P2 + P3;
      at += 4;
    }
    for (; at < held; at++) {
      hash = Long.rotateLeft(hash ^ (rest.get(ValueLayout.JAVA_BYTE, at) & 0xFFL) * P5, 11) * P1;
    }
    hash = (hash ^ hash >>> 33) * P2;
    hash = (hash ^ hash >>> 29) * P3;
    return hash ^ hash >>> 32;
  }

  private long lanes() {
    long hash =
        Long.rotateLeft(a, 1)
            + Long.rotateLeft(b, 7)
            + Long.rotateLeft(c, 12)
            + Long.rotateLeft(d, 18);
    return merge(merge(merge(merge(hash, a), b), c), d);
  }

  private static long round(long lane, long word) {
    return Long.rotateLeft(lane + word * P2, 31) * P1;
  }

  private static long merge(long hash, long lane) {
    return (hash ^ round(0, lane)) * P1 + P4;
  }
}
