// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.Wire;

/// The place of a libxl record in its source, and its octets. Views die with the reader's next
/// step.
///
/// @param offset where the record's header begins, in octets from the start of the source
/// @param index the record's number in the libxl stream, from 0
/// @param type the type field
/// @param octets the whole record: header, body and padding
/// @param length the length field: octets of the body
public record LibxlFrame(long offset, long index, int type, MemorySegment octets, long length) {
  /// Where the body begins, in octets from the start of the source.
  public long bodyOffset() {
    return offset + Wire.RECORD_HEADER;
  }

  /// The body.
  public MemorySegment body() {
    return octets.asSlice(Wire.RECORD_HEADER, length);
  }

  /// The padding, 0 to 7 octets.
  public MemorySegment padding() {
    return octets.asSlice(Wire.RECORD_HEADER + length);
  }

  /// The place alone, for whoever keeps it beyond the reader's next step.
  public LibxlFrame withoutOctets() {
    return new LibxlFrame(offset, index, type, MemorySegment.NULL, length);
  }

  /// The type's name for messages.
  public String typeName() {
    return LibxlRecord.nameOf(type);
  }

  /// The place of one of its fields.
  public Location at(String source, long offset, @Nullable String field) {
    return new Location(source, offset, "libxl", index, typeName(), field);
  }
}
