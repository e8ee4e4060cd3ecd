// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Places in memory, in order, that octets are moved into: the pages of a guest that a batch is
/// for, wherever they lie. One object serves all batches, so that a batch makes no garbage; places
/// that follow each other become one run.
///
/// The memory belongs to whoever added it, and has to stay until the octets were moved.
public final class MemoryRuns {
  private static final int FIRST_CAPACITY = 16;

  private MemorySegment[] bases = new MemorySegment[FIRST_CAPACITY];
  private long[] offsets = new long[FIRST_CAPACITY];
  private long[] lengths = new long[FIRST_CAPACITY];
  private int count;
  private long byteSize;

  /// None yet.
  public MemoryRuns() {}

  /// Forgets all runs.
  public void clear() {
    Arrays.fill(bases, 0, count, null);
    count = 0;
    byteSize = 0;
  }

  /// Adds `length` octets at `offset` of memory.
  ///
  /// @throws IndexOutOfBoundsException when the memory has no such octets
  public void add(MemorySegment memory, long offset, long length) {
    if (offset < 0 || length < 0 || offset > memory.byteSize() - length) {
      throw new IndexOutOfBoundsException(
          "%d octets at %d of memory of %d".formatted(length, offset, memory.byteSize()));
    }
    if (length == 0) {
      return;
    }
    byteSize += length;
    int last = count - 1;
    if (last >= 0 && offsets[last] + lengths[last] == offset && bases[last].equals(memory)) {
      lengths[last] += length;
      return;
    }
    if (count == bases.length) {
      bases = Arrays.copyOf(bases, 2 * count);
      offsets = Arrays.copyOf(offsets, 2 * count);
      lengths = Arrays.copyOf(lengths, 2 * count);
    }
    bases[count] = memory;
    offsets[count] = offset;
    lengths[count] = length;
    count++;
  }

  /// The number of runs.
  public int count() {
    return count;
  }

  /// The octets of all runs.
  public long byteSize() {
    return byteSize;
  }

  /// The memory in which run `i` lies.
  public MemorySegment memory(int i) {
    return bases[i];
  }

  /// Where run `i` begins in its memory, in octets.
  public long offset(int i) {
    return offsets[i];
  }

  /// The length of run `i` in octets.
  public long length(int i) {
    return lengths[i];
  }

  /// A view of run `i`.
  public MemorySegment run(int i) {
    return bases[i].asSlice(offsets[i], lengths[i]);
  }
}
