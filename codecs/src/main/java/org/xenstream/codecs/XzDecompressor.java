// SPDX-License-Identifier: Apache-2.0
package org.xenstream.codecs;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import org.tukaani.xz.MemoryLimitException;
import org.tukaani.xz.XZFormatException;
import org.tukaani.xz.XZInputStream;
import org.xenstream.core.envelope.Decompressor;

/// Opens xz files (the .xz file format 1.2.1), as `xz` writes them.
///
/// Streams one behind the other and their padding are read through. The dictionary lies in the heap
/// and is taken as soon as a block states its size, so that its limit is close to what the highest
/// preset of `xz` needs, 65 MiB.
public final class XzDecompressor implements Decompressor {
  private static final int MEMORY_LIMIT_MIB = 80;

  /// For the service loader.
  public XzDecompressor() {}

  @Override
  public String name() {
    return "xz";
  }

  @Override
  public InputStream open(InputStream compressed, int mostMib) throws IOException {
    int limit = Math.min(mostMib, MEMORY_LIMIT_MIB);
    try {
      return new Explained(new XZInputStream(compressed, limit << 10), limit);
    } catch (IOException e) {
      throw Explained.of(e, limit);
    }
  }

  /// Says in words what the library says by an exception's class alone.
  private static final class Explained extends java.io.FilterInputStream {
    private final int limitMib;

    Explained(XZInputStream plain, int limitMib) {
      super(plain);
      this.limitMib = limitMib;
    }

    @Override
    public int read(byte[] into, int at, int count) throws IOException {
      try {
        return in.read(into, at, count);
      } catch (IOException e) {
        throw of(e, limitMib);
      }
    }

    static IOException of(IOException e, int limitMib) {
      return switch (e) {
        case EOFException _ -> e;
        case MemoryLimitException over ->
            new IOException(
                "an xz block that takes %d MiB to decompress, which is more than %d"
                    .formatted((over.getMemoryNeeded() + 1023) >> 10, limitMib),
                e);
        case XZFormatException _ -> new IOException("octets that begin no xz stream", e);
        default ->
            e.getMessage() == null
                ? new IOException("a damaged xz stream", e)
                : new IOException("a damaged xz stream (" + e.getMessage() + ")", e);
      };
    }
  }
}
