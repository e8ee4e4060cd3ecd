// SPDX-License-Identifier: Apache-2.0
package org.xenstream.codecs;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/// What zstd frames hold, over the library's context rather than its own stream: that one takes a
/// second frame that is cut for the end, and asks its source for more before it gives what it has.
///
/// Takes two buffers and the window of the frame, all outside the heap.
final class ZstdStream extends InputStream {
  /// The library's own limit, which is that of the `zstd` command too: 128 MiB.
  static final int WINDOW_LOG_MAX = 27;

  private static final int CHUNK = 128 << 10;

  private final InputStream compressed;
  private final int mostMib;
  private final ZstdDecompressCtx context = new ZstdDecompressCtx();
  private final byte[] chunk = new byte[CHUNK];
  private final ByteBuffer in = ByteBuffer.allocateDirect(CHUNK).limit(0);
  private final ByteBuffer out = ByteBuffer.allocateDirect(CHUNK).limit(0);

  /// Nothing of a frame has come, or all of one.
  private boolean betweenFrames = true;

  /// The last step filled the whole buffer, so that more may come out of it without more input.
  private boolean filled;

  /// @param compressed closed with this stream
  /// @param mostMib the largest window in MiB; the library's own limit holds in any case
  ZstdStream(InputStream compressed, int mostMib) {
    this.compressed = compressed;
    this.mostMib = Math.min(mostMib, 1 << (WINDOW_LOG_MAX - 20));
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
  }

  /// @throws EOFException when the source ends within a frame
  /// @throws IOException when the octets are no zstd frame, a frame is damaged, or its window is
  ///   over the limit
  @Override
  public int read(byte[] into, int at, int count) throws IOException {
    if (count == 0) {
      return 0;
    }
    while (!out.hasRemaining()) {
      if (!in.hasRemaining() && !filled && !fill()) {
        return -1;
      }
      decompress();
    }
    int got = Math.min(count, out.remaining());
    out.get(into, at, got);
    return got;
  }

  /// Adds to what is there of the source.
  private boolean fill() throws IOException {
    in.compact();
    int got = compressed.read(chunk, 0, in.remaining());
    if (got > 0) {
      in.put(chunk, 0, got);
    }
    in.flip();
    if (got < 0 && !betweenFrames) {
      throw new EOFException("the source ends within a zstd frame");
    }
    return got >= 0;
  }

  /// Looks at the header of the frame that begins: the library has a limit of its own, and no way
  /// to set another.
  private void holdWindow() throws IOException {
    while (in.remaining() < ZstdFrame.LONGEST_HEADER && fill()) {
      // The header may come in pieces.
    }
    if (ZstdFrame.window(in) > (long) mostMib << 20) {
      throw new IOException(tooLarge());
    }
  }

  private void decompress() throws IOException {
    if (betweenFrames) {
      holdWindow();
    }
    out.clear();
    try {
      betweenFrames = context.decompressDirectByteBufferStream(out, in);
    } catch (ZstdException e) {
      out.limit(0);
      throw new IOException(complaint(e), e);
    }
    filled = !betweenFrames && !out.hasRemaining();
    out.flip();
  }

  private String tooLarge() {
    return "a zstd frame with a window of more than %d MiB".formatted(mostMib);
  }

  private String complaint(ZstdException e) {
    // The library gives the code of a stream's error with a minus.
    long code = Math.abs(e.getErrorCode());
    if (code == Zstd.errFrameParameterWindowTooLarge()) {
      return tooLarge();
    }
    if (code == Zstd.errPrefixUnknown()) {
      return "octets that begin no zstd frame";
    }
    return "a damaged zstd frame (" + e.getMessage() + ")";
  }

  @Override
  public void close() throws IOException {
    context.close();
    compressed.close();
  }
}
