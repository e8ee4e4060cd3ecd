// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/// Blobs made by hand: octets put at offsets, independently of the classes under test.
final class Blob {
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

  final MemorySegment segment;

  Blob(int size) {
    segment = MemorySegment.ofArray(new byte[size]);
  }

  static MemorySegment ofHex(String hex) {
    return MemorySegment.ofArray(HexFormat.of().parseHex(hex.replaceAll("\\s", "")));
  }

  static MemorySegment ofZeroes(int size) {
    return new Blob(size).segment;
  }

  Blob u8(long offset, int value) {
    segment.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
    return this;
  }

  Blob u16(long offset, int value) {
    segment.set(ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LE), offset, (short) value);
    return this;
  }

  Blob u32(long offset, long value) {
    segment.set(ValueLayout.JAVA_INT_UNALIGNED.withOrder(LE), offset, (int) value);
    return this;
  }

  Blob u64(long offset, long value) {
    segment.set(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LE), offset, value);
    return this;
  }

  Blob text(long offset, String ascii) {
    byte[] octets = ascii.getBytes(StandardCharsets.US_ASCII);
    MemorySegment.copy(octets, 0, segment, ValueLayout.JAVA_BYTE, offset, octets.length);
    return this;
  }
}
