// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit.legacy;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import org.xenstream.testkit.StreamBuilder;

/// A stretch of guest memory that a device model has moved, as the TOOLSTACK chunk of libxl 4.2 to
/// 4.5 tells of it (`libxl__toolstack_save`, `libxl_dom.c`).
///
/// @param physOffset where it was
/// @param startAddress where it is
/// @param size its octets
/// @param name without its NUL; empty for none
public record PhysmapEntry(long physOffset, long startAddress, long size, String name) {
  /// The body of a TOOLSTACK chunk.
  ///
  /// @param width octets in a word of the toolstack; that of 8 leaks the padding of its struct
  ///   behind each name, whatever was there
  public static byte[] toolstack(int width, List<PhysmapEntry> entries) {
    StreamBuilder data = StreamBuilder.stream().u32(1).u32(entries.size());
    for (PhysmapEntry entry : entries) {
      byte[] name = entry.name.isEmpty() ? new byte[0] : (entry.name + "\0").getBytes(UTF_8);
      data.u64(entry.physOffset).u64(entry.startAddress).u64(entry.size).u32(name.length).raw(name);
      if (width == 8) {
        data.u32(0xDEADBEEF);
      }
    }
    return data.octets();
  }

  /// The same in the form of libxl's EMULATOR_XENSTORE_DATA: keys and values in turn, each with its
  /// NUL.
  public static byte[] xenstoreData(List<PhysmapEntry> entries) {
    StringBuilder data = new StringBuilder();
    for (PhysmapEntry entry : entries) {
      String root = "physmap/%x/".formatted(entry.physOffset);
      data.append(root).append("start_addr\0%x\0".formatted(entry.startAddress));
      data.append(root).append("size\0%x\0".formatted(entry.size));
      if (!entry.name.isEmpty()) {
        data.append(root).append("name\0").append(entry.name).append('\0');
      }
    }
    return data.toString().getBytes(UTF_8);
  }
}
