// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.StreamFormatException;

/// A compressed input seen as a channel of what it holds: any failure of a codec becomes a located
/// [StreamFormatException], and no more octets come out than the limit allows.
final class Decompression implements ReadableByteChannel {
  private static final int CHUNK = 128 << 10;

  private final OctetInput source;
  private final String codec;
  private final Limits limits;
  private final SourceStream compressed;
  private final InputStream plain;
  private final byte[] chunk = new byte[CHUNK];
  private long yielded;

  private Decompression(OctetInput source, Decompressor codec, int mostMib, Limits limits)
      throws IOException {
    this.source = source;
    this.codec = codec.name();
    this.limits = limits;
    this.compressed = new SourceStream(source);
    try {
      this.plain = codec.open(compressed, mostMib);
    } catch (IOException | RuntimeException e) {
      throw failure(e);
    }
  }

  /// The codec for what an input holds next, or null when that is not compressed.
  ///
  /// @throws StreamFormatException when they are compressed in a way for which there is no codec
  static @Nullable Decompressor find(OctetInput input) throws IOException {
    Compression kind = Compression.of(input.peek(Compression.SIGNATURE));
    if (kind == null) {
      return null;
    }
    if (kind == Compression.GZIP) {
      return new Gzip();
    }
    for (Decompressor codec : ServiceLoader.load(Decompressor.class)) {
      if (codec.name().equals(kind.codec())) {
        return codec;
      }
    }
    throw new StreamFormatException(
        Fault.DECOMPRESSION,
        Location.of(input.name(), input.position(), kind.codec(), "frame", "magic"),
        kind == Compression.LZ4
            ? "what is decompressed already (as by lz4 -d)"
            : "a codec on the module path (org.xenstream.codecs has zstd and xz)",
        kind == Compression.LZ4
            ? "lz4, which is not decoded here"
            : "no codec for " + kind.codec());
  }

  /// @param mostMib how many MiB the codec may take for its window
  static Decompression open(OctetInput source, Decompressor codec, int mostMib, Limits limits)
      throws IOException {
    return new Decompression(source, codec, mostMib, limits);
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    int got;
    try {
      got = plain.read(chunk, 0, Math.min(chunk.length, into.remaining()));
    } catch (IOException | RuntimeException e) {
      throw failure(e);
    }
    if (got <= 0) {
      return got;
    }
    yielded += got;
    if (yielded > limits.maxDecompressed()) {
      throw new StreamFormatException(
          Fault.DECOMPRESSION,
          Location.of(source.name(), source.position(), codec, "frame", null),
          "at most " + limits.maxDecompressed() + " octets when decompressed",
          "more");
    }
    into.put(chunk, 0, got);
    return got;
  }

  /// A failure to read the source passes as it is; anything else is the codec's complaint. Where it
  /// stands is known to within what codecs read ahead.
  private IOException failure(Exception e) {
    IOException ofSource = compressed.failure;
    if (ofSource != null) {
      return ofSource;
    }
    boolean cut = e instanceof EOFException;
    StreamFormatException located =
        new StreamFormatException(
            cut ? Fault.TRUNCATED : Fault.DECOMPRESSION,
            Location.of(source.name(), source.position(), codec, "frame", null),
            cut ? "the rest of what is compressed" : "octets that decompress",
            cut
                ? "the end"
                : e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage());
    located.initCause(e);
    return located;
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public void close() throws IOException {
    try {
      plain.close();
    } finally {
      source.close();
    }
  }

  private static final class Gzip implements Decompressor {
    @Override
    public String name() {
      return Compression.GZIP.codec();
    }

    @Override
    public InputStream open(InputStream compressed, int mostMib) {
      return new GzipStream(compressed, CHUNK);
    }
  }

  /// The input as a stream for codecs; remembers a failure of its own.
  private static final class SourceStream extends InputStream {
    private final OctetInput source;
    private @Nullable IOException failure;

    SourceStream(OctetInput source) {
      this.source = source;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] into, int at, int count) throws IOException {
      if (count == 0) {
        return 0;
      }
      try {
        MemorySegment some = source.peek(Math.min(count, CHUNK));
        int got = (int) some.byteSize();
        if (got == 0) {
          return -1;
        }
        MemorySegment.copy(some, ValueLayout.JAVA_BYTE, 0, into, at, got);
        source.advance(got);
        return got;
      } catch (IOException e) {
        failure = e;
        throw e;
      }
    }
  }
}
