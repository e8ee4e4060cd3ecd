// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/// Where a row of numbers of one width lies in a blob: reads and writes them in place,
/// little-endian, allocating nothing.
///
/// @param name the path of the array in its struct, such as `gdt_frames`
/// @param offset the offset of its first element from the start of the blob in octets
/// @param count how many elements it has
/// @param width the width of an element in octets: 1, 2, 4 or 8
public record FieldArray(String name, long offset, int count, int width) {

  /// Rejects a width that no number has.
  public FieldArray {
    if (width != 1 && width != 2 && width != 4 && width != 8) {
      throw new IllegalArgumentException(name + ": no number is " + width + " octets wide");
    }
  }

  /// One element as a field of its own.
  ///
  /// @throws IndexOutOfBoundsException if there is no such element
  public Field element(int index) {
    Objects.checkIndex(index, count);
    return new Field(name + "[" + index + "]", offset + (long) index * width, width);
  }

  /// The offset just after the last element.
  public long end() {
    return offset + (long) count * width;
  }

  /// Reads an element, zero-extended.
  ///
  /// @throws IndexOutOfBoundsException if there is no such element, or the blob does not reach to
  ///   it
  public long get(MemorySegment blob, int index) {
    return Field.read(blob, offset + (long) Objects.checkIndex(index, count) * width, width);
  }

  /// Writes an element.
  ///
  /// @param value the value, of which the lowest [#width()] octets count
  /// @throws IndexOutOfBoundsException if there is no such element, or the blob does not reach to
  ///   it
  public void set(MemorySegment blob, int index, long value) {
    Field.write(blob, offset + (long) Objects.checkIndex(index, count) * width, width, value);
  }
}
