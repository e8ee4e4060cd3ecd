// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.TakingChannel;

/// A file that one thread writes while another one reads what comes next.
///
/// Octets are gathered in chunks that lie in memory as they will in the file. From file to file
/// they rarely stand alike, as behind a header of some octets more or less, and the system is slow
/// where it copies between places that do not, which is what `sendfile` and `splice` do.
///
/// One thread at a time uses it. A failure to write is thrown by a later call, by [#finish] at the
/// latest.
final class WriteBehind implements TakingChannel {
  private static final int CHUNK = 1 << 20;

  private static final int CHUNKS = 8;

  private static final int PAGE = 4096;

  private final FileChannel out;
  private final ByteBuffer[] chunks = new ByteBuffer[CHUNKS];
  private final Future<?>[] written = new Future<?>[CHUNKS];
  private final ExecutorService writer =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("write").factory());

  /// The chunk that is filled; its octets begin at [#begin].
  private int filled;

  private int begin;

  private WriteBehind(FileChannel out, long position) {
    this.out = out;
    ByteBuffer memory = ByteBuffer.allocateDirect(CHUNKS * CHUNK + PAGE).alignedSlice(PAGE);
    for (int i = 0; i < CHUNKS; i++) {
      chunks[i] = memory.slice(i * CHUNK, CHUNK);
    }
    Arrays.fill(written, CompletableFuture.completedFuture(null));
    begin = (int) (position % CHUNK);
    chunks[0].position(begin);
  }

  /// Begins where the file stands.
  ///
  /// @param out the file that is written; stays the caller's, who closes it behind [#close]
  /// @throws IOException when it does not tell where it stands
  static WriteBehind on(FileChannel out) throws IOException {
    return new WriteBehind(out, out.position());
  }

  @Override
  public long takeFrom(FileChannel file, long position, long most) throws IOException {
    long taken = 0;
    while (taken < most) {
      ByteBuffer chunk = room();
      chunk.limit(chunk.position() + (int) Math.min(chunk.remaining(), most - taken));
      int got = file.read(chunk, position + taken);
      chunk.limit(CHUNK);
      if (got <= 0) {
        break;
      }
      taken += got;
    }
    return taken;
  }

  @Override
  public int write(ByteBuffer octets) throws IOException {
    int count = octets.remaining();
    while (octets.hasRemaining()) {
      ByteBuffer chunk = room();
      int part = Math.min(octets.remaining(), chunk.remaining());
      chunk.put(octets.slice().limit(part));
      octets.position(octets.position() + part);
    }
    return count;
  }

  @Override
  public long write(ByteBuffer[] octets) throws IOException {
    return write(octets, 0, octets.length);
  }

  @Override
  public long write(ByteBuffer[] octets, int offset, int length) throws IOException {
    long count = 0;
    for (int i = offset; i < offset + length; i++) {
      count += write(octets[i]);
    }
    return count;
  }

  /// The chunk that is filled, with room for an octet at least.
  private ByteBuffer room() throws IOException {
    if (!chunks[filled].hasRemaining()) {
      handOver();
    }
    return chunks[filled];
  }

  private void handOver() throws IOException {
    ByteBuffer chunk = chunks[filled];
    chunk.limit(chunk.position()).position(begin);
    written[filled] = writer.submit(() -> write(out, chunk));
    filled = (filled + 1) % CHUNKS;
    begin = 0;
    if (!written[filled].isDone()) {
      // To be woken costs a while; half of them are filled at a time.
      await(written[(filled + CHUNKS / 2) % CHUNKS]);
    }
    await(written[filled]);
    chunks[filled].clear();
  }

  private static @Nullable Void write(FileChannel out, ByteBuffer chunk) throws IOException {
    while (chunk.hasRemaining()) {
      out.write(chunk);
    }
    return null;
  }

  private static void await(Future<?> written) throws IOException {
    try {
      written.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while the output was written");
    }
  }

  /// Waits until all of it is in the file.
  void finish() throws IOException {
    handOver();
    for (Future<?> chunk : written) {
      await(chunk);
    }
  }

  @Override
  public boolean isOpen() {
    return !writer.isShutdown();
  }

  /// Ends the thread, and with it what was not finished.
  @Override
  public void close() {
    writer.shutdownNow();
  }
}
