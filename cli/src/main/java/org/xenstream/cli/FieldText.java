// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.List;
import org.xenstream.x86.Decoded;

/// Writes decoded fields as text: small structs on a line, larger ones as an outline.
final class FieldText {
  private static final int WIDTH = 100;
  private static final int SHOWN_OCTETS = 24;
  private static final int DUMP_ROW = 16;

  private FieldText() {}

  /// Prints a field and all that it holds.
  static void print(PrintStream out, Decoded field, int depth) {
    String indent = "  ".repeat(depth + 1);
    if (!(field instanceof Decoded.Group(String name, var fields))) {
      out.println(indent + field.name() + "=" + value(field));
      return;
    }
    if (fields.isEmpty()) {
      out.println(indent + name + ": none");
      return;
    }
    if (isFlat(fields)) {
      wrap(out, indent, name, fields);
      return;
    }
    out.println(indent + name + ":");
    for (Decoded inner : fields) {
      print(out, inner, depth + 1);
    }
  }

  private static boolean isFlat(List<Decoded> fields) {
    for (Decoded field : fields) {
      if (field instanceof Decoded.Group) {
        return false;
      }
    }
    return true;
  }

  private static void wrap(PrintStream out, String indent, String name, List<Decoded> fields) {
    StringBuilder line = new StringBuilder(indent).append(name).append(':');
    for (Decoded field : fields) {
      String text = field.name() + "=" + value(field);
      if (line.length() + 1 + text.length() > WIDTH && line.length() > indent.length() + 4) {
        out.println(line);
        line = new StringBuilder(indent).append("  ");
      }
      line.append(' ').append(text);
    }
    out.println(line);
  }

  private static String value(Decoded field) {
    return switch (field) {
      case Decoded.Number number -> number.text();
      case Decoded.Explained(_, long value, int width, String meaning) ->
          "%s (%s)".formatted(Decoded.hex(value, width), meaning);
      case Decoded.Flags(_, long value, int width, var set) ->
          set.isEmpty()
              ? Decoded.hex(value, width)
              : "%s (%s)".formatted(Decoded.hex(value, width), String.join(" ", set));
      case Decoded.Octets(_, var octets) -> octets(octets);
      case Decoded.Text(_, String text) -> '"' + text + '"';
      case Decoded.Problem(_, String text) -> "! " + text;
      case Decoded.Group(String name, _) -> name;
    };
  }

  private static String octets(MemorySegment octets) {
    if (octets.byteSize() == 0) {
      return "none";
    }
    String digits = digits(octets, SHOWN_OCTETS);
    return octets.byteSize() > SHOWN_OCTETS
        ? "%s (%s)".formatted(digits, Units.plural(octets.byteSize(), "octet"))
        : digits;
  }

  /// The first octets in hexadecimal, and `…` where there are more.
  static String digits(MemorySegment octets, long most) {
    long length = Math.min(octets.byteSize(), most);
    String digits =
        HexFormat.of().formatHex(octets.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE));
    return length < octets.byteSize() ? digits + "…" : digits;
  }

  /// Prints octets as a table of offset, hexadecimal and text.
  static void dump(PrintStream out, MemorySegment octets) {
    long length = Math.min(octets.byteSize(), Json.LONGEST_BLOB);
    HexFormat spaced = HexFormat.ofDelimiter(" ");
    for (long at = 0; at < length; at += DUMP_ROW) {
      byte[] row =
          octets.asSlice(at, Math.min(DUMP_ROW, length - at)).toArray(ValueLayout.JAVA_BYTE);
      StringBuilder text = new StringBuilder();
      for (byte octet : row) {
        text.append(octet >= ' ' && octet <= '~' ? (char) octet : '.');
      }
      out.printf("    %08x  %-47s  |%s|%n", at, spaced.formatHex(row), text);
    }
    if (length < octets.byteSize()) {
      out.printf("    %08x  … %s more%n", length, Units.octets(octets.byteSize() - length));
    }
  }
}
