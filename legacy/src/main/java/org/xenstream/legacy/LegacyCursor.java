// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.Wire;

/// The octets of a legacy image in order: every field that is asked for is there, or a located
/// error says which one is not. Numbers are little-endian, as on all machines that such Xens ran
/// on.
final class LegacyCursor {
  static final String LAYER = "legacy";

  private final OctetInput input;
  private final Limits limits;
  private final WordWidth width;

  LegacyCursor(OctetInput input, Limits limits, WordWidth width) {
    this.input = input;
    this.limits = limits;
    this.width = width;
  }

  OctetInput input() {
    return input;
  }

  /// The width of a word of the image: of the toolstack that saved it.
  WordWidth width() {
    return width;
  }

  long position() {
    return input.position();
  }

  /// The next octets, which must be there, without passing them.
  MemorySegment require(long count, String part, @Nullable String field) throws IOException {
    return held(input.peek(count), count, part, field);
  }

  private MemorySegment held(MemorySegment octets, long count, String part, @Nullable String field)
      throws StreamFormatException {
    if (octets.byteSize() < count) {
      throw truncated(count, octets.byteSize(), position(), part, field);
    }
    return octets;
  }

  StreamFormatException truncated(
      long wanted, long there, long from, String part, @Nullable String field) {
    return fault(
        Fault.TRUNCATED,
        from + there,
        part,
        field,
        octets(wanted),
        octets(there) + " before the end");
  }

  static String octets(long count) {
    return count == 1 ? "1 octet" : count + " octets";
  }

  /// Passes over octets, which must be there.
  void pass(long count, String part, @Nullable String field) throws IOException {
    long from = position();
    long passed = input.advance(count);
    if (passed < count) {
      throw truncated(count, passed, from, part, field);
    }
  }

  /// The next number of four octets, without passing it.
  int nextU32(String part, @Nullable String field) throws IOException {
    return Wire.u32(held(input.near(4), 4, part, field), 0);
  }

  int takeU32(String part, @Nullable String field) throws IOException {
    int value = nextU32(part, field);
    input.advance(4);
    return value;
  }

  long takeU64(String part, @Nullable String field) throws IOException {
    long value = Wire.u64(held(input.near(8), 8, part, field), 0);
    input.advance(8);
    return value;
  }

  /// One word of the toolstack, unsigned.
  long takeWord(String part, @Nullable String field) throws IOException {
    return width == WordWidth.BITS_64
        ? takeU64(part, field)
        : Integer.toUnsignedLong(takeU32(part, field));
  }

  /// Word number `index` of octets that were required.
  long word(MemorySegment octets, long index) {
    return width == WordWidth.BITS_64
        ? Wire.u64(octets, index * 8)
        : Integer.toUnsignedLong(Wire.u32(octets, index * 4));
  }

  /// Holds a length that was read against the limit for a text.
  ///
  /// @param at where the length stood
  void holdConfig(long length, long at, String part, String field) throws StreamFormatException {
    hold(length, limits.maxConfigLength(), at, part, field);
  }

  /// The same against another limit.
  void hold(long length, long most, long at, String part, String field)
      throws StreamFormatException {
    if (length < 0 || length > most) {
      throw fault(
          Fault.TOO_LONG, at, part, field, "at most " + most, Long.toUnsignedString(length));
    }
  }

  /// The limit of what one record may hold.
  long mostOctets() {
    return limits.maxRecordLength();
  }

  Location at(long offset, String part, @Nullable String field) {
    return Location.of(input.name(), offset, LAYER, part, field);
  }

  StreamFormatException fault(
      Fault fault,
      long offset,
      String part,
      @Nullable String field,
      String expected,
      String found) {
    return new StreamFormatException(fault, at(offset, part, field), expected, found);
  }

  StreamFormatException malformed(
      long offset, String part, @Nullable String field, String expected, String found) {
    return fault(Fault.MALFORMED_BODY, offset, part, field, expected, found);
  }
}
