// SPDX-License-Identifier: Apache-2.0
package org.xenstream.insight;

import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Wire;

/// Reads the pages of a settled index block by block, to be hashed: in a thread of its own, which
/// is a few blocks ahead of the one that hashes and never more.
final class PageBlocks implements AutoCloseable {
  /// A block is small, so that what is read is still in the processor's cache when it is hashed,
  /// and large, so that to hand it over costs little.
  private static final int PAGES = 128;

  private static final int BLOCKS = 3;

  /// Pages that lie one behind the other.
  static final class Block {
    private final MemorySegment octets;
    private final long[] pfns = new long[PAGES];
    private int pages;
    private @Nullable Throwable failure;

    private Block(MemorySegment octets) {
      this.octets = octets;
    }

    /// The pages; a view that lives until the next block is asked for.
    MemorySegment octets() {
      return octets;
    }

    /// Their pfns.
    long[] pfns() {
      return pfns;
    }

    /// How many there are.
    int pages() {
      return pages;
    }
  }

  private final RunIndex index;
  private final @Nullable FileChannel file;
  private final Arena arena;
  private final BlockingQueue<Block> empty = new ArrayBlockingQueue<>(BLOCKS + 1);
  private final BlockingQueue<Block> full = new ArrayBlockingQueue<>(BLOCKS);
  private final Block stop = new Block(MemorySegment.NULL);
  private final Thread reader;
  private @Nullable Block shown;
  private int run;
  private long skipped;

  /// @param index settled
  /// @param file where the pages lie; null when there are none but zeros
  @SuppressWarnings("MustBeClosedChecker") // closed with this
  PageBlocks(RunIndex index, @Nullable FileChannel file) {
    this.index = index;
    this.file = file;
    this.arena = Arena.ofShared();
    for (int i = 0; i < BLOCKS; i++) {
      empty.add(new Block(arena.allocate((long) PAGES * Wire.PAGE_SIZE, Wire.PAGE_SIZE)));
    }
    this.reader = Thread.ofPlatform().daemon().name("page-reader").unstarted(this::readAll);
  }

  /// The next block, of as many runs as it takes; null when there are no more pages. The block
  /// before is read over.
  @Nullable Block next() throws IOException {
    if (shown == null) {
      reader.start();
    } else if (shown.pages == 0) {
      return null;
    } else {
      empty.add(shown);
    }
    try {
      shown = full.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while the pages were read");
    }
    if (shown.failure instanceof IOException failure) {
      throw failure;
    }
    if (shown.failure != null) {
      throw new IllegalStateException(shown.failure);
    }
    return shown.pages > 0 ? shown : null;
  }

  private void readAll() {
    try {
      for (Block block = empty.take(); block != stop; block = empty.take()) {
        try {
          fill(block);
        } catch (IOException | RuntimeException | Error e) {
          block.failure = e;
        }
        full.add(block);
        if (block.pages == 0 || block.failure != null) {
          return;
        }
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts this thread", e);
    }
  }

  private void fill(Block block) throws IOException {
    int pages = 0;
    while (pages < PAGES && run < index.size()) {
      int some = (int) Math.min(PAGES - pages, index.count(run) - skipped);
      read(block.octets.asSlice((long) pages * Wire.PAGE_SIZE, (long) some * Wire.PAGE_SIZE));
      long pfn = index.start(run) + skipped;
      for (int i = 0; i < some; i++) {
        block.pfns[pages++] = pfn + i;
      }
      skipped += some;
      if (skipped == index.count(run)) {
        run++;
        skipped = 0;
      }
    }
    block.pages = pages;
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

  /// Ends the reading and releases the blocks. The thread is asked and not interrupted: an
  /// interrupted read would close the image's channel.
  @Override
  public void close() {
    empty.add(stop);
    boolean interrupted = false;
    while (reader.isAlive()) {
      try {
        reader.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    arena.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
