// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A part of a blob, named and explained: a tree to be printed, as text or as JSON.
///
/// Names are those of the C structs. An element of an array bears its index as its name, and a
/// sparse array leaves out the elements that are all zero.
public sealed interface Decoded {

  /// The name of the field.
  String name();

  /// How a [Number] is written.
  enum Radix {
    /// Unsigned, in tens.
    DECIMAL,
    /// In tens, with a sign.
    SIGNED,
    /// `0x` and two digits for each octet.
    HEX
  }

  /// Fields that belong together: a struct, an array, a whole blob.
  ///
  /// @param name the name of the struct or the array
  /// @param fields the fields in the order in which they lie. Where a blob is a long list of equal
  ///   entries, an entry is decoded each time it is asked for, so that the tree of a large blob
  ///   takes no more memory than a few of its entries
  record Group(String name, List<Decoded> fields) implements Decoded {

    /// Finds a field by its path, such as `user_regs.rip` or `trap_ctxt.3.address`.
    ///
    /// @return the field, or null if there is none of that name
    public @Nullable Decoded find(String path) {
      int dot = path.indexOf('.');
      String head = dot < 0 ? path : path.substring(0, dot);
      for (Decoded field : fields) {
        if (field.name().equals(head)) {
          if (dot < 0) {
            return field;
          }
          return field instanceof Group group ? group.find(path.substring(dot + 1)) : null;
        }
      }
      return null;
    }
  }

  /// A number.
  ///
  /// @param name the name of the field
  /// @param value the value, zero-extended (sign-extended if [Radix#SIGNED])
  /// @param width its width in octets: 1, 2, 4 or 8
  /// @param radix how it is written
  @SuppressWarnings("AvoidCommonTypeNames") // always written Decoded.Number
  record Number(String name, long value, int width, Radix radix) implements Decoded {
    /// The number as it is written by its radix.
    public String text() {
      return switch (radix) {
        case DECIMAL -> Long.toUnsignedString(value);
        case SIGNED -> Long.toString(value);
        case HEX -> hex(value, width);
      };
    }
  }

  /// A number that has a meaning of its own: one of several choices, or several parts packed.
  ///
  /// @param name the name of the field
  /// @param value the value, zero-extended
  /// @param width its width in octets: 1, 2, 4 or 8
  /// @param meaning what it says
  record Explained(String name, long value, int width, String meaning) implements Decoded {}

  /// A number whose bits have names.
  ///
  /// @param name the name of the field
  /// @param value the value, zero-extended
  /// @param width its width in octets: 1, 2, 4 or 8
  /// @param set the names of the bits that are set, the lowest first; one without a name is `bitN`
  record Flags(String name, long value, int width, List<String> set) implements Decoded {}

  /// Octets as they are.
  ///
  /// @param name the name of the field
  /// @param octets a view of the blob
  record Octets(String name, MemorySegment octets) implements Decoded {}

  /// A text.
  ///
  /// @param name the name of the field
  /// @param value the text, of printable ASCII characters only
  record Text(String name, String value) implements Decoded {}

  /// What is wrong with the blob at this place.
  ///
  /// @param name always `problem`
  /// @param text what is wrong
  record Problem(String name, String text) implements Decoded {
    /// Makes a problem.
    public Problem(String text) {
      this("problem", text);
    }
  }

  /// A text of an image's maker as it can be shown: a `?` for each character that is not printable
  /// ASCII.
  static String printable(String text) {
    StringBuilder shown = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      shown.append(printable(text.charAt(i)));
    }
    return shown.toString();
  }

  /// The character itself when it is printable ASCII, else a `?`.
  static char printable(int character) {
    return character >= ' ' && character <= '~' ? (char) character : '?';
  }

  /// A value in hexadecimal, two digits for each octet of its width.
  static String hex(long value, int width) {
    String digits = Long.toHexString(value);
    return "0x" + "0".repeat(Math.max(0, 2 * width - digits.length())) + digits;
  }
}
