// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.xenstream.transfer.policy.Explorer;
import org.xenstream.transfer.policy.WorkloadShape;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/// `simulate explore`: what downtime would each policy give?
final class ExploreVerb implements Verb {
  private static final int PAGE = 4096;
  private static final int STEPS = 9;
  private static final long MOST_RUNS = 200_000;
  private static final String MEMORY = "4GiB";
  private static final String POLICIES = "xen,downtime:300,converge";
  private static final String DIRTY_RATES = "100..1M/9";
  private static final String BANDWIDTHS = "10Gbit";

  @Override
  public CommandSpec spec() {
    CommandSpec spec =
        Verb.spec(
            "explore",
            "Runs policies of pre-copy in virtual time, over dirty rates, bandwidths, sizes of"
                + " guests and kinds of writes: what downtime would each give?",
            "Every list may hold values and ranges: '100..1M/9' are nine values, each the same"
                + " factor above the one before. Without --csv - or --json a table is shown.");
    spec.usageMessage()
        .exitCodeList(Map.of("0", "done", "2", "a file cannot be written, or bad usage"));
    spec.addOption(
        Verb.value("--guest-memory", "SIZES", "Sizes of guests. Default: " + MEMORY + "."));
    spec.addOption(
        Verb.value(
            "--policies", "NAMES", "Policies: " + Policies.HELP + ". Default: " + POLICIES + "."));
    spec.addOption(
        Verb.value(
            "--dirty-rates",
            "RATES",
            "Writes to pages a second: 500, 20k, 1M. Default: " + DIRTY_RATES + "."));
    spec.addOption(
        Verb.value(
            "--bandwidths",
            "RATES",
            "What the line carries: 10Gbit, 1.25GB, 100MiB. Default: " + BANDWIDTHS + "."));
    spec.addOption(
        Verb.value(
            "--workload",
            "SHAPES",
            "How the guest spreads its writes: 'uniform', 'hot-spot' (nine tenths of them to a"
                + " tenth of its pages), 'sweep' (one page after the other). Default: uniform."));
    spec.addOption(
        Verb.value(
            "--fixed-downtime",
            "MS",
            "The part of a downtime that memory has no part in. Default: 0."));
    spec.addOption(
        Verb.value(
            "--abort-above", "MS", "Give a transfer up where its downtime would be longer."));
    spec.addOption(
        Verb.value("--csv", "FILE", "Write a line for each run; '-' for standard output."));
    spec.addOption(Verb.flag("--json", "Write a JSON object a line for each run (docs/json.md)."));
    spec.addOption(Verb.value("--svg", "FILE", "Plot the downtimes over the dirty rates."));
    return Verb.own(this, spec);
  }

  @Override
  public int run(ParseResult arguments, Console console) throws IOException {
    Explorer explorer = explorer(arguments);
    if (explorer.size() > MOST_RUNS) {
      throw VerifyVerb.bad(
          arguments,
          "%s runs are more than %s: shorten a list"
              .formatted(Units.count(explorer.size()), Units.count(MOST_RUNS)));
    }
    String csv = OutputFile.name(arguments.matchedOptionValue("--csv", ""));
    String svg = OutputFile.name(arguments.matchedOptionValue("--svg", ""));
    boolean json = Verb.has(arguments, "--json");
    if (json && (csv.equals("-") || svg.equals("-"))) {
      throw VerifyVerb.bad(arguments, "--json and '-' both want standard output");
    }
    List<Explorer.Run> runs = new ArrayList<>();
    explorer.run(runs::add);
    for (Explorer.Run run : runs) {
      if (run.outcome().isBeyondTime()) {
        throw VerifyVerb.bad(
            arguments,
            "--guest-memory, --bandwidths: %s at %s take longer than 292 years"
                .formatted(
                    Units.octets(run.guestPages() * PAGE),
                    ExploreRows.bits(run.octetsPerSecond())));
      }
    }
    if (!csv.isEmpty()) {
      write(csv, console, out -> ExploreRows.csv(runs, out));
    }
    if (!svg.isEmpty()) {
      int lines = ExplorePlot.lines(explorer);
      if (lines > ExplorePlot.MOST_LINES) {
        throw VerifyVerb.bad(
            arguments,
            "--svg: a plot of %d lines cannot be read; at most %d"
                .formatted(lines, ExplorePlot.MOST_LINES));
      }
      write(svg, console, out -> ExplorePlot.draw(explorer, runs, out));
    }
    if (json) {
      runs.forEach(run -> Json.line(console, line -> ExploreRows.json(line, run)));
    } else if (!csv.equals("-") && !svg.equals("-")) {
      ExploreRows.table(explorer, runs, console);
    }
    return SOUND;
  }

