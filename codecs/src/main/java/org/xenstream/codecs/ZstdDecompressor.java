// SPDX-License-Identifier: Apache-2.0
package org.xenstream.codecs;

import com.github.luben.zstd.util.Native;
import java.io.IOException;
import java.io.InputStream;
import org.xenstream.core.envelope.Decompressor;

/// Opens zstd files (RFC 8878), as `zstd` writes them.
///
/// Frames one behind the other are read through, and so are skippable frames between and behind
/// them. A window of more than [ZstdStream#WINDOW_LOG_MAX] is refused: that is the memory that one
/// open file takes at most.
public final class ZstdDecompressor implements Decompressor {
  /// For the service loader.
  public ZstdDecompressor() {}

  @Override
  public String name() {
    return "zstd";
  }

  @Override
  public InputStream open(InputStream compressed, int mostMib) throws IOException {
    try {
      Native.load();
    } catch (LinkageError e) {
      throw new IOException(
          "libzstd, which cannot be loaded on this system (%s; its folder for that: %s)"
              .formatted(firstLine(e), System.getProperty("java.io.tmpdir")),
          e);
    }
    return new ZstdStream(compressed, mostMib);
  }

  private static String firstLine(LinkageError e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }
}
