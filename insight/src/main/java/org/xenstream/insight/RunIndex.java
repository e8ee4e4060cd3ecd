// SPDX-License-Identifier: Apache-2.0
package org.xenstream.insight;

import java.io.IOException;
import java.util.Arrays;
import java.util.PriorityQueue;
import org.xenstream.core.format.Wire;

/// Where the last copy of each pfn lies, kept as runs of consecutive pfns that lie one behind the
/// other: a plain save of any size is a few runs a batch.
///
/// Runs are logged as they come; a later one hides what it covers of an earlier one once the log is
/// [settled][#settle]. The log is settled in between when it is full; a guest whose final state
/// takes more runs than the limit is refused with a message.
final class RunIndex {
  /// In place of an offset: a page of zeros.
  static final long ZEROS = -1;

  /// In place of an offset: no page.
  static final long ABSENT = -2;

  /// 2^22 runs; the sort key holds 22 bits of run number beside 40 bits of pfn.
  private static final int RUN_BITS = 22;

  private static final int MOST_RUNS = 1 << RUN_BITS;

  private long[] starts = new long[1024];
  private long[] offsets = new long[1024];
  private long[] counts = new long[1024];
  private int size;
  private long next;
  private boolean ascending = true;

  /// Logs one page.
  ///
  /// @param pfn its pfn, below 2^40
  /// @param offset where it lies, or [#ZEROS] or [#ABSENT]
  /// @throws IOException when the guest's pages are scattered over more runs than the limit
  void add(long pfn, long offset) throws IOException {
    if (pfn >= next && offset == ABSENT) {
      return; // nothing of the kind is known yet
    }
    if (size > 0) {
      int last = size - 1;
      boolean follows = starts[last] + counts[last] == pfn;
      long expected =
          offsets[last] < 0 ? offsets[last] : offsets[last] + counts[last] * Wire.PAGE_SIZE;
      if (follows && expected == offset) {
        counts[last]++;
        next = Math.max(next, pfn + 1);
        return;
      }
    }
    if (size == starts.length) {
      makeRoom();
    }
    ascending &= pfn >= next;
    starts[size] = pfn;
    offsets[size] = offset;
    counts[size] = 1;
    size++;
    next = Math.max(next, pfn + 1);
  }

  private void makeRoom() throws IOException {
    if (size == MOST_RUNS) {
      settle();
      if (size > MOST_RUNS / 2) {
        throw new IOException(
            "the guest's pages are scattered over more than "
                + MOST_RUNS / 2
                + " runs of the image, which is more than a digest keeps in memory");
      }
    }
    if (size == starts.length) { // settling makes arrays of another length
      grow();
    }
  }

  private void grow() {
    starts = Arrays.copyOf(starts, size * 2);
    offsets = Arrays.copyOf(offsets, size * 2);
    counts = Arrays.copyOf(counts, size * 2);
  }

  /// Makes the runs disjoint and ascending: of each pfn the copy that was logged last remains, and
  /// nothing where that is [#ABSENT].
  void settle() {
    if (ascending) {
      return;
    }
    long[] order = new long[size];
    for (int i = 0; i < size; i++) {
      order[i] = (starts[i] << RUN_BITS) | i;
    }
    Arrays.sort(order);
    RunIndex settled = new RunIndex();
    PriorityQueue<Integer> covering = new PriorityQueue<>((a, b) -> Integer.compare(b, a));
    int taken = 0;
    long at = 0;
    while (taken < size || !covering.isEmpty()) {
      if (covering.isEmpty()) {
        at = Math.max(at, starts[run(order[taken])]);
      }
      while (taken < size && starts[run(order[taken])] <= at) {
        covering.add(run(order[taken++]));
      }
      int top = covering.element();
      if (starts[top] + counts[top] <= at) {
        covering.remove();
        continue;
      }
      // The newest run that covers this pfn holds until it ends or a newer one begins.
      long until = starts[top] + counts[top];
      for (int ahead = taken; ahead < size; ahead++) {
        int candidate = run(order[ahead]);
        if (starts[candidate] >= until) {
          break;
        }
        if (candidate > top) {
          until = starts[candidate];
          break;
        }
      }
      settled.append(at, offsets[top], at - starts[top], until - at);
      at = until;
    }
    starts = settled.starts;
    offsets = settled.offsets;
    counts = settled.counts;
    size = settled.size;
    ascending = true;
  }

  private static int run(long key) {
    return (int) key & (MOST_RUNS - 1);
  }

  private void append(long pfn, long offset, long pagesIn, long count) {
    if (offset == ABSENT) {
      return;
    }
    if (size == starts.length) {
      grow();
    }
    starts[size] = pfn;
    offsets[size] = offset < 0 ? offset : offset + pagesIn * Wire.PAGE_SIZE;
    counts[size] = count;
    size++;
  }

  /// The number of runs; disjoint and ascending once settled.
  int size() {
    return size;
  }

  long start(int run) {
    return starts[run];
  }

  long offset(int run) {
    return offsets[run];
  }

  long count(int run) {
    return counts[run];
  }
}
