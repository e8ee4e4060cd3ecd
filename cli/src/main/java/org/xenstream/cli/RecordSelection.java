// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.xenstream.core.envelope.LibxlFrame;
import org.xenstream.core.envelope.LibxlRecord;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.RecordType;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/// Which records `records` shows: `--type` and `--range`.
///
/// @param names of types, of both layers
/// @param numbers of types, of libxc
/// @param from the number of the first libxc record
/// @param to that of the last
record RecordSelection(Set<String> names, Set<Integer> numbers, long from, long to) {
  /// As a record of unknown type is shown.
  private static final Pattern UNKNOWN = Pattern.compile("(OPTIONAL|MANDATORY)_0X[0-9A-F]{8}");

  private static final int MOST_NEAREST = 4;

  /// Adds the options to a verb.
  static void addTo(CommandSpec spec) {
    spec.addOption(
        OptionSpec.builder("--type")
            .paramLabel("TYPE")
            .arity("1")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .description(
                "Only records of this type, by its name or number (HVM_PARAMS, 0xa); can be"
                    + " repeated.")
            .build());
    spec.addOption(
        Verb.value(
            "--range",
            "A..B",
            "Only libxc records with these numbers, both inclusive; either may be left out."));
  }

  /// What the arguments ask for.
  static RecordSelection of(ParseResult arguments) {
    long from = 0;
    long to = Long.MAX_VALUE;
    String range = arguments.matchedOptionValue("--range", "");
    if (!range.isEmpty()) {
      try {
        int dots = range.indexOf("..");
        String first = dots < 0 ? range : range.substring(0, dots);
        String last = dots < 0 ? range : range.substring(dots + 2);
        from = first.isEmpty() ? 0 : Long.parseLong(first);
        to = last.isEmpty() ? Long.MAX_VALUE : Long.parseLong(last);
      } catch (NumberFormatException e) {
        throw VerifyVerb.bad(arguments, "--range takes A..B, not " + range);
      }
      if (from > to) {
        throw VerifyVerb.bad(
            arguments, "--range takes the lower number first: %d..%d".formatted(to, from));
      }
    }
    Set<String> names = new HashSet<>();
    Set<Integer> numbers = new HashSet<>();
    for (String type : arguments.matchedOptionValue("--type", List.<String>of())) {
      String name = type.toUpperCase(Locale.ROOT);
      if (known().contains(name) || UNKNOWN.matcher(name).matches()) {
        names.add(name);
        continue;
      }
      try {
        numbers.add((int) number(type));
      } catch (NumberFormatException e) {
        throw VerifyVerb.bad(
            arguments,
            "--type: no record is called "
                + type
                + (nearest(name).isEmpty()
                    ? ""
                    : "; is it " + String.join(", ", nearest(name)) + "?"));
      }
    }
    return new RecordSelection(Set.copyOf(names), Set.copyOf(numbers), from, to);
  }

  private static long number(String type) {
    long number = Long.decode(type);
    if (number < 0 || number > 0xFFFF_FFFFL) {
      throw new NumberFormatException();
    }
    return number;
  }

  private static List<String> known() {
    List<String> names = new ArrayList<>();
    for (RecordType type : RecordType.values()) {
      names.add(type.name());
    }
    for (int type = LibxlRecord.TYPE_END; type <= LibxlRecord.TYPE_CHECKPOINT_STATE; type++) {
      names.add(LibxlRecord.nameOf(type));
    }
    return names;
  }

  /// Names in which the word stands, else those with the fewest letters that differ, if they are
  /// few.
  private static List<String> nearest(String word) {
    List<String> known = known();
    List<String> within = known.stream().filter(name -> name.contains(word)).distinct().toList();
    int least = known.stream().mapToInt(name -> distance(word, name)).min().orElseThrow();
    return (within.isEmpty()
            ? known.stream()
                .filter(name -> distance(word, name) == least && least <= word.length() / 3)
            : within.stream().sorted(Comparator.comparingInt(String::length)))
        .distinct()
        .limit(MOST_NEAREST)
        .toList();
  }

  /// How many letters have to be put in, taken out or changed.
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }

  /// Tells whether nothing is left out.
  boolean isEverything() {
    return allTypes() && from == 0 && to == Long.MAX_VALUE;
  }

  /// Tells whether a libxc record is shown.
  boolean has(Frame frame) {
    return frame.index() >= from
        && frame.index() <= to
        && (allTypes()
            || numbers.contains(frame.type())
            || names.contains(frame.typeName().toUpperCase(Locale.ROOT)));
  }

  /// Tells whether a libxl record is shown: it goes by its name alone.
  boolean hasLibxl(LibxlFrame frame) {
    return isEverything() || names.contains(frame.typeName().toUpperCase(Locale.ROOT));
  }

  private boolean allTypes() {
    return names.isEmpty() && numbers.isEmpty();
  }
}
