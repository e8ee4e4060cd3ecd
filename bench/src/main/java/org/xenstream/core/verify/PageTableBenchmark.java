// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.xenstream.bench.HeldInput;
import org.xenstream.bench.ImageFile;
import org.xenstream.bench.QuickBenchmark;
import org.xenstream.bench.Rate;
import org.xenstream.bench.SyntheticImage;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;

/// The page tables of a PV guest, each entry held against the guest's size and its frame marked:
/// octets and pages of tables in a second.
public class PageTableBenchmark extends QuickBenchmark {
  /// The tables of the image.
  @State(Scope.Benchmark)
  public static class Tables {
    private final List<MemorySegment> tables = new ArrayList<>();
    private final PvMemory memory = new PvMemory();

    /// Finds them.
    @Setup(Level.Trial)
    public void find() throws IOException {
      Path file = ImageFile.create(SyntheticImage.Guest.PV64);
      for (ImageItem item : HeldInput.items(file)) {
        if (item instanceof ImageItem.Libxc(var framed, _)
            && framed.record() instanceof StreamRecord.PageData(var entries, var pages)) {
          for (int i = 0; i < entries.count(); i++) {
            if (PageType.isTable(entries.type(i))) {
              tables.add(pages.page(i));
            }
          }
        }
      }
      Files.delete(file);
      memory.grow(ImageFile.PAGES - 1);
    }
  }

  /// Every table once.
  @Benchmark
  public int takeTable(Tables of, Rate rate) {
    int bad = -1;
    for (MemorySegment table : of.tables) {
      bad = Math.max(bad, of.memory.takeTable(table, ImageFile.PAGES - 1));
    }
    if (bad >= 0) {
      throw new IllegalStateException("expected no entry beyond the guest, found " + bad);
    }
    rate.count((long) of.tables.size() * Wire.PAGE_SIZE, of.tables.size());
    return bad;
  }
}
