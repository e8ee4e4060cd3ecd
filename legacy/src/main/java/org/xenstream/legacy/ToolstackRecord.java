// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.Wire;

/// What libxl of Xen 4.2 to 4.5 keeps of an HVM guest in its image: which memory the device model
/// has moved (`libxl__toolstack_save` in `tools/libxl/libxl_dom.c`).
///
/// ```
///  record := u32 version 1, u32 count, count × ( u64 phys_offset, u64 start_addr, u64 size,
///                                                u32 namelen, name with its NUL )
/// ```
///
/// A 64-bit toolstack writes four octets more after each name: the padding of its struct.
final class ToolstackRecord {
  private static final String PART = Chunk.TOOLSTACK.name();
  private static final int HEADER = 8;
  private static final int ENTRY = 28;
  private static final int LEAKED = 4;
  private static final int VERSION = 1;

  private final LegacyCursor in;
  private final long offset;
  private final MemorySegment data;

  /// @param offset where the data begin in the image
  ToolstackRecord(LegacyCursor in, long offset, MemorySegment data) {
    this.in = in;
    this.offset = offset;
    this.data = data;
  }

  /// The keys and values of EMULATOR_XENSTORE_DATA, each ended by a NUL, as Xen's own converter
  /// writes them: `physmap/<phys_offset>/start_addr`, `…/size`, `…/name`, numbers in hexadecimal.
  MemorySegment xenstoreData() throws StreamFormatException {
    hold(0, HEADER, "header");
    int version = Wire.u32(data, 0);
    if (version != VERSION) {
      throw in.malformed(
          offset, PART, "version", Integer.toString(VERSION), Integer.toUnsignedString(version));
    }
    long count = Integer.toUnsignedLong(Wire.u32(data, 4));
    long leaked = in.width() == WordWidth.BITS_64 ? LEAKED : 0;
    ByteArrayOutputStream pairs = new ByteArrayOutputStream();
    long at = HEADER;
    for (long i = 0; i < count; i++) {
      hold(at, ENTRY, "physmap[" + i + "]");
      long length = Integer.toUnsignedLong(Wire.u32(data, at + 24));
      long name = at + ENTRY;
      hold(name, length + leaked, "physmap[" + i + "].name");
      // One without a name has a length of 0, where Xen's own converter gives up.
      if (length > 0 && firstNul(name, length) != length - 1) {
        throw in.malformed(
            offset + at + 24,
            PART,
            "physmap[" + i + "].namelen",
            "the length of a name that ends with its first NUL",
            Long.toString(length));
      }
      String root = "physmap/%x/".formatted(Wire.u64(data, at));
      put(pairs, root + "start_addr");
      put(pairs, Long.toHexString(Wire.u64(data, at + 8)));
      put(pairs, root + "size");
      put(pairs, Long.toHexString(Wire.u64(data, at + 16)));
      if (length > 0) {
        put(pairs, root + "name");
        pairs.writeBytes(data.asSlice(name, length).toArray(ValueLayout.JAVA_BYTE));
      }
      at = name + length + leaked;
    }
    return MemorySegment.ofArray(pairs.toByteArray());
  }

  /// Where the first NUL of a name is; −1 where there is none.
  private long firstNul(long name, long length) {
    for (long i = 0; i < length; i++) {
      if (data.get(ValueLayout.JAVA_BYTE, name + i) == 0) {
        return i;
      }
    }
    return -1;
  }

  private static void put(ByteArrayOutputStream pairs, String text) {
    pairs.writeBytes(text.getBytes(US_ASCII));
    pairs.write(0);
  }

  private void hold(long at, long length, String field) throws StreamFormatException {
    if (length > data.byteSize() - at) {
      throw in.malformed(
          offset + at,
          PART,
          field,
          LegacyCursor.octets(length),
          LegacyCursor.octets(data.byteSize() - at) + " before the end of the record");
    }
  }
}
