// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import org.jspecify.annotations.Nullable;

/// Writes a configuration as libxl does: JSON, four blanks deep, one member a line
/// (`libxl_domain_config_to_json`).
final class LibxlJson {
  private final StringBuilder text = new StringBuilder();
  private int depth;
  private boolean first = true;

  /// Begins an object: of a member, or with null an element of an array or the whole.
  LibxlJson object(@Nullable String key) {
    return open(key, '{');
  }

  /// Ends an object.
  LibxlJson endObject() {
    return close('}');
  }

  /// Begins an array.
  LibxlJson array(@Nullable String key) {
    return open(key, '[');
  }

  /// Ends an array.
  LibxlJson endArray() {
    return close(']');
  }

  /// A text, or one of the names of an enumeration; nothing when there is none.
  LibxlJson text(@Nullable String key, @Nullable String value) {
    if (value != null) {
      lead(key);
      quote(value);
    }
    return this;
  }

  /// A number; nothing when there is none.
  LibxlJson number(@Nullable String key, @Nullable Long value) {
    if (value != null) {
      lead(key);
      text.append(value.longValue());
    }
    return this;
  }

  /// libxl's `defbool`, which is a text; nothing when it is to have its default.
  LibxlJson defbool(String key, @Nullable Boolean value) {
    return value == null ? this : text(key, value ? "True" : "False");
  }

  /// A true or false.
  LibxlJson bool(String key, @Nullable Boolean value) {
    if (value != null) {
      lead(key);
      text.append(value.booleanValue());
    }
    return this;
  }

  private LibxlJson open(@Nullable String key, char bracket) {
    if (depth > 0) {
      lead(key);
    }
    text.append(bracket);
    depth++;
    first = true;
    return this;
  }

  private LibxlJson close(char bracket) {
    depth--;
    if (!first) {
      line();
    }
    text.append(bracket);
    first = false;
    return this;
  }

  private void lead(@Nullable String key) {
    if (!first) {
      text.append(',');
    }
    first = false;
    line();
    if (key != null) {
      quote(key);
      text.append(": ");
    }
  }

  private void line() {
    text.append('\n').append("    ".repeat(depth));
  }

  private void quote(String value) {
    text.append('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '"' || c == '\\') {
        text.append('\\').append(c);
      } else if (c < ' ' || c == 0x7F) {
        text.append("\\u%04x".formatted((int) c));
      } else {
        text.append(c);
      }
    }
    text.append('"');
  }

  @Override
  public String toString() {
    return text + "\n";
  }
}
