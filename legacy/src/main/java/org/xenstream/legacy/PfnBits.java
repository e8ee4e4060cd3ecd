// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

/// A set of pfns below a bound that was checked, in chunks of 32,768 that are made when one of
/// their pfns is added.
final class PfnBits {
  private static final int CHUNK = 1 << 15;

  private final long[][] chunks;

  PfnBits(long bound) {
    this(new long[(int) (bound / CHUNK) + 1][]);
  }

  private PfnBits(long[][] chunks) {
    this.chunks = chunks;
  }

  boolean has(long pfn) {
    long[] chunk = chunks[(int) (pfn / CHUNK)];
    int bit = (int) pfn & (CHUNK - 1);
    return chunk != null && (chunk[bit >>> 6] >>> bit & 1) != 0;
  }

  void add(long pfn) {
    int index = (int) (pfn / CHUNK);
    long[] chunk = chunks[index];
    if (chunk == null) {
      chunk = new long[CHUNK / Long.SIZE];
      chunks[index] = chunk;
    }
    int bit = (int) pfn & (CHUNK - 1);
    chunk[bit >>> 6] |= 1L << bit;
  }

  PfnBits copy() {
    long[][] copies = chunks.clone();
    for (int i = 0; i < copies.length; i++) {
      if (copies[i] != null) {
        copies[i] = copies[i].clone();
      }
    }
    return new PfnBits(copies);
  }
}
