// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/// Reads the libxc records of COLO's back channel: CHECKPOINT_DIRTY_PFN_LIST without any header,
/// from the secondary to the primary (specification, "CHECKPOINT_DIRTY_PFN_LIST").
///
/// Under libxl they take turns with bare CHECKPOINT_STATE records, which are libxl's
/// (`libxl_colo_save.c` reads them): these are passed over here, and are items of their own where
/// the channel is read as an image.
///
/// Since Xen 4.18 the reference writes eight stray zero octets behind each record's header
/// (`send_checkpoint_dirty_pfn_list` of `xg_sr_restore.c` writes `sizeof(struct xc_sr_record)`).
/// Both forms are read. Which one it is shows at the first list that has no pfn 0 in front, or by
/// where the next record begins.
public final class BackChannelReader implements AutoCloseable {
  private static final int TYPE = RecordType.CHECKPOINT_DIRTY_PFN_LIST.code();
  private static final int STRAY = 8;

  /// libxl's CHECKPOINT_STATE: type 5, and a length of 4 (`libxl_sr_stream_format.h`).
  private static final int STATE = 5;

  private static final int STATE_LENGTH = 4;

  private static final long STATE_WHOLE = Wire.RECORD_HEADER + 8L;
  private static final int LAST_STATE = 3;

  private final OctetInput input;
  private final Limits limits;
  private final RecordParser parser;
  private long index;
  private long shownEnd;
  private int stray = -1;

  /// @param input read from its position on; closed with the reader
  public BackChannelReader(OctetInput input, Limits limits) {
    this.input = input;
    this.limits = limits;
    this.parser = new RecordParser(input.name(), ByteOrder.LITTLE_ENDIAN);
  }

  /// Tells whether the octets can begin a back channel: with a list, or with libxl's hand-shake.
  ///
  /// @param octets the first octets of a source
  public static boolean recognises(MemorySegment octets) {
    return isListAt(octets, 0)
        || (isStateAt(octets, 0)
            && octets.byteSize() >= Wire.RECORD_HEADER + STATE_LENGTH
            && Integer.compareUnsigned(Wire.u32(octets, Wire.RECORD_HEADER), LAST_STATE) <= 0);
  }

  private static boolean isListAt(MemorySegment octets, long at) {
    return octets.byteSize() >= at + Wire.RECORD_HEADER
        && Wire.u32(octets, at) == TYPE
        && (Wire.u32(octets, at + 4) & 7) == 0;
  }

  private static boolean isStateAt(MemorySegment octets, long at) {
    return octets.byteSize() >= at + Wire.RECORD_HEADER
        && Wire.u32(octets, at) == STATE
        && Wire.u32(octets, at + 4) == STATE_LENGTH;
  }

  /// Where the record that was shown last ends, stray octets included.
  public long end() {
    return shownEnd;
  }

  /// The number of stray octets behind each record's header: 0, 8, or −1 while it is not known.
  public int strayOctets() {
    return stray;
  }

  /// The next list, or null after the last. Its frame covers the stray octets' place, but its views
  /// leave them out.
  ///
  /// @throws StreamFormatException for any other record, or one that is cut
  public @Nullable Framed next() throws IOException {
    input.advance(Math.max(0, shownEnd - input.position()));
    passStates();
    long offset = input.position();
    MemorySegment header = input.peek(Wire.RECORD_HEADER);
    if (header.byteSize() == 0) {
      return null;
    }
    if (header.byteSize() < Wire.RECORD_HEADER) {
      throw fault(
          Fault.TRUNCATED,
          offset + header.byteSize(),
          null,
          "8 octets",
          header.byteSize() + " octets before the end");
    }
    int type = Wire.u32(header, 0);
    if (type != TYPE) {
      throw fault(
          Fault.MISPLACED,
          offset,
          "type",
          RecordType.nameOf(TYPE) + " or libxl's CHECKPOINT_STATE",
          RecordType.nameOf(type));
    }
    long length = Integer.toUnsignedLong(Wire.u32(header, 4));
    if (length > limits.maxRecordLength()) {
      throw fault(
          Fault.TOO_LONG,
          offset + 4,
          "body_length",
          "at most " + limits.maxRecordLength(),
          Long.toString(length));
    }
    if (stray < 0) {
      stray = findStray(length);
    }
    int between = Math.max(stray, 0);
    long whole = Wire.RECORD_HEADER + between + length;
    MemorySegment octets = input.peek(whole + Wire.padding(length));
    if (octets.byteSize() < whole) {
      throw fault(
          Fault.TRUNCATED,
          offset + octets.byteSize(),
          null,
          whole + " octets of header and body",
          octets.byteSize() + " octets before the end");
    }
    shownEnd = offset + octets.byteSize();
    MemorySegment seen = between == 0 ? octets : withoutStray(octets);
    Frame frame = new Frame(offset, index++, type, seen, length);
    return new Framed(frame, parser.parse(frame));
  }

  private void passStates() throws IOException {
    while (isStateAt(input.peek(Wire.RECORD_HEADER), 0)) {
      long offset = input.position();
      long passed = input.advance(STATE_WHOLE);
      if (passed < STATE_WHOLE) {
        throw new StreamFormatException(
            Fault.TRUNCATED,
            Location.of(input.name(), offset + passed, "libxl", "CHECKPOINT_STATE", null),
            "%d octets of header, body and padding".formatted(STATE_WHOLE),
            "%d octets before the end".formatted(passed));
      }
    }
  }

  private static MemorySegment withoutStray(MemorySegment octets) {
    byte[] copy = new byte[(int) (octets.byteSize() - STRAY)];
    MemorySegment whole = MemorySegment.ofArray(copy);
    MemorySegment.copy(octets, 0, whole, 0, Wire.RECORD_HEADER);
    MemorySegment.copy(
        octets,
        Wire.RECORD_HEADER + STRAY,
        whole,
        Wire.RECORD_HEADER,
        copy.length - Wire.RECORD_HEADER);
    return whole;
  }

  private int findStray(long length) throws IOException {
    long plain = Wire.RECORD_HEADER + length;
    MemorySegment octets = input.peek(plain + STRAY + Wire.RECORD_HEADER);
    if (octets.byteSize() < Wire.RECORD_HEADER + STRAY || Wire.u64(octets, 8) != 0) {
      return 0;
    }
    int plainFits = fit(octets, plain);
    int strayFits = fit(octets, plain + STRAY);
    if (plainFits == strayFits) {
      return plainFits > 0 ? 0 : -1;
    }
    return strayFits > plainFits ? STRAY : 0;
  }

  /// How well a record would begin or the source would end at a place. Two lists do not follow each
  /// other where libxl speaks, and what looks like the header of one may be a pfn.
  private static int fit(MemorySegment octets, long at) {
    if (isStateAt(octets, at)) {
      return 2;
    }
    return octets.byteSize() == at || isListAt(octets, at) ? 1 : 0;
  }

  private StreamFormatException fault(
      Fault fault, long offset, @Nullable String field, String expected, String found) {
    return new StreamFormatException(
        fault,
        new Location(input.name(), offset, "back channel", index, RecordType.nameOf(TYPE), field),
        expected,
        found);
  }

  @Override
  public void close() throws IOException {
    input.close();
  }
}
