// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.xenstream.core.format.MemoryRuns;
import org.xenstream.core.format.PageRuns;

/// Pages that lie in memory already, taken one after the other.
final class ViewedPages implements PageLoader.Supply {
  private List<MemorySegment> left = List.of();
  private int current;
  private long offset;

  /// Begins with the pages of a record.
  void show(PageRuns pages) {
    left = pages.runs();
    current = 0;
    offset = 0;
  }

  @Override
  public void take(MemoryRuns into) {
    for (int i = 0; i < into.count(); i++) {
      long to = into.offset(i);
      long wanted = into.length(i);
      while (wanted > 0) {
        MemorySegment from = left.get(current);
        long step = Math.min(wanted, from.byteSize() - offset);
        MemorySegment.copy(from, offset, into.memory(i), to, step);
        to += step;
        wanted -= step;
        offset += step;
        if (offset == from.byteSize()) {
          current++;
          offset = 0;
        }
      }
    }
  }
}
