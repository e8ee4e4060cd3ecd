// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Wire;

/// What a compressed file of a known kind begins with, so that one whose codec is not on the module
/// path is named rather than called no image.
enum Compression {
  GZIP("gzip", GzipStream.MAGIC, 0xFF_FFFF),
  ZSTD("zstd", 0xFD2FB528, -1),
  /// A zstd file may begin with a skippable frame, of which there are sixteen magics (RFC 8878).
  ZSTD_SKIPPABLE("zstd", 0x184D2A50, ~0xF),
  /// The first four of the six octets FD 37 7A 58 5A 00.
  XZ("xz", 0x587A37FD, -1),
  LZ4("lz4", 0x184D2204, -1);

  /// How many octets tell.
  static final int SIGNATURE = 4;

  private final String codec;
  private final int magic;
  private final int mask;

  Compression(String codec, int magic, int mask) {
    this.codec = codec;
    this.magic = magic;
    this.mask = mask;
  }

  /// The kind that the octets begin, or null when they are not compressed.
  static @Nullable Compression of(MemorySegment first) {
    if (first.byteSize() < SIGNATURE) {
      return null;
    }
    int begins = Wire.u32(first, 0);
    for (Compression kind : values()) {
      if ((begins & kind.mask) == kind.magic) {
        return kind;
      }
    }
    return null;
  }

  /// The name of the codec that opens it.
  String codec() {
    return codec;
  }
}
