// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// The areas that FXSAVE and XSAVE write: 512 octets of x87 and SSE state, then for XSAVE a header
/// of 64 octets and the further components (Intel SDM volume 1, 10.5.1 and 13.4).
final class FpuArea {

  private FpuArea() {}

  /// The size of the legacy region.
  static final long LEGACY_SIZE = 512;

  private static final long HEADER_SIZE = 64;
  private static final long YMM = 1 << 2;
  private static final long YMM_SIZE = 256;

  private static final BitNames MXCSR =
      BitNames.of(
          """
          0:IE 1:DE 2:ZE 3:OE 4:UE 5:PE 6:DAZ 7:IM 8:DM 9:ZM 10:OM 11:UM 12:PM 13:RC.0 14:RC.1
          15:FZ
          """);

  private static final BitNames FCW =
      BitNames.of("0:IM 1:DM 2:ZM 3:OM 4:UM 5:PM 6:bit6 8:PC.0 9:PC.1 10:RC.0 11:RC.1 12:X");

  private static final BitNames FSW =
      BitNames.of(
          """
          0:IE 1:DE 2:ZE 3:OE 4:UE 5:PE 6:SF 7:ES 8:C0 9:C1 10:C2 11:TOP.0 12:TOP.1 13:TOP.2
          14:C3 15:B
          """);

  /// An instruction or operand pointer holds 64 bits, or 32 bits of offset and 16 of selector.
  private static final Show POINTER =
      Show.explained(value ->
          "64-bit, or selector 0x%04x offset 0x%08x"
              .formatted(value >>> 32 & 0xffff, value & 0xffffffffL));

  /// The legacy region. Xen keeps the width of fip and fdp in the last octet, which is for software
  /// to use (`FPU_WORD_SIZE_OFFSET`, xen/arch/x86/include/asm/i387.h).
  static final Struct LEGACY = legacy();

  private static Struct legacy() {
    Struct.Builder area =
        Struct.of64("fxsave")
            .u16("fcw", FCW)
            .u16("fsw", FSW)
            .u8("ftw", Show.HEX)
            .u8("rsvd1", Show.HEX)
            .u16("fop", Show.HEX)
            .u64("fip", POINTER)
            .u64("fdp", POINTER)
            .u32("mxcsr", MXCSR)
            .u32("mxcsr_mask", Show.HEX);
    registers(area, "st", 8);
    registers(area, "xmm", 16);
    return area.octets("rsvd2", 48, 8)
        .octets("software", 47, 1)
        .u8("fip_width", Show.DECIMAL)
        .build();
  }

  private static final Struct HEADER =
      Struct.of64("xsave_hdr")
          .u64("xstate_bv", RegisterBits.XSTATE)
          .u64("xcomp_bv", RegisterBits.XSTATE)
          .octets("reserved", 48, 8)
          .build();

  /// A number of the legacy region or of the header, counted from the start of the area.
  static Field field(String path) {
    if (path.startsWith("x") && path.endsWith("_bv")) {
      Field field = HEADER.field(path);
      return new Field(path, LEGACY_SIZE + field.offset(), field.width());
    }
    return LEGACY.field(path);
  }

  /// The upper halves of the YMM registers: the first of the further components, in every processor
  /// at the same place.
  private static final Struct UPPER_YMM = upperYmm();

  private static Struct upperYmm() {
    Struct.Builder area = Struct.of64("ymm_high");
    registers(area, "ymm_high", 16);
    return area.build();
  }

  /// Appends registers of 16 octets; the x87 registers use the lower ten.
  private static void registers(Struct.Builder area, String name, int count) {
    for (int i = 0; i < count; i++) {
      area.octets(name + i, 16, 8);
    }
  }

  /// Decodes an XSAVE area. Where the components after YMM stand depends on the processor that
  /// wrote the area, so they are shown as octets.
  static List<Decoded> xsave(MemorySegment area) {
    List<Decoded> fields = new ArrayList<>();
    long size = area.byteSize();
    fields.add(
        new Decoded.Group("fpu_sse", LEGACY.decode(area.asSlice(0, Math.min(LEGACY_SIZE, size)))));
    if (size <= LEGACY_SIZE) {
      return fields;
    }
    MemorySegment header = area.asSlice(LEGACY_SIZE, Math.min(HEADER_SIZE, size - LEGACY_SIZE));
    fields.add(new Decoded.Group("xsave_hdr", HEADER.decode(header)));
    long next = LEGACY_SIZE + HEADER_SIZE;
    if (size <= next) {
      return fields;
    }
    long components = HEADER.field("xstate_bv").get(header) | HEADER.field("xcomp_bv").get(header);
    if ((components & YMM) != 0 && size >= next + YMM_SIZE) {
      UPPER_YMM.decode(area, next, fields);
      next += YMM_SIZE;
    }
    if (size > next) {
      fields.add(new Decoded.Octets("extended_region", area.asSlice(next)));
    }
    return fields;
  }
}
