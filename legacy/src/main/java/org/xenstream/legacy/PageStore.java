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
  private final Scratch scratch;
  private final PfnBits present;
  private @Nullable FileChannel file;
  private long pages;

  PageStore(Scratch scratch, long p2mSize) {
    this.scratch = scratch;
    this.present = new PfnBits(p2mSize);
  }

  /// Which pages are there now: a copy.
  PfnBits present() {
    return present.copy();
  }

  /// Whether the page was ever written.
  boolean has(long pfn) {
    return present.has(pfn);
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
    for (long i = pfn; fresh > 0 && i < pfn + count; i++) {
      present.add(i);
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
