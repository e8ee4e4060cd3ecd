// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A C struct as a table of its members, laid out by the rules of the x86 ABIs: a member is aligned
/// to its width, but a 64-bit number in the 32-bit ABI to 4 octets only.
///
/// The table is the one description of the struct: the decoder walks it, and the engines' constants
/// are looked up in it.
final class Struct {

  private final String name;
  private final List<Member> members;
  private final long size;
  private final int alignment;

  private Struct(Builder builder) {
    this.name = builder.name;
    this.members = List.copyOf(builder.members);
    this.alignment = builder.alignment;
    this.size = builder.aligned(builder.end, builder.alignment);
  }

  /// The one of two layouts that is for a width.
  ///
  /// @throws IllegalArgumentException if the width is neither 8 nor 4
  static <T> T ofWidth(int guestWidth, T of64Bit, T of32Bit) {
    return switch (guestWidth) {
      case 8 -> of64Bit;
      case 4 -> of32Bit;
      default ->
          throw new IllegalArgumentException(
              "the guest width must be 4 or 8 but was " + guestWidth);
    };
  }

  String name() {
    return name;
  }

  /// The size of the struct in octets, padding at its end included.
  long size() {
    return size;
  }

  List<Member> members() {
    return members;
  }

  /// Finds a number by its path, such as `user_regs.rip` or `msrs[2].val`.
  ///
  /// @throws IllegalArgumentException if the struct has no such number
  Field field(String path) {
    Place place = find(path);
    return new Field(path, place.offset, place.width);
  }

  /// The offset of a member by its path.
  ///
  /// @throws IllegalArgumentException if the struct has no such member
  long offsetOf(String path) {
    return find(path).offset;
  }

  /// Where a member is.
  ///
  /// @param width its width in octets; 0 if it is no number
  private record Place(long offset, int width) {
    Place from(long base) {
      return new Place(base + offset, width);
    }
  }

  private Place find(String path) {
    for (Member member : members) {
      String rest = path.startsWith(member.name()) ? path.substring(member.name().length()) : ".";
      switch (member) {
        case Member.Scalar scalar when rest.isEmpty() -> {
          return new Place(scalar.offset(), scalar.field().width());
        }
        case Member.Numbers numbers when rest.startsWith("[") -> {
          Field element = numbers.array().element(index(rest));
          return new Place(element.offset(), element.width());
        }
        case Member.Nested nested when rest.length() > 1 && rest.startsWith(".") -> {
          return nested.struct().find(rest.substring(1)).from(nested.offset());
        }
        case Member.Table table when rest.startsWith("[") -> {
          Struct element = table.element();
          return element
              .find(rest.substring(rest.indexOf(']') + 2))
              .from(table.offset() + index(rest) * element.size());
        }
        default -> {
          if (rest.isEmpty()) {
            return new Place(member.offset(), 0);
          }
        }
      }
    }
    throw new IllegalArgumentException(name + " has no member " + path);
  }

  private static int index(String bracketed) {
    return Integer.parseInt(bracketed, 1, bracketed.indexOf(']'), 10);
  }

  /// Finds a row of numbers by its name.
  ///
  /// @throws IllegalArgumentException if the struct has no such row
  FieldArray array(String path) {
    for (Member member : members) {
      if (member instanceof Member.Numbers numbers && numbers.name().equals(path)) {
        return numbers.array();
      }
    }
    throw new IllegalArgumentException(name + " has no array " + path);
  }

  /// Decodes a blob that holds one such struct. A shorter one gives the fields that are there and a
  /// problem; what follows the struct is shown as it is.
  List<Decoded> decode(MemorySegment blob) {
    List<Decoded> fields = new ArrayList<>();
    String cut = decode(blob, 0, fields);
    if (blob.byteSize() < size) {
      fields.add(
          new Decoded.Problem(
              "cut in %s%s: %d of %d octets are there"
                  .formatted(
                      name,
                      cut == null ? " after its last field" : "." + cut,
                      blob.byteSize(),
                      size)));
    } else if (blob.byteSize() > size) {
      fields.add(new Decoded.Octets("unknown_tail", blob.asSlice(size)));
    }
    return fields;
  }

