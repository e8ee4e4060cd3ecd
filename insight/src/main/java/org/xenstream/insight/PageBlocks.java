// SPDX-License-Identifier: Apache-2.0
package org.xenstream.insight;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Wire;

/// Reads the pages of a settled index block by block, each page with its pfn, to be hashed.
///
/// A block is small, so that what is read is still in the core's cache when it is hashed: to lay
/// pfns and pages out for one call of the hash, to let one read scatter them, or to read ahead in a
/// second thread were all slower.
final class PageBlocks {
  private static final int PAGES = 64;

  /// For the pfn before the first page; a whole page keeps the pages aligned.
  private static final int HEADROOM = Wire.PAGE_SIZE;

  private final RunIndex index;
  private final @Nullable FileChannel file;
  private final MemorySegment block;
  private final MemorySegment[] slots = new MemorySegment[PAGES];
  private final long[] pfns = new long[PAGES];
  private int pages;
  private int run;
  private long skipped;

  /// @param index settled
  /// @param file where the pages lie; null when there are none but zeros
  /// @param arena holds the buffer
  PageBlocks(RunIndex index, @Nullable FileChannel file, Arena arena) {
    this.index = index;
    this.file = file;
    MemorySegment room = arena.allocate(HEADROOM + (long) PAGES * Wire.PAGE_SIZE, HEADROOM);
    this.block = room.asSlice(HEADROOM);
    for (int i = 0; i < PAGES; i++) {
      slots[i] =
          room.asSlice(
              HEADROOM + (long) i * Wire.PAGE_SIZE - Long.BYTES, Long.BYTES + Wire.PAGE_SIZE);
    }
  }

  /// Reads the next block, of as many runs as it takes.
  ///
  /// @return false when there are no more pages
  boolean next() throws IOException {
    pages = 0;
    while (pages < PAGES && run < index.size()) {
      int some = (int) Math.min(PAGES - pages, index.count(run) - skipped);
      read(block.asSlice((long) pages * Wire.PAGE_SIZE, (long) some * Wire.PAGE_SIZE));
      long pfn = index.start(run) + skipped;
      for (int i = 0; i < some; i++) {
        pfns[pages++] = pfn + i;
      }
      skipped += some;
      if (skipped == index.count(run)) {
        run++;
        skipped = 0;
      }
    }
    return pages > 0;
  }

  /// How many pages the block holds.
  int pages() {
    return pages;
  }

  /// A page of the block behind its pfn, as both are hashed; a view. The pfn takes the place of the
  /// last octets of the page before, so that nothing is copied: each page is to be asked for once,
  /// in their order.
  MemorySegment pfnAndPage(int page) {
    Wire.putU64(slots[page], 0, pfns[page], ByteOrder.LITTLE_ENDIAN);
    return slots[page];
  }

  private void read(MemorySegment into) throws IOException {
    if (index.offset(run) == RunIndex.ZEROS || file == null) {
      into.fill((byte) 0);
      return;
    }
    long at = index.offset(run) + skipped * Wire.PAGE_SIZE;
    ByteBuffer octets = into.asByteBuffer();
    while (octets.hasRemaining()) {
      int got = file.read(octets, at);
      if (got < 0) {
        throw new EOFException("the image was shortened while it was read");
      }
      at += got;
    }
  }
}
