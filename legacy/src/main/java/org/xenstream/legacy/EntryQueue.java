// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

/// Entries of PAGE_DATA that wait for their pages, first in, first out.
final class EntryQueue {
  /// The most that may wait: pages of 16 GiB. Xen's saver sends the pages of at most 9,216 entries
  /// late (`PAGE_BUFFER_SIZE` in `xc_compression.c`, and a batch).
  static final int MOST = 1 << 22;

  private static final int FIRST_CAPACITY = 16 << 10;

  private long[] entries = new long[FIRST_CAPACITY];
  private int head;
  private int size;

  boolean isEmpty() {
    return size == 0;
  }

  int size() {
    return size;
  }

  /// Adds entries; the caller holds their number against [#MOST].
  void add(long[] from, int count) {
    if (size + count > entries.length) {
      // A batch is shorter than the first capacity, so that twice the room is always enough.
      long[] larger = new long[2 * entries.length];
      for (int i = 0; i < size; i++) {
        larger[i] = entries[(head + i) & entries.length - 1];
      }
      entries = larger;
      head = 0;
    }
    for (int i = 0; i < count; i++) {
      entries[(head + size + i) & entries.length - 1] = from[i];
    }
    size += count;
  }

  /// The first entry.
  long peek() {
    return entries[head];
  }

  /// Forgets the first entry.
  void remove() {
    head = (head + 1) & entries.length - 1;
    size--;
  }
}
