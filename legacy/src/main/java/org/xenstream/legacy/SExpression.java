// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.StreamFormatException;

/// An S-expression as xend writes it (`tools/python/xen/xend/sxp.py` of the releases up to 4.4):
/// atoms, texts in quotes as Python shows them, lists in parentheses.
sealed interface SExpression {
  /// How deep lists may lie in lists; xend's own lie 8 deep.
  int MOST_DEPTH = 64;

  /// How many atoms and lists there may be: what is held of an expression is bounded by it.
  int MOST_ELEMENTS = 1 << 16;

  /// A word or a text.
  ///
  /// @param text without its quotes
  record Atom(String text) implements SExpression {}

  /// A list.
  ///
  /// @param items what is in it
  record Items(List<SExpression> items) implements SExpression {
    /// The first atom, by which lists are told apart; empty when there is none.
    String name() {
      return !items.isEmpty() && items.getFirst() instanceof Atom(String text) ? text : "";
    }
  }

  /// The one list that a text holds.
  ///
  /// @param source the image's name, for messages
  /// @param offset where the text begins in the image
  /// @throws StreamFormatException when the text is none
  static Items parse(String source, long offset, String text) throws StreamFormatException {
    return new Parser(source, offset, text).parse();
  }

  /// Reads without recursion: the lists that are open lie in a queue.
  final class Parser {
    private final String source;
    private final long offset;
    private final String text;
    private final Deque<List<SExpression>> open = new ArrayDeque<>();
    private int at;
    private int elements;

    private Parser(String source, long offset, String text) {
      this.source = source;
      this.offset = offset;
      this.text = text;
    }

    Items parse() throws StreamFormatException {
      passBlanks();
      if (here() != '(') {
        throw fault("a list", found());
      }
      while (true) {
        passBlanks();
        char c = here();
        switch (c) {
          case '(' -> {
            if (open.size() == MOST_DEPTH) {
              throw fault("lists at most " + MOST_DEPTH + " deep", "a deeper one");
            }
            open.push(new ArrayList<>());
            at++;
          }
          case ')' -> {
            at++;
            Items done = new Items(List.copyOf(open.pop()));
            if (open.isEmpty()) {
              return done;
            }
            add(done);
          }
          case '\'', '"' -> add(new Atom(quoted(c)));
          case 0 -> throw fault("a list's end", found());
          default -> add(new Atom(word()));
        }
      }
    }

    private void add(SExpression element) throws StreamFormatException {
      if (++elements > MOST_ELEMENTS) {
        throw fault("at most " + MOST_ELEMENTS + " elements", "more");
      }
      open.element().add(element);
    }

    private String word() {
      int from = at;
      while (here() > ' ' && "()'\"#".indexOf(here()) < 0) {
        at++;
      }
      if (at == from) {
        at++; // a control character that separates nothing
      }
      return text.substring(from, at);
    }

    /// Octets that are escaped one by one may be parts of one character.
    private String quoted(char quote) throws StreamFormatException {
      ByteArrayOutputStream whole = new ByteArrayOutputStream();
      for (at++; here() != quote; ) {
        if (here() == 0) {
          throw fault("a quoted text's end", found());
        }
        int c = text.codePointAt(at);
        if (c == '\\') {
          at++;
          escaped(whole);
        } else {
          at += Character.charCount(c);
          whole.writeBytes(Character.toString(c).getBytes(UTF_8));
        }
      }
      at++;
      return whole.toString(UTF_8);
    }

    /// What Python's `repr` escapes: a letter, `\xHH`, or the octal form of older releases.
    private void escaped(ByteArrayOutputStream whole) throws StreamFormatException {
      char c = here();
      switch (c) {
        case 'n' -> whole.write('\n');
        case 't' -> whole.write('\t');
        case 'r' -> whole.write('\r');
        case '\\', '\'', '"' -> whole.write(c);
        case 'x' -> {
          at++;
          whole.write(number(16, 2));
          return;
        }
        case '0', '1', '2', '3', '4', '5', '6', '7' -> {
          whole.write(number(8, 3));
          return;
        }
        default -> {
          whole.write('\\');
          return;
        }
      }
      at++;
    }

    private int number(int radix, int most) throws StreamFormatException {
      int value = 0;
      for (int digits = 0; digits < most; digits++) {
        int digit = Character.digit(here(), radix);
        if (digit < 0) {
          break;
        }
        value = value * radix + digit;
        at++;
      }
      if (value == 0 || value > 0xFF) {
        throw fault("the number of an octet that is not zero", "an escape for " + value);
      }
      return value;
    }

    private void passBlanks() {
      while (true) {
        char c = here();
        if (c == '#') {
          while (here() != '\n' && here() != 0) {
            at++;
          }
        } else if (c != 0 && c <= ' ') {
          at++;
        } else {
          return;
        }
      }
    }

    /// The character here; NUL at the end, or where there is one.
    private char here() {
      return at < text.length() ? text.charAt(at) : 0;
    }

    private String found() {
      if (at >= text.length()) {
        return "the end";
      }
      return here() == 0 ? "a NUL" : "'" + here() + "'";
    }

    private StreamFormatException fault(String expected, String found) {
      int before = text.substring(0, Math.min(at, text.length())).getBytes(UTF_8).length;
      return new StreamFormatException(
          Fault.MALFORMED_LAYER,
          Location.of(source, offset + before, "xend", "config", null),
          expected,
          found);
    }
  }
}
