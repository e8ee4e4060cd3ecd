// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/// Tells whether a text is one JSON object (RFC 8259), and where it stops being one. A walk without
/// recursion: of what is around a place only a bit for each level is kept.
final class JsonText {
  /// Levels of objects and lists: libxl writes a handful.
  static final int MOST_LEVELS = 32;

  /// Where a text stops being JSON.
  ///
  /// @param at the octet's place in the text
  /// @param expected what could stand there
  /// @param found what does
  record Fault(int at, String expected, String found) {}

  private enum Wanted {
    VALUE,
    VALUE_OR_END,
    KEY,
    KEY_OR_END,
    COLON,
    COMMA_OR_END
  }

  private static final int END = -1;

  // An array: a cold virtual machine reads it many times faster than a segment.
  private final byte[] text;
  private final int end;
  private final BitSet objects = new BitSet();
  private int levels;
  private int at;

  private JsonText(byte[] text) {
    this.text = text;
    int octets = 0;
    while (octets < text.length && text[octets] != 0) {
      octets++;
    }
    this.end = octets;
  }

  /// Looks for what is no JSON in a text in UTF-8 that a NUL or the segment ends.
  ///
  /// @return the first fault, null when there is none
  static @Nullable Fault fault(MemorySegment text) {
    return new JsonText(text.toArray(ValueLayout.JAVA_BYTE)).walk();
  }

  private @Nullable Fault walk() {
    passBlanks();
    if (here() != '{') {
      return fault("a JSON object");
    }
    Wanted wanted = Wanted.VALUE;
    do {
      int c = here();
      Fault fault = null;
      switch (wanted) {
        case VALUE, VALUE_OR_END -> {
          if (c == ']' && wanted == Wanted.VALUE_OR_END) {
            levels--;
            at++;
            wanted = Wanted.COMMA_OR_END;
          } else if (c == '{' || c == '[') {
            if (levels == MOST_LEVELS) {
              return fault("at most " + MOST_LEVELS + " levels");
            }
            objects.set(levels++, c == '{');
            at++;
            wanted = c == '{' ? Wanted.KEY_OR_END : Wanted.VALUE_OR_END;
          } else {
            fault = scalar(c);
            wanted = Wanted.COMMA_OR_END;
          }
        }
        case KEY, KEY_OR_END -> {
          if (c == '}' && wanted == Wanted.KEY_OR_END) {
            levels--;
            at++;
            wanted = Wanted.COMMA_OR_END;
          } else {
            fault = c == '"' ? string() : fault("a key");
            wanted = Wanted.COLON;
          }
        }
        case COLON -> {
          if (c != ':') {
            return fault("a colon");
          }
          at++;
          wanted = Wanted.VALUE;
        }
        case COMMA_OR_END -> {
          boolean object = objects.get(levels - 1);
          if (c == ',') {
            wanted = object ? Wanted.KEY : Wanted.VALUE;
          } else if (c == (object ? '}' : ']')) {
            levels--;
          } else {
            return fault(object ? "a comma or }" : "a comma or ]");
          }
          at++;
        }
      }
      if (fault != null) {
        return fault;
      }
      passBlanks();
    } while (levels > 0);
    return here() == END ? null : fault("the end of the text");
  }

  private @Nullable Fault scalar(int c) {
    if (c == '"') {
      return string();
    }
    if (c == '-' || isDigit(c)) {
      return number();
    }
    return switch (c) {
      case 't' -> word("true");
      case 'f' -> word("false");
      case 'n' -> word("null");
      default -> fault("a value");
    };
  }

  private @Nullable Fault word(String word) {
    for (int i = 0; i < word.length(); i++) {
      if (here() != word.charAt(i)) {
        return fault(word);
      }
      at++;
    }
    return null;
  }

  private @Nullable Fault number() {
    if (here() == '-') {
      at++;
    }
    if (here() == '0') {
      at++;
    } else if (!digits()) {
      return fault("a digit");
    }
    if (here() == '.') {
      at++;
      if (!digits()) {
        return fault("a digit");
      }
    }
    if (here() == 'e' || here() == 'E') {
      at++;
      if (here() == '+' || here() == '-') {
        at++;
      }
      if (!digits()) {
        return fault("a digit");
      }
    }
    return null;
  }

  /// Passes digits, of which there has to be one.
  private boolean digits() {
    int from = at;
    while (isDigit(here())) {
      at++;
    }
    return at > from;
  }

  private @Nullable Fault string() {
    at++;
    while (here() != '"') {
      int c = here();
      if (c < ' ') {
        return fault("a string that a quote ends, without control characters");
      }
      at++;
      if (c == '\\') {
        int escaped = here();
        if (escaped == END || "\"\\/bfnrtu".indexOf(escaped) < 0) {
          return fault("an escape");
        }
        at++;
        for (int i = 0; escaped == 'u' && i < 4; i++, at++) {
          if (Character.digit(here(), 16) < 0) {
            return fault("four hexadecimal digits");
          }
        }
      } else if (c >= 0x80) {
        int more =
            c >= 0xF0 && c < 0xF8 ? 3 : c >= 0xE0 && c < 0xF0 ? 2 : c >= 0xC0 && c < 0xE0 ? 1 : 0;
        if (more == 0) {
          at--;
          return fault("UTF-8");
        }
        for (int i = 0; i < more; i++, at++) {
          if ((here() & 0xC0) != 0x80 || here() == END) {
            return fault("UTF-8");
          }
        }
      }
    }
    at++;
    return null;
  }

  private static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }

  private void passBlanks() {
    while (here() == ' ' || here() == '\n' || here() == '\r' || here() == '\t') {
      at++;
    }
  }

  private int here() {
    return at < end ? Byte.toUnsignedInt(text[at]) : END;
  }

  private Fault fault(String expected) {
    int c = here();
    String found =
        c == END ? "the end" : c > ' ' && c < 0x7F ? "'" + (char) c + "'" : "0x%02x".formatted(c);
    return new Fault(at, expected, found);
  }
}
