// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.xenstream.core.verify.Finding;
import org.xenstream.core.verify.Judge;
import org.xenstream.core.verify.Release;
import org.xenstream.core.verify.Rule;
import org.xenstream.core.verify.Severity;
import org.xenstream.core.verify.Verdict;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/// `verify`: judges images.
final class VerifyVerb implements Verb {
  private static final int MOST_OF_EACH = 20;

  @Override
  public CommandSpec spec() {
    CommandSpec spec =
        Verb.spec(
            "verify",
            "Judges images by every rule: is it sound, and which Xen would restore it?",
            "Every finding is shown in a line, errors, warnings and notes; then a verdict.");
    spec.usageMessage()
        .exitCodeList(
            java.util.Map.of(
                "0", "every image is sound",
                "1", "an image is unsound: an error, or with --strict a warning",
                "2", "an image or folder cannot be opened, or is none, or bad usage"));
    addJudging(spec);
    spec.addOption(Verb.flag("--strict", "Let warnings make an image unsound, too."));
    spec.addOption(Verb.flag("--quiet", "Show the verdicts alone."));
    spec.addOption(
        Verb.flag(
            "--all",
            "Quote every finding, not only the first of each rule, up to 65,536 of an image."));
    spec.addOption(
        Verb.flag("--json", "Write one JSON object a line for each image (docs/json.md)."));
    ScratchOptions.addTo(spec, "");
    Images.addTo(
        spec,
        "1..*",
        "Files, folders to walk, or '-' for standard input. Compressed images are read as they"
            + " are.");
    return Verb.own(this, spec);
  }

  /// Adds the options that say by what an image is judged.
  static void addJudging(CommandSpec spec) {
    spec.addOption(
        Verb.value(
            "--for",
            "RELEASE",
            "Judge for this release of Xen, 4.6 to 4.22: would its restore take the image?"
                + " Default: any release."));
    spec.addOption(
        OptionSpec.builder("--ignore")
            .paramLabel("RULE")
            .arity("1")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .description(
                "Pass over findings of this rule, by its id or the number in it; can be repeated."
                    + " An error that ends the reading is told even so: what stands behind it was"
                    + " never judged.")
            .build());
  }

  /// By what to judge, from the options.
  static Judge.Options judging(ParseResult arguments, int mostOfEach) {
    Release target = null;
    String release = arguments.matchedOptionValue("--for", (String) null);
    if (release != null && !release.equals("any")) {
      try {
        target = Release.parse(release);
      } catch (IllegalArgumentException e) {
        throw bad(arguments, "--for: " + e.getMessage());
      }
    }
    Set<Rule> ignored = EnumSet.noneOf(Rule.class);
    for (String name : arguments.matchedOptionValue("--ignore", List.<String>of())) {
      ignored.add(RulesVerb.find(name, arguments));
    }
    return new Judge.Options(target, ignored, mostOfEach);
  }

  /// Bad usage.
  static ParameterException bad(ParseResult arguments, String message) {
    return new ParameterException(arguments.commandSpec().commandLine(), message);
  }

  @Override
  public int run(ParseResult arguments, Console console) throws IOException {
    Judge.Options options =
        judging(arguments, Verb.has(arguments, "--all") ? Integer.MAX_VALUE : MOST_OF_EACH);
    ScratchOptions scratch = ScratchOptions.of(arguments);
    int worst = SOUND;
    long sound = 0;
    long unsound = 0;
    long none = 0;
    long unjudged = 0;
    List<IOException> unreadable = new ArrayList<>();
    List<Images.Named> images = Images.of(arguments, unreadable::add);
    for (IOException failure : unreadable) {
      console.complain(Failure.text(failure));
      worst = NO_IMAGE;
    }
    for (Images.Named image : images) {
      Verdict verdict;
      try {
        verdict = Judging.run(image, "verify", options, scratch, console, null);
      } catch (IOException e) {
        Judging.unread(image, e, arguments, console);
        worst = NO_IMAGE;
        unjudged++;
        continue;
      }
      if (verdict.isNoImage() && image.walked()) {
        none++;
        continue;
      }
      show(image, verdict, arguments, console);
      int code = code(verdict, Verb.has(arguments, "--strict"));
      worst = Math.max(worst, code);
      if (code == SOUND) {
        sound++;
      } else if (code == UNSOUND) {
        unsound++;
      } else {
        unjudged++;
      }
    }
    if (images.size() > 1 && !Verb.has(arguments, "--json")) {
      console
          .out()
          .printf(
              "%s: %d sound, %d unsound%s%s%n",
              Units.plural(sound + unsound, "image"),
              sound,
              unsound,
              unjudged == 0 ? "" : "; " + unjudged + " not judged",
              none == 0 ? "" : "; " + Units.plural(none, "other file") + " passed over");
    }
    if (sound + unsound == 0 && worst == SOUND) {
      console.complain("no image among the files given");
      return NO_IMAGE;
    }
    return worst;
  }

  private static int code(Verdict verdict, boolean strict) {
    if (verdict.isNoImage()) {
      return NO_IMAGE;
    }
    return (strict ? verdict.isClean() : verdict.isSound()) ? SOUND : UNSOUND;
  }

  private static void show(
      Images.Named image, Verdict verdict, ParseResult arguments, Console console) {
    if (Verb.has(arguments, "--json")) {
      Json.line(
          console,
          json -> {
            json.writeStringProperty("image", image.name());
            Json.verdict(json, verdict);
          });
      return;
    }
    if (!Verb.has(arguments, "--quiet")) {
      findings(verdict, console);
    }
    console.out().println(image.name() + ": " + line(verdict, console));
  }

  /// The findings, one a line.
  static void findings(Verdict verdict, Console console) {
    for (Finding finding : verdict.findings()) {
      String word =
          switch (finding.severity()) {
            case ERROR -> console.red("error");
            case WARNING -> console.yellow("warning");
            case NOTE -> console.faint("note");
          };
      console
          .out()
          .printf(
              "%s: %s: %s [%s]%n",
              finding.location(), word, finding.message(), finding.rule().id());
    }
    verdict
        .counts()
        .forEach((rule, count) -> {
          long quoted =
              verdict.findings().stream().filter(finding -> finding.rule() == rule).count();
          if (quoted < count) {
            console.out().printf("%s more of [%s]%n", Units.count(count - quoted), rule.id());
          }
        });
  }

  /// The verdict in a line: `sound for Xen 4.17 (1 note)`.
  static String line(Verdict verdict, Console console) {
    String word =
        switch (Json.word(verdict)) {
          case "sound" -> console.green("sound");
          case "unsound" -> console.red("unsound");
          default -> console.red("no image");
        };
    String target = verdict.target() == null ? "" : " for Xen " + verdict.target();
    StringBuilder counts = new StringBuilder();
    for (Severity severity : Severity.values()) {
      long count = verdict.count(severity);
      if (count > 0) {
        counts.append(counts.isEmpty() ? " (" : ", ").append(Units.plural(count, severity.word()));
      }
    }
    return word + target + (counts.isEmpty() ? "" : counts + ")");
  }
}
