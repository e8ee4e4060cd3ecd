// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.util.Locale;
import org.xenstream.transfer.migrate.MigrationPlan;
import org.xenstream.transfer.sim.GuestBuilder;
import org.xenstream.transfer.sim.GuestKind;
import org.xenstream.transfer.sim.SimOptions;
import org.xenstream.transfer.sim.Workload;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/// Which simulated guest a command line wants, and what it does.
///
/// @param kind of which kind it is
/// @param memory its RAM in octets
/// @param touched how much of it holds something from the beginning, in octets
/// @param vcpus how many it has
/// @param seed decides what it holds and does
/// @param work what it does, by its name
/// @param writesPerSecond how many pages it writes in a second
record GuestOptions(
    GuestKind kind,
    long memory,
    long touched,
    int vcpus,
    long seed,
    String work,
    double writesPerSecond) {
  private static final int PAGE = 4096;
  private static final long LEAST_MEMORY = 4L << 20;
  private static final long MMIO_HOLE = 0xF000_0000L;
  private static final int DEVICE_PAGES = 16;
  private static final int MOST_BALLOON = 4096;
  private static final String MEMORY = "64MiB";
  private static final String RATE = "10k";

  /// Adds the options that make a guest.
  static void addTo(CommandSpec spec) {
    spec.addOption(Verb.value("--guest", "KIND", "'hvm', 'pvh', 'pv64' or 'pv32'. Default: hvm."));
    spec.addOption(Verb.value("--memory", "SIZE", "Its RAM. Default: " + MEMORY + "."));
    spec.addOption(
        Verb.value(
            "--touched",
            "SIZE",
            "How much of the RAM holds something when it begins; the rest is zero and takes no"
                + " memory here. Default: all."));
    spec.addOption(Verb.value("--vcpus", "N", "Its vCPUs, 1 to 32. Default: 2."));
    spec.addOption(
        Verb.value(
            "--workload",
            "NAME",
            "What it does meanwhile: 'none', 'uniform', 'zipf', 'sweep', 'balloon', 'churn' (of"
                + " page tables, PV only) or 'mixed'. Default: uniform."));
    spec.addOption(
        Verb.value(
            "--dirty-rate",
            "RATE",
            "How many pages it writes in a second: 500, 20k; or 'max'. Default: " + RATE + "."));
    spec.addOption(
        Verb.value("--seed", "N", "Decides what it holds and which pages it writes. Default: 1."));
  }

  /// Reads them.
  static GuestOptions of(ParseResult arguments) {
    GuestKind kind =
        Verb.taken(
            arguments,
            "--guest",
            () -> GuestKind.parse(arguments.matchedOptionValue("--guest", "hvm")));
    long memory = size(arguments, "--memory", MEMORY);
    if (memory < LEAST_MEMORY || memory % PAGE != 0) {
      throw VerifyVerb.bad(
          arguments,
          "--memory: expected whole pages, at least 4MiB, found " + Units.octets(memory));
    }
    String rate = arguments.matchedOptionValue("--dirty-rate", RATE);
    double writes =
        rate.equals("max")
            ? MigrationPlan.UNLIMITED
            : Verb.taken(arguments, "--dirty-rate", () -> Amounts.perSecond(rate));
    if (writes <= 0) {
      throw VerifyVerb.bad(
          arguments, "--dirty-rate: expected more than 0; for none --workload none");
    }
    String work = arguments.matchedOptionValue("--workload", "uniform");
    GuestOptions options =
        new GuestOptions(
            kind,
            memory,
            Verb.has(arguments, "--touched") ? size(arguments, "--touched", "") : memory,
            (int) number(arguments, "--vcpus", 2, 1, 32),
            number(arguments, "--seed", 1, Long.MIN_VALUE, Long.MAX_VALUE),
            work,
            writes);
    Verb.taken(arguments, "--workload", options::workload);
    return options;
  }

  private static long size(ParseResult arguments, String option, String otherwise) {
    String text = arguments.matchedOptionValue(option, otherwise);
    return (long) (double) Verb.taken(arguments, option, () -> Amounts.size(text));
  }

  /// A whole number between two.
  static long number(ParseResult arguments, String option, long otherwise, long least, long most) {
    String text = arguments.matchedOptionValue(option, (String) null);
    if (text == null) {
      return otherwise;
    }
    try {
      long value = Long.parseLong(text);
      if (value >= least && value <= most) {
        return value;
      }
    } catch (NumberFormatException e) {
      // As one out of range.
    }
    throw VerifyVerb.bad(
        arguments,
        "%s: expected a number%s, found '%s'"
            .formatted(
                option, least == Long.MIN_VALUE ? "" : " from " + least + " to " + most, text));
  }

  /// What the guest does.
  ///
  /// @throws IllegalArgumentException where there is no such workload for this kind of guest
  Workload workload() {
    return Workload.parse(
        switch (work) {
          case "none" -> "idle";
          case "mixed" -> "mix";
          default -> work;
        },
        kind);
  }

  /// Tells whether the guest gives pages back and takes them again.
  boolean balloons() {
    return work.equals("balloon") || work.startsWith("mix");
  }

  private boolean idle() {
    return work.equals("none") || work.equals("idle");
  }

  /// The guest, to be built. One that does nothing has a device model that does nothing.
  GuestBuilder builder() {
    long pages = memory / PAGE;
    long balloon = balloons() ? Math.min(pages / 16, MOST_BALLOON) : 0;
    return GuestBuilder.of(kind)
        .memory(memory)
        .vcpus(vcpus)
        .seed(seed)
        .linearP2m(true)
        .mmioHole(memory > MMIO_HOLE)
        .balloon(balloon, balloon / 2)
        .devicePages(kind == GuestKind.HVM && !idle() ? DEVICE_PAGES : 0)
        .touchedPages(touched / PAGE);
  }

  /// A host with room for it.
  SimOptions host() {
    long pages = memory / PAGE;
    return SimOptions.ofFrames(pages + pages / 8 + 8192);
  }

  /// `HVM guest of 64.0 MiB, 2 vCPUs, uniform writes to 10,000 pages/s`.
  String text() {
    String does =
        idle()
            ? "idle"
            : work
                + " at "
                + (Double.isInfinite(writesPerSecond)
                    ? "full speed"
                    : Units.count(Math.round(writesPerSecond)) + " pages/s");
    return "%s guest of %s, %s, %s"
        .formatted(
            kind.toString().toUpperCase(Locale.ROOT),
            Units.octets(memory),
            Units.plural(vcpus, "vCPU"),
            does);
  }
}
