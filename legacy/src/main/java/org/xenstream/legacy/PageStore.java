// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Location;

/// Pages of the guest by their pfn, in a sparse scratch file.
///
/// They are read and written by system calls: a mapping would count all pages touched as the
/// process' own memory, and a full disk would bring down the machine that runs us.
final class PageStore implements AutoCloseable {
  private static final int CHUNK_SHIFT = 15;

  private final Scratch scratch;
  private final long[][] present;
  private @Nullable FileChannel file;
  private long pages;

  PageStore(Scratch scratch, long p2mSize) {
    this.scratch = scratch;
    this.present = new long[(int) ((p2mSize >>> CHUNK_SHIFT) + 1)][];
  }

  /// Whether the page was ever written.
  boolean has(long pfn) {
    long[] chunk = present[(int) (pfn >>> CHUNK_SHIFT)];
    int bit = (int) pfn & (1 << CHUNK_SHIFT) - 1;
    return chunk != null && (chunk[bit >>> 6] >>> bit & 1) != 0;
  }

  /// Reads pages of consecutive pfns that were written.
  void read(long pfn, MemorySegment into) throws IOException {
    ByteBuffer buffer = into.asByteBuffer();
    long at = pfn * Layout.PAGE;
    while (buffer.hasRemaining()) {
      int got = open(null).read(buffer, at + buffer.position());
      if (got < 0) {
        throw new EOFException("a scratch file was shortened");
      }
    }
  }

  /// Writes pages of consecutive pfns.
  ///
  /// @param where for the note that the first file is worth
  void write(long pfn, MemorySegment from, Location where) throws IOException {
    long count = from.byteSize() / Layout.PAGE;
    long fresh = 0;
    for (long i = pfn; i < pfn + count; i++) {
      fresh += has(i) ? 0 : 1;
    }
    scratch.claim(fresh * Layout.PAGE);
    pages += fresh;
    ByteBuffer buffer = from.asByteBuffer();
    FileChannel channel = open(where);
    while (buffer.hasRemaining()) {
      channel.write(buffer, pfn * Layout.PAGE + buffer.position());
    }
    if (fresh > 0) {
      mark(pfn, count);
    }
  }

  private void mark(long pfn, long count) {
    for (long i = pfn; i < pfn + count; i++) {
      int index = (int) (i >>> CHUNK_SHIFT);
      long[] chunk = present[index];
      if (chunk == null) {
        chunk = new long[1 << CHUNK_SHIFT - 6];
        present[index] = chunk;
      }
      int bit = (int) i & (1 << CHUNK_SHIFT) - 1;
      chunk[bit >>> 6] |= 1L << bit;
    }
  }

  private FileChannel open(@Nullable Location where) throws IOException {
    FileChannel channel = file;
    if (channel == null) {
      if (where == null) {
        throw new IllegalStateException("no page was written");
      }
      channel = scratch.open(where, "pages that compressed checkpoints change are kept");
      file = channel;
    }
    return channel;
  }

  @Override
  public void close() throws IOException {
    scratch.free(pages * Layout.PAGE);
    pages = 0;
    if (file != null) {
      file.close();
    }
  }
}
