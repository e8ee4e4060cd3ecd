// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A row of the table that describes a [Struct]. Offsets count from the start of the struct.
sealed interface Member {

  /// The member's name in C.
  String name();

  /// The offset of its first octet.
  long offset();

  /// Its size in octets.
  long size();

  /// Decodes as much of the member as a blob holds.
  ///
  /// @param base the offset of the struct in the blob, within it
  /// @return null if all of it is there, else the path of the first field that is not whole
  @Nullable String decode(MemorySegment blob, long base, List<Decoded> out);

  /// A number.
  record Scalar(Field field, Show show) implements Member {
    public Scalar {
      Objects.requireNonNull(show, field.name());
    }

    @Override
    public String name() {
      return field.name();
    }

    @Override
    public long offset() {
      return field.offset();
    }

    @Override
    public long size() {
      return field.width();
    }

    @Override
    public @Nullable String decode(MemorySegment blob, long base, List<Decoded> out) {
      if (blob.byteSize() - base < field.end()) {
        return name();
      }
      out.add(show.of(name(), Field.read(blob, base + offset(), field.width()), field.width()));
      return null;
    }
  }

  /// A row of numbers.
  record Numbers(FieldArray array, Show show) implements Member {
    public Numbers {
      Objects.requireNonNull(show, array.name());
    }

    @Override
    public String name() {
      return array.name();
    }

    @Override
    public long offset() {
      return array.offset();
    }

    @Override
    public long size() {
      return array.end() - array.offset();
    }

    @Override
    public @Nullable String decode(MemorySegment blob, long base, List<Decoded> out) {
      long there = Math.max(0, (blob.byteSize() - base - offset()) / array.width());
      int whole = (int) Math.min(array.count(), there);
      List<Decoded> elements = new ArrayList<>(whole);
      for (int i = 0; i < whole; i++) {
        long value = Field.read(blob, base + offset() + (long) i * array.width(), array.width());
        elements.add(show.of(Integer.toString(i), value, array.width()));
      }
      if (whole > 0) {
        out.add(new Decoded.Group(name(), List.copyOf(elements)));
      }
      return whole == array.count() ? null : name() + "[" + whole + "]";
    }
  }

  /// How octets are presented.
  enum Form {
    /// As they are.
    OCTETS,
    /// As ranges of the bits that are set.
    BITMAP,
    /// As characters up to the first NUL.
    TEXT
  }

  /// Octets that have no fields, or whose fields differ from case to case.
  record Opaque(String name, long offset, long size, Form form) implements Member {
    @Override
    public @Nullable String decode(MemorySegment blob, long base, List<Decoded> out) {
      if (blob.byteSize() - base < offset + size) {
        return name;
      }
      MemorySegment octets = blob.asSlice(base + offset, size);
      out.add(
          switch (form) {
            case OCTETS -> new Decoded.Octets(name, octets);
            case BITMAP -> new Decoded.Text(name, Ranges.of(octets));
            case TEXT -> new Decoded.Text(name, Ascii.of(octets));
          });
      return null;
    }
  }

  /// A struct within the struct.
  record Nested(String name, long offset, Struct struct) implements Member {
    @Override
    public long size() {
      return struct.size();
    }

    @Override
    public @Nullable String decode(MemorySegment blob, long base, List<Decoded> out) {
      List<Decoded> fields = new ArrayList<>();
      String cut = struct.decode(blob, base + offset, fields);
      if (!fields.isEmpty()) {
        out.add(new Decoded.Group(name, List.copyOf(fields)));
      }
      return cut == null ? null : name + "." + cut;
    }
  }

  /// A row of structs.
  ///
  /// @param ignoredOctet elements that are all zero but for the octet at this offset are left out;
  ///   [#DENSE] if none are
  record Table(String name, long offset, int count, Struct element, long ignoredOctet)
      implements Member {
    /// All elements are shown.
    static final long DENSE = -1;

    @Override
    public long size() {
      return count * element.size();
    }

    @Override
    public @Nullable String decode(MemorySegment blob, long base, List<Decoded> out) {
      List<Decoded> elements = new ArrayList<>();
      String cut = null;
      for (int i = 0; i < count && cut == null; i++) {
        long start = base + offset + i * element.size();
        List<Decoded> fields = new ArrayList<>();
        String cutField = element.decode(blob, start, fields);
        if (cutField != null) {
          cut = name + "[" + i + "]." + cutField;
        }
        if (!fields.isEmpty() && !isLeftOut(blob, start)) {
          elements.add(new Decoded.Group(Integer.toString(i), List.copyOf(fields)));
        }
      }
      if (!elements.isEmpty() || cut == null) {
        out.add(new Decoded.Group(name, List.copyOf(elements)));
      }
      return cut;
    }

    private boolean isLeftOut(MemorySegment blob, long start) {
      if (ignoredOctet == DENSE) {
        return false;
      }
      long end = Math.min(start + element.size(), blob.byteSize());
      for (long at = start; at < end; at++) {
        if (blob.get(ValueLayout.JAVA_BYTE, at) != 0 && at - start != ignoredOctet) {
          return false;
        }
      }
      return true;
    }
  }
}
