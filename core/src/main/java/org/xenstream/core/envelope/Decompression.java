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
import org.xenstream.core.format.Wire;

/// A compressed input seen as a channel of what it holds: any failure of a codec becomes a located
/// [StreamFormatException], and no more octets come out than the limit allows.
final class Decompression implements ReadableByteChannel {
  private static final int CHUNK = 128 << 10;

  /// What a compressed file of a known kind begins with, and the names of those kinds, so that a
  /// file whose codec is not on the module path is named rather than called no image.
  private static final int[] MAGICS = {0xFD2FB528, 0x184D2A50, 0x587A37FD, 0x184D2204};

  /// Skippable frames, which zstd files may begin with, have sixteen magics.
  private static final int[] MAGIC_MASKS = {-1, ~0xF, -1, -1};

  private static final String[] MAGIC_NAMES = {"zstd", "zstd", "xz", "lz4"};

  private final OctetInput source;
  private final String codec;
  private final Limits limits;
  private final SourceStream compressed;
  private final InputStream plain;
  private final byte[] chunk = new byte[CHUNK];
  private long yielded;

  private Decompression(OctetInput source, Decompressor codec, Limits limits) throws IOException {
    this.source = source;
    this.codec = codec.name();
    this.limits = limits;
    this.compressed = new SourceStream(source);
    try {
      this.plain = codec.open(compressed);
    } catch (IOException | RuntimeException e) {
      throw failure(e);
    }
  }

  /// The codec that recognises the next octets of an input, or null when none does.
  ///
  /// @throws StreamFormatException when they are compressed in a way for which there is no codec
  static @Nullable Decompressor find(OctetInput input) throws IOException {
    MemorySegment first = input.peek(16);
    if (new Gzip().recognises(first)) {
      return new Gzip();
    }
    if (first.byteSize() < 4) {
      return null;
    }
    int magic = Wire.u32(first, 0);
    for (int i = 0; i < MAGICS.length; i++) {
      if ((magic & MAGIC_MASKS[i]) == MAGICS[i]) {
        for (Decompressor codec : ServiceLoader.load(Decompressor.class)) {
          if (codec.recognises(first)) {
            return codec;
          }
        }
        throw new StreamFormatException(
            Fault.DECOMPRESSION,
            Location.of(input.name(), input.position(), MAGIC_NAMES[i], "frame", "magic"),
            "a codec on the module path (org.xenstream.codecs has zstd and xz)",
            "no codec for " + MAGIC_NAMES[i]);
      }
    }
    return null;
  }

  static Decompression open(OctetInput source, Decompressor codec, Limits limits)
      throws IOException {
    return new Decompression(source, codec, limits);
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
      return "gzip";
    }

    @Override
    public boolean recognises(MemorySegment first) {
      return first.byteSize() >= 4 && (Wire.u32(first, 0) & 0xFF_FFFF) == GzipStream.MAGIC;
    }

    @Override
    public InputStream open(InputStream compressed) {
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
