// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Trees as text, so that tests assert them whole.
final class Rendering {

  private Rendering() {}

  /// A field in a line.
  static String of(@Nullable Decoded decoded) {
    return switch (decoded) {
      case null -> "absent";
      case Decoded.Group group ->
          group.name()
              + "{"
              + String.join("; ", group.fields().stream().map(Rendering::of).toList())
              + "}";
      case Decoded.Number number -> number.name() + "=" + number.text();
      case Decoded.Explained explained ->
          "%s=%s (%s)"
              .formatted(
                  explained.name(),
                  Decoded.hex(explained.value(), explained.width()),
                  explained.meaning());
      case Decoded.Flags flags ->
          "%s=%s %s"
              .formatted(flags.name(), Decoded.hex(flags.value(), flags.width()), flags.set());
      case Decoded.Octets octets ->
          octets.name()
              + "=["
              + HexFormat.of().formatHex(octets.octets().toArray(ValueLayout.JAVA_BYTE))
              + "]";
      case Decoded.Text text -> text.name() + "=\"" + text.value() + "\"";
      case Decoded.Problem problem -> problem.name() + ": " + problem.text();
    };
  }

  /// The field at a path of a tree, in a line.
  static String at(Decoded tree, String path) {
    return of(((Decoded.Group) tree).find(path));
  }

  /// The texts of all problems in a tree.
  static List<String> problems(Decoded tree) {
    return switch (tree) {
      case Decoded.Group group ->
          group.fields().stream().flatMap(field -> problems(field).stream()).toList();
      case Decoded.Problem problem -> List.of(problem.text());
      default -> List.of();
    };
  }
}
