// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads options as Python's `optparse` does: long ones may be cut where that is unambiguous, and
/// have their value behind `=` or in the next word; short ones may be joined, the last one with its
/// value. Words that are no option are passed over; of an option that comes twice the last counts.
final class OptionWords {
  /// What an option is.
  ///
  /// @param letter its short form, or 0
  /// @param name its long form
  /// @param valued whether it has a value
  /// @param choices what the value may be; empty for anything
  record Option(char letter, String name, boolean valued, List<String> choices) {}

  private final List<Option> known;
  private final Map<String, String> given = new LinkedHashMap<>();

  OptionWords(List<Option> known) {
    this.known = known;
  }

  /// Reads a command line.
  ///
  /// @throws IllegalArgumentException when it is wrong, with optparse's own words
  void parse(String... words) {
    Deque<String> rest = new ArrayDeque<>(List.of(words));
    while (!rest.isEmpty()) {
      String word = rest.remove();
      if (word.equals("--")) {
        return;
      }
      if (word.startsWith("--")) {
        longOption(word, rest);
      } else if (word.startsWith("-") && word.length() > 1) {
        shortOptions(word, rest);
      }
    }
  }

  private void longOption(String word, Deque<String> rest) {
    int equals = word.indexOf('=');
    String name = equals < 0 ? word : word.substring(0, equals);
    Option option = find(name);
    String said = "--" + option.name();
    if (!option.valued()) {
      if (equals >= 0) {
        throw new IllegalArgumentException(said + " option does not take a value");
      }
      given.put(option.name(), "");
      return;
    }
    take(option, said, equals < 0 ? rest.poll() : word.substring(equals + 1));
  }

  private Option find(String name) {
    List<Option> meant =
        known.stream().filter(option -> ("--" + option.name()).startsWith(name)).toList();
    for (Option option : meant) {
      if (name.equals("--" + option.name())) {
        return option;
      }
    }
    if (meant.isEmpty()) {
      throw new IllegalArgumentException("no such option: " + name);
    }
    if (meant.size() > 1) {
      throw new IllegalArgumentException(
          "ambiguous option: %s (%s?)"
              .formatted(
                  name,
                  String.join(
                      ", ", meant.stream().map(option -> "--" + option.name()).sorted().toList())));
    }
    return meant.getFirst();
  }

  private void shortOptions(String word, Deque<String> rest) {
    for (int i = 1; i < word.length(); i++) {
      char letter = word.charAt(i);
      Option option =
          known.stream().filter(each -> each.letter() == letter).findFirst().orElse(null);
      if (option == null) {
        throw new IllegalArgumentException("no such option: -" + letter);
      }
      if (option.valued()) {
        take(option, "-" + letter, i + 1 < word.length() ? word.substring(i + 1) : rest.poll());
        return;
      }
      given.put(option.name(), "");
    }
  }

  private void take(Option option, String said, @Nullable String value) {
    if (value == null) {
      throw new IllegalArgumentException(said + " option requires 1 argument");
    }
    if (!option.choices().isEmpty() && !option.choices().contains(value)) {
      throw new IllegalArgumentException(
          "option %s: invalid choice: '%s' (choose from '%s')"
              .formatted(said, value, String.join("', '", option.choices())));
    }
    given.put(option.name(), value);
  }

  /// Tells whether an option is given, by its long name.
  boolean has(String name) {
    return given.containsKey(name);
  }

  /// The value of an option, or null.
  @Nullable String value(String name) {
    return given.get(name);
  }
}
