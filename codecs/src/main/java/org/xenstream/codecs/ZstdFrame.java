// SPDX-License-Identifier: Apache-2.0
package org.xenstream.codecs;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// The header of a zstd frame (RFC 8878, section 3.1.1.1), as far as it tells how large a window
/// the frame wants.
final class ZstdFrame {
  /// The longest header: magic, descriptor, dictionary's number and content size.
  static final int LONGEST_HEADER = 4 + 1 + 4 + 8;

  private static final int MAGIC = 0xFD2F_B528;
  private static final int SINGLE_SEGMENT = 0x20;

  private ZstdFrame() {}

  /// The window in octets of the frame that begins where a buffer stands; 0 of what is no such
  /// frame, or is cut within its header. The buffer stays as it is.
  static long window(ByteBuffer in) {
    ByteBuffer header = in.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    if (header.remaining() < 6 || header.getInt() != MAGIC) {
      return 0;
    }
    int descriptor = header.get();
    if ((descriptor & SINGLE_SEGMENT) == 0) {
      int window = header.get();
      long base = 1L << (10 + (window >>> 3 & 0x1F));
      return base + base / 8 * (window & 7);
    }
    // The frame is its own window.
    int skipped = (1 << (descriptor & 3)) >> 1;
    int octets = 1 << (descriptor >>> 6 & 3);
    if (header.remaining() < skipped + octets) {
      return 0;
    }
    header.position(header.position() + skipped);
    return switch (octets) {
      case 1 -> Byte.toUnsignedLong(header.get());
      case 2 -> Short.toUnsignedLong(header.getShort()) + 256;
      case 4 -> Integer.toUnsignedLong(header.getInt());
      default -> {
        long size = header.getLong();
        yield size < 0 ? Long.MAX_VALUE : size;
      }
    };
  }
}