  private static Explorer explorer(ParseResult arguments) {
    String fixed = arguments.matchedOptionValue("--fixed-downtime", "0");
    String above = arguments.matchedOptionValue("--abort-above", "");
    OptionalLong abortAbove =
        above.isEmpty()
            ? OptionalLong.empty()
            : OptionalLong.of(Verb.taken(arguments, "--abort-above", () -> Amounts.nanos(above)));
    List<Explorer.Contender> policies =
        Verb.taken(
            arguments,
            "--policies",
            () ->
                List.of(arguments.matchedOptionValue("--policies", POLICIES).split(",", -1))
                    .stream()
                    .map(name -> Policies.parse(name, Policies.DEFAULT_TARGET_NANOS, abortAbove))
                    .toList());
    List<Long> pages =
        numbers(arguments, "--guest-memory", MEMORY, ExploreVerb::memory).stream()
            .map(octets -> (long) (octets / PAGE))
            .toList();
    try {
      return new Explorer(
          policies,
          shapes(arguments),
          pages,
          numbers(arguments, "--dirty-rates", DIRTY_RATES, Amounts::perSecond),
          numbers(arguments, "--bandwidths", BANDWIDTHS, ExploreVerb::bandwidth),
          Verb.taken(arguments, "--fixed-downtime", () -> Amounts.nanos(fixed)));
    } catch (IllegalArgumentException e) {
      throw VerifyVerb.bad(arguments, String.valueOf(e.getMessage()));
    }
  }

  private static double memory(String text) {
    double octets = Amounts.size(text);
    if (octets < PAGE) {
      throw new IllegalArgumentException("expected a page (4KiB) or more, found '" + text + "'");
    }
    return octets;
  }

  private static double bandwidth(String text) {
    double rate = Amounts.bandwidth(text);
    if (rate < 1 || rate > Explorer.FASTEST_LINE) {
      throw new IllegalArgumentException(
          "expected 1 to 10^12 octets a second, found '" + text + "'");
    }
    return rate;
  }

  private static List<Double> numbers(
      ParseResult arguments,
      String option,
      String otherwise,
      java.util.function.ToDoubleFunction<String> value) {
    String text = arguments.matchedOptionValue(option, otherwise);
    return Verb.taken(arguments, option, () -> Amounts.list(text, STEPS, value));
  }

  private static List<WorkloadShape> shapes(ParseResult arguments) {
    List<WorkloadShape> shapes = new ArrayList<>();
    for (String name : arguments.matchedOptionValue("--workload", "uniform").split(",", -1)) {
      shapes.add(
          switch (name) {
            case "uniform" -> WorkloadShape.UNIFORM;
            case "hot-spot", "zipf" -> WorkloadShape.HOT_SPOT;
            case "sweep" -> WorkloadShape.SWEEP;
            default ->
                throw VerifyVerb.bad(
                    arguments,
                    "--workload: expected uniform, hot-spot or sweep, found '" + name + "'");
          });
    }
    return shapes;
  }

  /// What writes a file's text.
  private interface Text {
    void to(PrintStream out) throws IOException;
  }

  private static void write(String name, Console console, Text text) throws IOException {
    if (name.equals("-")) {
      text.to(console.out());
      return;
    }
    try (OutputFile file = OutputFile.open(name)) {
      PrintStream out =
          new PrintStream(Channels.newOutputStream(file.channel()), false, StandardCharsets.UTF_8);
      text.to(out);
      if (out.checkError()) {
        throw new IOException(name + ": cannot be written");
      }
      file.commit();
    }
  }
}
