// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import java.lang.foreign.MemorySegment;
import java.util.List;

/// Where the pages of a PAGE_DATA record lie: runs of whole pages, in the order of the entries that
/// carry data. A reader gives one run, in its own buffer or mapping; a saver gives guest memory
/// where it is, and scratch pages for what it had to change. Nothing is ever copied into one block.
///
/// @param runs the runs, each a multiple of [Wire#PAGE_SIZE] octets; kept, not copied
public record PageRuns(List<MemorySegment> runs) {
  /// No pages.
  public static final PageRuns NONE = new PageRuns(List.of());

  /// One run.
  public static PageRuns of(MemorySegment run) {
    return run.byteSize() == 0 ? NONE : new PageRuns(List.of(run));
  }

  /// All octets of all runs.
  public long byteSize() {
    long sum = 0;
    for (int i = 0; i < runs.size(); i++) {
      sum += runs.get(i).byteSize();
    }
    return sum;
  }

  /// Page number `index` in the order of the entries that carry data; a view.
  ///
  /// @throws IndexOutOfBoundsException when there is no such page
  public MemorySegment page(long index) {
    long skip = index * Wire.PAGE_SIZE;
    for (int i = 0; i < runs.size(); i++) {
      MemorySegment run = runs.get(i);
      if (skip < run.byteSize()) {
        return run.asSlice(skip, Wire.PAGE_SIZE);
      }
      skip -= run.byteSize();
    }
    throw new IndexOutOfBoundsException("page " + index + " of " + byteSize() / Wire.PAGE_SIZE);
  }
}
