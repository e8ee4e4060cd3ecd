// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The fields of one list of xend's configuration, `(key value)` each, and which of them were asked
/// for: what is left at the end has no counterpart and is told.
final class XendFields {
  private static final int MOST_DIGITS = 15;
  private static final int LONGEST_SHOWN = 60;

  /// What decoding puts for octets that are no UTF-8.
  private static final char REPLACED = '\uFFFD';

  private final String path;
  private final List<SExpression> items;
  private final List<String> notes;
  private final BitSet taken = new BitSet();

  /// @param path what the list is called in notes: "domain", "image", "vif 0"
  /// @param list its first item is its name
  /// @param notes where it is told what is not translated
  XendFields(String path, SExpression.Items list, List<String> notes) {
    this.path = path;
    this.items = list.items().subList(Math.min(1, list.items().size()), list.items().size());
    this.notes = notes;
  }

  /// The value of a field: its first one counts, as in `sxp.child_value`. Null when there is no
  /// such field, or no text in it.
  @Nullable String text(String key) {
    String found = null;
    boolean asked = false;
    for (int i = 0; i < items.size(); i++) {
      if (items.get(i) instanceof SExpression.Items field && field.name().equals(key)) {
        asked |= taken.get(i);
        taken.set(i);
        if (found == null
            && field.items().size() > 1
            && field.items().get(1) instanceof SExpression.Atom(String text)
            && !text.isEmpty()
            && !text.equals("None")) {
          found = text;
        }
      }
    }
    if (found != null && !asked && found.indexOf(REPLACED) >= 0) {
      // What encoding it is in nobody has said, and JSON has UTF-8 alone.
      note(key, found, "is not UTF-8: U+FFFD stands for each part of it that is not");
    }
    return found;
  }

  /// The lists of a name, whole.
  List<SExpression.Items> lists(String key) {
    List<SExpression.Items> lists = new ArrayList<>();
    for (int i = 0; i < items.size(); i++) {
      if (items.get(i) instanceof SExpression.Items field && field.name().equals(key)) {
        taken.set(i);
        lists.add(field);
      }
    }
    return lists;
  }

  /// A number, decimal or with 0x; one that is none is told.
  @Nullable Long number(String key) {
    String text = text(key);
    if (text == null) {
      return null;
    }
    // Xen 3.0 wrote "1.0" for a weight, and Python shows a long number with an L.
    String digits = text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
    digits = digits.endsWith("L") ? digits.substring(0, digits.length() - 1) : digits;
    if (digits.length() <= MOST_DIGITS) {
      try {
        return digits.startsWith("0x")
            ? Long.parseLong(digits, 2, digits.length(), 16)
            : Long.parseLong(digits);
      } catch (NumberFormatException e) {
        // told below
      }
    }
    note(key, text, "is no number and is left out");
    return null;
  }

  /// A number that must lie between two others; one that does not is told.
  @Nullable Long number(String key, long least, long most) {
    Long number = number(key);
    if (number != null && (number < least || number > most)) {
      note(
          key,
          number.toString(),
          "is not between %d and %d and is left out".formatted(least, most));
      return null;
    }
    return number;
  }

  /// A number of MiB as KiB.
  @Nullable Long mebibytes(String key) {
    Long number = number(key, 0, 1L << 32);
    return number == null ? null : number * 1024;
  }

  /// A number that says yes or no.
  @Nullable Boolean flag(String key) {
    String text = text(key);
    return text == null
        ? null
        : switch (text) {
          case "0", "False", "false", "no" -> false;
          default -> true;
        };
  }

  /// One of the names of an enumeration by its number.
  @Nullable String named(String key, String... names) {
    Long number = number(key, 0, names.length - 1L);
    return number == null ? null : names[number.intValue()];
  }

  /// Fields that need no counterpart: what the old host kept for itself.
  void passOver(Set<String> keys) {
    for (int i = 0; i < items.size(); i++) {
      if (items.get(i) instanceof SExpression.Items field && keys.contains(field.name())) {
        taken.set(i);
      }
    }
  }

  /// Tells of each field that nobody asked for and that says something.
  void noteRest() {
    for (int i = taken.nextClearBit(0); i < items.size(); i = taken.nextClearBit(i + 1)) {
      if (items.get(i) instanceof SExpression.Items field && field.items().size() > 1) {
        SExpression first = field.items().get(1);
        String value = first instanceof SExpression.Atom(String text) ? text : null;
        boolean nothing = first instanceof SExpression.Items(var inside) && inside.isEmpty();
        if (!nothing && !"".equals(value) && !"0".equals(value)) {
          note(field.name(), field.items().size() == 2 ? value : null, "has no counterpart");
        }
      }
    }
  }

  /// Tells something of a field.
  void note(String key, @Nullable String value, String what) {
    notes.add(
        path + " " + shown(key) + (value == null ? "" : " \"" + shown(value) + "\"") + " " + what);
  }

  private static String shown(String text) {
    StringBuilder shown = new StringBuilder();
    for (int i = 0; i < Math.min(text.length(), LONGEST_SHOWN); i++) {
      char c = text.charAt(i);
      shown.append(c < ' ' || c > '~' || c == '"' ? '?' : c);
    }
    return shown + (text.length() > LONGEST_SHOWN ? "…" : "");
  }
}
