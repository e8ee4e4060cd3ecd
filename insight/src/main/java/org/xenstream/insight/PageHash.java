// SPDX-License-Identifier: Apache-2.0
package org.xenstream.insight;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.xenstream.core.format.Wire;

/// XXH64 with seed 0 (`doc/xxhash_spec.md` of xxHash) over nothing but pages, each with its pfn in
/// front.
///
/// The hash deals words of eight octets to four lanes in turn. A page and its pfn are 513 words, so
/// that each page begins one lane further than the one before: no octet is gathered or copied,
/// which a hash of any octets has to do, and no call is made for each page
/// (docs/decisions/0007-digest-and-codecs.md).
final class PageHash {
  private static final long P1 = 0x9E3779B185EBCA87L;
  private static final long P2 = 0xC2B2AE3D27D4EB4FL;
  private static final long P3 = 0x165667B19E3779F9L;
  private static final long P4 = 0x85EBCA77C2B2AE63L;
  private static final long P5 = 0x27D4EB2F165667C5L;

  /// Modulo 2^64.
  private static final long P1_PLUS_P2 = 0x60EA27EEADC0B5D6L;

  /// P1 times this is 1, modulo 2^64.
  private static final long P1_INVERSE = 0x0887493432BADB37L;

  private static final int STRIPE = 32;

  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// The lanes, the one that takes the next word first.
  private long a = P1_PLUS_P2;

  private long b = P2;
  private long c;
  private long d = -P1;

  /// The last words of the last page, the latest first: what is dealt is not yet a whole stripe.
  private long last1;

  private long last2;
  private long last3;

  private long pages;

  /// Takes pages that lie one behind the other.
  ///
  /// @param block at least `count` pages; not kept
  /// @param pfns their pfns
  void update(MemorySegment block, long[] pfns, int count) {
    long first = a;
    long second = b;
    long third = c;
    long fourth = d;
    for (int page = 0; page < count; page++) {
      long lane = round(first, pfns[page]);
      first = second;
      second = third;
      third = fourth;
      fourth = lane;
      long from = (long) page * Wire.PAGE_SIZE;
      for (int at = 0; at < Wire.PAGE_SIZE; at += STRIPE) {
        first = round(first, block.get(U64, from + at));
        second = round(second, block.get(U64, from + at + 8));
        third = round(third, block.get(U64, from + at + 16));
        fourth = round(fourth, block.get(U64, from + at + 24));
      }
    }
    a = first;
    b = second;
    c = third;
    d = fourth;
    if (count > 0) {
      long end = (long) count * Wire.PAGE_SIZE;
      last1 = block.get(U64, end - 8);
      last2 = block.get(U64, end - 16);
      last3 = block.get(U64, end - 24);
    }
    pages += count;
  }

  /// The hash of all that was taken.
  long digest() {
    long octets = pages * (Long.BYTES + Wire.PAGE_SIZE);
    // As many words as there are pages, modulo four, were dealt beyond the last whole stripe. They
    // are hashed in another way, so their lanes take a step back.
    int rest = (int) (pages & 3);
    long[] words = {last3, last2, last1};
    long[] lanes = {a, b, c, d};
    long hash = P5;
    if (pages > 0) {
      for (int i = 1; i <= rest; i++) {
        lanes[4 - i] = unround(lanes[4 - i], words[3 - i]);
      }
      // Lane number 0 comes `rest` places before the one that would be next.
      long v1 = lanes[4 - rest & 3];
      long v2 = lanes[5 - rest & 3];
      long v3 = lanes[6 - rest & 3];
      long v4 = lanes[7 - rest & 3];
      hash =
          Long.rotateLeft(v1, 1)
              + Long.rotateLeft(v2, 7)
              + Long.rotateLeft(v3, 12)
              + Long.rotateLeft(v4, 18);
      hash = merge(merge(merge(merge(hash, v1), v2), v3), v4);
    }
    hash += octets;
    for (int i = 3 - rest; i < 3; i++) {
      hash = Long.rotateLeft(hash ^ round(0, words[i]), 27) * P1 + P4;
    }
    hash = (hash ^ hash >>> 33) * P2;
    hash = (hash ^ hash >>> 29) * P3;
    return hash ^ hash >>> 32;
  }

  private static long round(long lane, long word) {
    return Long.rotateLeft(lane + word * P2, 31) * P1;
  }

  /// The lane before it took the word.
  private static long unround(long lane, long word) {
    return Long.rotateRight(lane * P1_INVERSE, 31) - word * P2;
  }

  private static long merge(long hash, long lane) {
    return (hash ^ round(0, lane)) * P1 + P4;
  }
}
