// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import java.lang.foreign.MemorySegment;

/// The place of a record in its source, and its octets.
///
/// The views belong to the source and die with its next step.
///
/// @param offset where the record's header begins, in octets from the start of the source
/// @param index the record's number in the stream, from 0
/// @param type the type field
/// @param octets the whole record: header, body and padding, in the stream's byte order; of a
///   PAGE_DATA whose pages are left in the input, what stands before them
/// @param length the length field: octets of the body
/// @param head the first of these octets once more, at least the record's header: where they are
///   cheapest to read. To touch `octets` of a mapped file costs a page fault, which takes longer
///   than all else that is done with a batch of pages
public record Frame(
    long offset, long index, int type, MemorySegment octets, long length, MemorySegment head) {

  /// A record whose octets all cost the same to read.
  public Frame(long offset, long index, int type, MemorySegment octets, long length) {
    this(offset, index, type, octets, length, octets);
  }

  /// Where the body begins, in octets from the start of the source.
  public long bodyOffset() {
    return offset + Wire.RECORD_HEADER;
  }

  /// The body, in the stream's byte order.
  public MemorySegment body() {
    return octets.asSlice(Wire.RECORD_HEADER, length);
  }

  /// The padding, 0 to 7 octets; none of a record whose octets are not all here.
  public MemorySegment padding() {
    return octets.asSlice(Math.min(Wire.RECORD_HEADER + length, octets.byteSize()));
  }

  /// How long the record is with its header and padding, in octets.
  public long size() {
    return Wire.RECORD_HEADER + length + Wire.padding(length);
  }

  /// Where the next record begins, in octets from the start of the source.
  public long end() {
    return offset + size();
  }

  /// The type's name for messages.
  public String typeName() {
    return RecordType.nameOf(type);
  }
}
