// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// The numbers of the stream, each named as in `docs/specs/libxc-migration-stream.pandoc`, and the
/// reading and writing of its integers.
///
/// ```
///  image header                      domain header                     record
///   0        8     12   16   18       0      4      6     8    12      0      4        8
///  | marker | id  | ver| opt| rsv |  | type |shift |rsv | maj | min | | type | length | body… | pad |
///  |   u64  | u32 | u32|u16 | 6   |  | u32  | u16  |u16 | u32 | u32 | | u32  |  u32   |       | 0–7 |
///   always big-endian                 in the byte order that options bit 0 names
/// ```
///
/// Byte order is a swap after a little-endian load, never a stored layout: a layout that is not a
/// constant costs a factor of thirty.
public final class Wire {
  /// Eight octets of ones, which no legacy image begins with.
  public static final long MARKER = -1L;

  /// "XENF".
  public static final int ID = 0x58454E46;

  /// Options bit 0: the domain header and the records are big-endian.
  public static final int OPT_BIG_ENDIAN = 1;

  /// Length of the image header in octets.
  public static final int IMAGE_HEADER = 24;

  /// Length of the domain header in octets.
  public static final int DOMAIN_HEADER = 16;

  /// Length of a record's header in octets.
  public static final int RECORD_HEADER = 8;

  /// Records, header and body together, are padded to a multiple of this many octets.
  public static final int RECORD_ALIGNMENT = 8;

  /// `REC_LENGTH_MAX` of the reference (`tools/libs/guest/xg_sr_stream_format.h`, 128 MiB since Xen
  /// 4.10): the longest body a reader takes; this length itself is allowed.
  public static final long RECORD_LENGTH_MAX = 128L << 20;

  /// Domain header type: x86 PV.
  public static final int DOMAIN_X86_PV = 1;

  /// Domain header type: x86 HVM and PVH.
  public static final int DOMAIN_X86_HVM = 2;

  /// Octets in a page; the only page size that any release ever wrote (`page_shift` 12).
  public static final int PAGE_SIZE = 4096;

  /// Base-two logarithm of [#PAGE_SIZE].
  public static final int PAGE_SHIFT = 12;

  /// The most pages a batch of the reference saver holds (`MAX_BATCH_SIZE`).
  public static final int MAX_BATCH = 1024;

  /// Bits 51–0 of an entry of PAGE_DATA.
  public static final long PFN_MASK = (1L << 52) - 1;

  /// Bits 59–52 of an entry of PAGE_DATA.
  public static final long PFN_RESERVED_MASK = 0xFFL << 52;

  /// How far the page type of an entry of PAGE_DATA is shifted.
  public static final int PFN_TYPE_SHIFT = 60;

  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Wire() {}

  /// Reads two little-endian octets as an unsigned number.
  public static int u16(MemorySegment octets, long offset) {
    return Short.toUnsignedInt(octets.get(U16, offset));
  }

  /// Reads two octets in the given order as an unsigned number.
  public static int u16(MemorySegment octets, long offset, ByteOrder order) {
    int little = u16(octets, offset);
    return order == ByteOrder.LITTLE_ENDIAN
        ? little
        : Short.toUnsignedInt(Short.reverseBytes((short) little));
  }

  /// Reads four little-endian octets; the caller decides whether the bits are signed.
  public static int u32(MemorySegment octets, long offset) {
    return octets.get(U32, offset);
  }

  /// Reads four octets in the given order; the caller decides whether the bits are signed.
  public static int u32(MemorySegment octets, long offset, ByteOrder order) {
    int little = octets.get(U32, offset);
    return order == ByteOrder.LITTLE_ENDIAN ? little : Integer.reverseBytes(little);
  }

  /// Reads eight little-endian octets; the caller decides whether the bits are signed.
  public static long u64(MemorySegment octets, long offset) {
    return octets.get(U64, offset);
  }

  /// Reads eight octets in the given order; the caller decides whether the bits are signed.
  public static long u64(MemorySegment octets, long offset, ByteOrder order) {
    long little = octets.get(U64, offset);
    return order == ByteOrder.LITTLE_ENDIAN ? little : Long.reverseBytes(little);
  }

  /// Reads `count` little-endian numbers of eight octets into an array.
  ///
  /// The segment's own copy into an array learns by a pattern switch what kind of array it is: the
  /// bootstrap of that costs a cold process more than to read some hundred records. A buffer's does
  /// not, but there is none over an array other than one of octets.
  public static void copyU64(MemorySegment octets, long offset, long[] into, int count) {
    if (octets.isNative()) {
      octets
          .asSlice(offset, count * 8L)
          .asByteBuffer()
          .order(ByteOrder.LITTLE_ENDIAN)
          .asLongBuffer()
          .get(into, 0, count);
    } else {
      MemorySegment.copy(octets, U64, offset, into, 0, count);
    }
  }

  /// Copies little-endian numbers of four octets, unsigned, into an array, as [#copyU64].
  public static void copyU32(MemorySegment octets, long offset, int[] into, int count) {
    if (octets.isNative()) {
      octets
          .asSlice(offset, count * 4L)
          .asByteBuffer()
          .order(ByteOrder.LITTLE_ENDIAN)
          .asIntBuffer()
          .get(into, 0, count);
    } else {
      MemorySegment.copy(octets, U32, offset, into, 0, count);
    }
  }

  /// Writes little-endian numbers of eight octets from an array into native memory.
  ///
  /// @param first the index of the first
  public static void putU64s(MemorySegment octets, long offset, long[] from, int first, int count) {
    octets
        .asSlice(offset, count * 8L)
        .asByteBuffer()
        .order(ByteOrder.LITTLE_ENDIAN)
        .asLongBuffer()
        .put(from, first, count);
  }

  /// Writes two octets in the given order.
  public static void putU16(MemorySegment octets, long offset, int value, ByteOrder order) {
    short bits = (short) value;
    octets.set(U16, offset, order == ByteOrder.LITTLE_ENDIAN ? bits : Short.reverseBytes(bits));
  }

  /// Writes four octets in the given order.
  public static void putU32(MemorySegment octets, long offset, int value, ByteOrder order) {
    octets.set(U32, offset, order == ByteOrder.LITTLE_ENDIAN ? value : Integer.reverseBytes(value));
  }

  /// Writes eight octets in the given order.
  public static void putU64(MemorySegment octets, long offset, long value, ByteOrder order) {
    octets.set(U64, offset, order == ByteOrder.LITTLE_ENDIAN ? value : Long.reverseBytes(value));
  }

  /// Octets of padding after a body of `length` octets: 0 to 7.
  public static int padding(long length) {
    return (int) (-length & (RECORD_ALIGNMENT - 1));
  }
}
