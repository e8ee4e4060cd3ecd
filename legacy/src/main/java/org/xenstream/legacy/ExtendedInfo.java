// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Wire;

/// The extended info of a PV image: `{word ~0, u32 length, blocks of {u32 id, u32 size, data}}`.
///
/// @param guest the guest's width by the block `vcpu`; null without one
/// @param guestOffset where that block begins, or the blocks where there is none
/// @param extended whether there is a block `extv`
/// @param xsaveLength what the block `xcnt` says; 0 without one
record ExtendedInfo(
    @Nullable WordWidth guest, long guestOffset, boolean extended, int xsaveLength) {
  private static final String PART = "extended info";
  private static final int VCPU = 0x75706376;
  private static final int EXTV = 0x76747865;
  private static final int XCNT = 0x746e6378;
  private static final int BLOCK_HEADER = 8;

  /// Reads it: the cursor stands at its first word.
  static ExtendedInfo read(LegacyCursor in, Notes notes) throws IOException {
    in.pass(in.width().octets(), PART, "marker");
    long lengthAt = in.position();
    long left = Integer.toUnsignedLong(in.takeU32(PART, "length"));
    in.holdConfig(left, lengthAt, PART, "length");
    WordWidth guest = null;
    long guestOffset = in.position();
    boolean extended = false;
    int xsave = 0;
    while (left > 0) {
      long at = in.position();
      if (left < BLOCK_HEADER) {
        throw in.malformed(
            at, PART, "length", "a whole block of at least 8 octets", LegacyCursor.octets(left));
      }
      int id = in.takeU32(PART, "block id");
      long size = Integer.toUnsignedLong(in.takeU32(PART, "block size"));
      left -= BLOCK_HEADER;
      if (size > left) {
        throw in.malformed(
            at + 4,
            PART,
            quoted(id) + " size",
            "at most the %d octets that are left of it".formatted(left),
            Long.toString(size));
      }
      switch (id) {
        case VCPU -> {
          guest = guestWidth(in, at, size);
          guestOffset = at;
        }
        case EXTV -> extended = true;
        case XCNT -> xsave = xsaveLength(in, at, size);
        default ->
            notes.addOrRefuse(
                LegacyNote.Kind.BLOCK_SKIPPED,
                in.at(at, PART, quoted(id)),
                "a block of %d octets that no known saver writes is passed over".formatted(size),
                Fault.MALFORMED_LAYER,
                "a block that a known saver writes",
                "another of %d octets".formatted(size));
      }
      in.pass(at + BLOCK_HEADER + size - in.position(), PART, quoted(id));
      left -= size;
    }
    return new ExtendedInfo(guest, guestOffset, extended, xsave);
  }

  private static WordWidth guestWidth(LegacyCursor in, long at, long size) throws IOException {
    if (size == Layout.CONTEXT_64) {
      return WordWidth.BITS_64;
    }
    if (size == Layout.CONTEXT_32) {
      return WordWidth.BITS_32;
    }
    throw in.malformed(
        at + 4,
        PART,
        "\"vcpu\" size",
        "%d (64-bit guest) or %d (32-bit guest)".formatted(Layout.CONTEXT_64, Layout.CONTEXT_32),
        Long.toString(size));
  }

  private static int xsaveLength(LegacyCursor in, long at, long size) throws IOException {
    if (size < 4) {
      throw in.malformed(at + 4, PART, "\"xcnt\" size", "at least 4", Long.toString(size));
    }
    long where = in.position();
    int length = in.takeU32(PART, "\"xcnt\"");
    in.hold(Integer.toUnsignedLong(length), Layout.MOST_XSAVE, where, PART, "\"xcnt\"");
    if (length != 0 && length < Layout.XSAVE_HEADER) {
      throw in.malformed(
          where,
          PART,
          "\"xcnt\"",
          "0, or at least the %d octets of its header".formatted(Layout.XSAVE_HEADER),
          Integer.toString(length));
    }
    return length;
  }

  private static String quoted(int id) {
    byte[] octets = new byte[4];
    Wire.putU32(MemorySegment.ofArray(octets), 0, id, ByteOrder.LITTLE_ENDIAN);
    for (byte octet : octets) {
      if (octet < ' ' || octet > '~') {
        return "0x%08x".formatted(id);
      }
    }
    return '"' + new String(octets, StandardCharsets.US_ASCII) + '"';
  }
}
