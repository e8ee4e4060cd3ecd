// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A set of pfns that takes memory only where it has members: an HVM guest's pfns reach as far as a
/// stream says, so that a bitmap up to the highest could be made to take any amount. Here each
/// member costs at most one leaf and two slots for it, 1/32 of the frame that it stands for.
final class SparsePfnSet {
  private static final int LEAF_SHIFT = 9;
  private static final int LEAF_WORDS = 1 << (LEAF_SHIFT - 6);

  private long[] keys = new long[16];
  private long[] @Nullable [] leaves = new long[16][];
  private int used;
  private long count;

  /// The leaf asked for last: pfns come in order.
  private long lastKey = -1;

  private long[] lastLeaf = new long[0];

  /// Adds a pfn.
  ///
  /// @return false when it is there already
  boolean add(long pfn) {
    long key = pfn >>> LEAF_SHIFT;
    if (key != lastKey) {
      lastLeaf = leaf(key);
      lastKey = key;
    }
    int word = (int) (pfn >>> 6) & (LEAF_WORDS - 1);
    long bit = 1L << pfn;
    if ((lastLeaf[word] & bit) != 0) {
      return false;
    }
    lastLeaf[word] |= bit;
    count++;
    return true;
  }

  /// Tells whether a pfn is there.
  boolean contains(long pfn) {
    long[] leaf = leaves[slot(pfn >>> LEAF_SHIFT)];
    return leaf != null && (leaf[(int) (pfn >>> 6) & (LEAF_WORDS - 1)] & 1L << pfn) != 0;
  }

  /// How many places of 512 pfns have a member, which is what the set takes memory for: some 120
  /// octets each.
  int places() {
    return used;
  }

  /// How many pfns were added.
  long count() {
    return count;
  }

  private long[] leaf(long key) {
    int slot = slot(key);
    long[] found = leaves[slot];
    if (found != null) {
      return found;
    }
    if (2 * used >= keys.length) {
      grow();
      slot = slot(key);
    }
    long[] fresh = new long[LEAF_WORDS];
    keys[slot] = key;
    leaves[slot] = fresh;
    used++;
    return fresh;
  }

  private int slot(long key) {
    int mask = keys.length - 1;
    int slot = (int) ((key * 0x9E37_79B9_7F4A_7C15L) >>> 32) & mask;
    while (leaves[slot] != null && keys[slot] != key) {
      slot = slot + 1 & mask;
    }
    return slot;
  }

  private void grow() {
    long[] oldKeys = keys;
    long[] @Nullable [] oldLeaves = leaves;
    keys = new long[2 * oldKeys.length];
    leaves = Arrays.copyOf(new long[0][], keys.length);
    for (int i = 0; i < oldKeys.length; i++) {
      long[] leaf = oldLeaves[i];
      if (leaf != null) {
        int slot = slot(oldKeys[i]);
        keys[slot] = oldKeys[i];
        leaves[slot] = leaf;
      }
    }
  }
}
