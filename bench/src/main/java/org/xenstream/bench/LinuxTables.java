// SPDX-License-Identifier: Apache-2.0
package org.xenstream.bench;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.PageEntries;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.x86.PageTableEntry;

/// The page tables of a Linux of 64 bits that ran on a real Xen: those that came with the first
/// checkpoint of `samples/remus-pv64.wire.zst`. What they have of their guest is how many entries
/// are present, their flags, and how long the runs are that map neighbours; each run gets a place
/// by chance in a guest of another size.
final class LinuxTables {
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// So many pfns lie in one piece of the host's memory; a run keeps its place in such a piece.
  private static final int PIECE = 512;

  /// The types of the pages, without their pins.
  private final List<Integer> types = new ArrayList<>();

  /// Each table with the pfns of its own guest.
  private final List<long[]> tables = new ArrayList<>();

  private final long pfns;
  private final SplittableRandom chance;

  private LinuxTables(long pfns, SplittableRandom chance) {
    this.pfns = pfns;
    this.chance = chance;
  }

  /// Reads them.
  ///
  /// @param pfns of the guest that is to get them, a multiple of 512
  /// @param chance where their runs go
  static LinuxTables of(long pfns, SplittableRandom chance) throws IOException {
    Path sample =
        Path.of(System.getProperty("xenstream.root", "."), "samples", "remus-pv64.wire.zst");
    LinuxTables all = new LinuxTables(pfns, chance);
    try (ImageReader reader = ImageReader.open(sample, Limits.DEFAULT)) {
      for (ImageItem item = reader.next(); item != null; item = reader.next()) {
        if (item instanceof ImageItem.Libxc libxc) {
          if (libxc.framed().record() instanceof StreamRecord.Checkpoint) {
            break;
          }
          if (libxc.framed().record() instanceof StreamRecord.PageData data) {
            all.take(data);
          }
        }
      }
    }
    if (all.tables.isEmpty()) {
      throw new IOException(sample + ": expected page tables before a checkpoint, found none");
    }
    return all;
  }

  private void take(StreamRecord.PageData data) {
    PageEntries entries = data.entries();
    long page = 0;
    for (int i = 0; i < entries.count(); i++) {
      int type = entries.type(i);
      if (PageType.isTable(type)) {
        MemorySegment octets = data.pages().page(page);
        types.add(type & ~PageType.PINNED);
        tables.add(octets.toArray(U64));
      }
      if (PageType.hasData(type)) {
        page++;
      }
    }
  }

  /// What kind of page the table of a number is; they come again and again.
  int type(long number) {
    return types.get((int) (number % types.size()));
  }

  /// Such a table with its runs at new places.
  long[] entries(long number) {
    long[] entries = tables.get((int) (number % tables.size())).clone();
    for (int i = 0; i < entries.length; ) {
      long first = entries[i];
      if (!PageTableEntry.isPresent(first)) {
        i++;
        continue;
      }
      long pfn = PageTableEntry.frame(first);
      int end = i + 1;
      while (end < entries.length
          && PageTableEntry.isPresent(entries[end])
          && PageTableEntry.frame(entries[end]) == pfn + (end - i)) {
        end++;
      }
      long place = chance.nextLong(pfns / PIECE) * PIECE + pfn % PIECE;
      for (int k = 0; k < end - i; k++) {
        entries[i + k] = PageTableEntry.withFrame(entries[i + k], (place + k) % pfns);
      }
      i = end;
    }
    return entries;
  }
}
