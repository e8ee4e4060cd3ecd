// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.util.List;
import java.util.Map;
import org.xenstream.core.verify.Rule;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/// `rules`: explains what images are judged by.
final class RulesVerb implements Verb {
  @Override
  public CommandSpec spec() {
    CommandSpec spec =
        Verb.spec("rules", "Lists the rules by which 'verify' judges, or explains the ones named.");
    spec.usageMessage()
        .exitCodeList(Map.of("0", "they are shown", "2", "no rule is called so, or bad usage"));
    spec.addPositional(
        PositionalParamSpec.builder()
            .index("0..*")
            .arity("0..*")
            .paramLabel("RULE")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .description("Ids, or the numbers in them: XS0002-truncated, XS0002 or 2.")
            .build());
    return Verb.own(this, spec);
  }

  @Override
  public int run(ParseResult arguments, Console console) {
    List<String> names = arguments.matchedPositionalValue(0, List.<String>of());
    if (names.isEmpty()) {
      for (Rule rule : Rule.values()) {
        console
            .out()
            .printf("%-7s  %s%n         %s%n", rule.severity().word(), rule.id(), rule.title());
      }
      return SOUND;
    }
    for (String name : names) {
      Rule rule = find(name, arguments);
      console
          .out()
          .printf(
              "%s (%s)%n  %s%n  Rests on: %s%n  What to do: %s%n",
              console.bold(rule.id()),
              rule.severity().word(),
              rule.title(),
              rule.basis(),
              rule.remedy().text());
    }
    return SOUND;
  }

  /// The rule with an id, `XS0002-truncated`, or its first part or number.
  static Rule find(String name, ParseResult arguments) {
    for (Rule rule : Rule.values()) {
      String id = rule.id();
      String number = id.substring(2, id.indexOf('-'));
      if (name.equalsIgnoreCase(id)
          || name.equalsIgnoreCase("XS" + number)
          || name.matches("0*" + Integer.parseInt(number))
          || name.equals(id.substring(id.indexOf('-') + 1))) {
        return rule;
      }
    }
    throw VerifyVerb.bad(arguments, "no rule is called " + name + "; 'xenstream rules' lists all");
  }
}