  /// Decodes a blob that holds one such struct, or one of an older release that ends where a later
  /// field begins: then what is missing is taken as zeroes, and a text says from where on.
  ///
  /// @param smallest the size of the oldest struct in octets; anything shorter is a cut one
  List<Decoded> decodeExtended(MemorySegment blob, long smallest) {
    long there = blob.byteSize();
    if (there >= size || there < smallest) {
      return decode(blob);
    }
    String missing = decode(blob, 0, new ArrayList<>());
    if (missing == null || offsetOf(missing) != there) {
      return decode(blob);
    }
    MemorySegment whole = MemorySegment.ofArray(new byte[Math.toIntExact(size)]);
    MemorySegment.copy(blob, 0, whole, 0, there);
    List<Decoded> fields = decode(whole);
    fields.add(new Decoded.Text("zero_extended_from", missing));
    return fields;
  }

  /// Decodes the struct that lies at an offset of a blob, as far as it is there.
  ///
  /// @return null if all of it is there, else the path of the first field that is not whole
  @Nullable String decode(MemorySegment blob, long base, List<Decoded> out) {
    for (Member member : members) {
      String cut = member.decode(blob, base, out);
      if (cut != null) {
        return cut;
      }
    }
    return null;
  }

  /// Starts a struct of the 64-bit ABI.
  static Builder of64(String name) {
    return new Builder(name, 8);
  }

  /// Starts a struct of the ABI whose words (`unsigned long`) are 4 or 8 octets wide.
  static Builder of(String name, int word) {
    return new Builder(name, word);
  }

  /// Takes the members of a struct in their order. Each method appends one and gives the builder.
  static final class Builder {
    private final String name;
    private final int word;
    private final List<Member> members = new ArrayList<>();
    private long end;
    private int alignment = 1;

    private Builder(String name, int word) {
      this.name = name;
      this.word = word;
    }

    private long aligned(long offset, int to) {
      return (offset + to - 1) / to * to;
    }

    /// Gives the offset of the next member, and moves behind it.
    private long place(long size, int align) {
      int to = Math.min(align, word);
      alignment = Math.max(alignment, to);
      long offset = aligned(end, to);
      end = offset + size;
      return offset;
    }

    private Builder scalar(String field, int width, Show show) {
      members.add(new Member.Scalar(new Field(field, place(width, width), width), show));
      return this;
    }

    Builder u8(String field, Show show) {
      return scalar(field, 1, show);
    }

    Builder u16(String field, Show show) {
      return scalar(field, 2, show);
    }

    Builder u32(String field, Show show) {
      return scalar(field, 4, show);
    }

    Builder u64(String field, Show show) {
      return scalar(field, 8, show);
    }

    /// Several of a width and a presentation, by their names between blanks.
    Builder each(int width, Show show, String fields) {
      for (String field : fields.strip().split("\\s+", -1)) {
        scalar(field, width, show);
      }
      return this;
    }

    /// A number of the ABI's word width.
    Builder word(String field, Show show) {
      return scalar(field, word, show);
    }

    Builder numbers(String field, int count, int width, Show show) {
      long offset = place((long) count * width, width);
      members.add(new Member.Numbers(new FieldArray(field, offset, count, width), show));
      return this;
    }

    Builder words(String field, int count, Show show) {
      return numbers(field, count, word, show);
    }

    /// Octets; `align` is the alignment of what they are in C.
    Builder octets(String field, long size, int align) {
      return opaque(field, size, align, Member.Form.OCTETS);
    }

    Builder bitmap(String field, long size, int align) {
      return opaque(field, size, align, Member.Form.BITMAP);
    }

    Builder text(String field, long size) {
      return opaque(field, size, 1, Member.Form.TEXT);
    }

    private Builder opaque(String field, long size, int align, Member.Form form) {
      members.add(new Member.Opaque(field, place(size, align), size, form));
      return this;
    }

    Builder nested(String field, Struct struct) {
      members.add(new Member.Nested(field, place(struct.size, struct.alignment), struct));
      return this;
    }

    Builder table(String field, int count, Struct struct) {
      return table(field, count, struct, Member.Table.DENSE);
    }

    /// A row of structs of which only those are shown that are not all zero, whatever the one octet
    /// at an offset of the struct is.
    Builder sparse(String field, int count, Struct struct, long ignoredOctet) {
      return table(field, count, struct, ignoredOctet);
    }

    private Builder table(String field, int count, Struct struct, long ignoredOctet) {
      long offset = place(count * struct.size, struct.alignment);
      members.add(new Member.Table(field, offset, count, struct, ignoredOctet));
      return this;
    }

    Struct build() {
      return new Struct(this);
    }
  }
}
