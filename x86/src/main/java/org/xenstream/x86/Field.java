// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Where a number lies in a blob, and how wide it is: reads and writes it in place, little-endian,
/// allocating nothing.
///
/// @param name the path of the field in its struct, such as `user_regs.rip`
/// @param offset its offset from the start of the blob in octets
/// @param width its width in octets: 1, 2, 4 or 8
public record Field(String name, long offset, int width) {

  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// Rejects a width that no number has.
  public Field {
    if (width != 1 && width != 2 && width != 4 && width != 8) {
      throw new IllegalArgumentException(name + ": no number is " + width + " octets wide");
    }
  }

  /// The offset just after the field.
  public long end() {
    return offset + width;
  }

  /// Reads the field, zero-extended.
  ///
  /// @param blob a blob that reaches to [#end()] at least
  /// @throws IndexOutOfBoundsException if it does not
  public long get(MemorySegment blob) {
    return read(blob, offset, width);
  }

  /// Writes the field.
  ///
  /// @param blob a blob that reaches to [#end()] at least
  /// @param value the value, of which the lowest [#width()] octets count
  /// @throws IndexOutOfBoundsException if the blob is too short
  public void set(MemorySegment blob, long value) {
    write(blob, offset, width, value);
  }

  static long read(MemorySegment blob, long offset, int width) {
    return switch (width) {
      case 1 -> Byte.toUnsignedLong(blob.get(ValueLayout.JAVA_BYTE, offset));
      case 2 -> Short.toUnsignedLong(blob.get(U16, offset));
      case 4 -> Integer.toUnsignedLong(blob.get(U32, offset));
      default -> blob.get(U64, offset);
    };
  }

  static void write(MemorySegment blob, long offset, int width, long value) {
    switch (width) {
      case 1 -> blob.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
      case 2 -> blob.set(U16, offset, (short) value);
      case 4 -> blob.set(U32, offset, (int) value);
      default -> blob.set(U64, offset, value);
    }
  }
}
