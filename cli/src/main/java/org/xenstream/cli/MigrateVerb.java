// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.migrate.Migration;
import org.xenstream.transfer.migrate.MigrationOutcome;
import org.xenstream.transfer.migrate.MigrationPlan;
import org.xenstream.transfer.policy.Explorer;
import org.xenstream.transfer.save.SaveOptions;
import org.xenstream.transfer.sim.SimGuest;
import org.xenstream.transfer.sim.SimHost;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/// `simulate migrate`: a running guest moves between two simulated hosts.
final class MigrateVerb implements Verb {
  private static final int CHECKPOINTS = 10;
  private static final int MOST_CHECKPOINTS = 1_000_000;
  private static final String INTERVAL = "100ms";
  private static final String FIXED_DOWNTIME = "10ms";
  private static final String SUSPEND_LIMIT = "60s";

  @Override
  public CommandSpec spec() {
    CommandSpec spec =
        Verb.spec(
            "migrate",
            "Migrates a running guest between two simulated hosts over a socket pair, and tells"
                + " whether it survived by its own check of all its memory and state.");
    spec.usageMessage()
        .exitCodeList(
            Map.of(
                "0", "the guest survived where it was meant to run",
                "1", "it did not, or it goes on where it was as it could not be moved",
                "2", "a file cannot be written, or bad usage"));
    GuestOptions.addTo(spec);
    spec.addOption(
        Verb.value("--bandwidth", "RATE", "What the line carries: 10Gbit, 100MiB. Default: all."));
    spec.addOption(
        Verb.value("--policy", "NAME", "When pre-copy ends: " + Policies.HELP + ". Default: xen."));
    spec.addOption(
        Verb.value("--downtime-target", "MS", "What --policy downtime aims at. Default: 300."));
    spec.addOption(
        Verb.value(
            "--fixed-downtime",
            "MS",
            "The part of a downtime that the source cannot see before: until the guest is suspended,"
                + " and from the last octet until it runs at the destination. A policy adds it to"
                + " what it predicts. Default: "
                + FIXED_DOWNTIME
                + "."));
    spec.addOption(
        Verb.value("--abort-above", "MS", "Give up where the guest would stand still for longer."));
    spec.addOption(suspendLimit());
    spec.addOption(Verb.flag("--verify", "Send all memory again at the end, and compare."));
    spec.addOption(
        Verb.value(
            "--checkpoints",
            "N",
            "Keep a backup by N checkpoints (Remus) in place of moving the guest. With --colo or"
                + " --kill-primary alone: 10, or as many as --kill-primary needs."));
    spec.addOption(
        Verb.flag("--colo", "Keep a backup that runs as well (COLO, not for PV guests)."));
    spec.addOption(
        Verb.value("--interval", "MS", "The time between checkpoints. Default: " + INTERVAL + "."));
    spec.addOption(
        Verb.value(
            "--kill-primary",
            "N",
            "Let the first host die amid the checkpoint behind number N: the backup takes over."));
    spec.addOption(savingCpu());
    spec.addOption(Verb.value("--record", "FILE", "Keep the stream. " + Verb.APPEARS));
    spec.addOption(Verb.flag("--json", "Write one JSON object (docs/json.md)."));
    return Verb.own(this, spec);
  }

  @Override
  public int run(ParseResult arguments, Console console) throws IOException {
    GuestOptions options = GuestOptions.of(arguments);
    String policy = arguments.matchedOptionValue("--policy", "xen");
    MigrationPlan plan = plan(arguments, options, policy(arguments, policy));
    String record = OutputFile.name(arguments.matchedOptionValue("--record", ""));
    if (record.equals("-")) {
      throw VerifyVerb.bad(arguments, "--record takes a file: standard output has the table");
    }
    // A pipe is opened as soon as somebody reads it: until then there is nothing to end in order.
    try (TransferOutput file = record.isEmpty() ? null : TransferOutput.open(record);
        Interrupt interrupt = new Interrupt();
        SimHost from = new SimHost(options.host());
        SimHost to = new SimHost(options.host())) {
      SimGuest guest = build(arguments, options, from);
      RestoreNotes notes = new RestoreNotes(() -> {});
      MigrationOutcome outcome =
          migrate(guest, to, plan, interrupt.cancellation(), file, notes, console);
      if (Verb.has(arguments, "--json")) {
        Json.line(console, json -> MigrateRows.json(json, options, policy, outcome, notes));
      } else {
        MigrateRows.table(options, outcome, notes, console);
      }
      console.out().flush();
      int code = code(outcome, console);
      return file != null && file.hasFailed() ? NO_IMAGE : code;
    }
  }

  static OptionSpec savingCpu() {
    return Verb.value(
        "--saving-cpu",
        "NAME",
        "Say in the stream on which CPU the guest was saved, in 7-bit text: a record of the"
            + " specification's drafts (SAVING_CPU), which every restore passes over.");
  }

  /// The name of the CPU, or null.
  static @Nullable String savingCpu(ParseResult arguments) {
    String name = arguments.matchedOptionValue("--saving-cpu", null);
    if (name != null && !SaveOptions.isCpuName(name)) {
      throw VerifyVerb.bad(arguments, "--saving-cpu: expected 7-bit text, found '" + name + "'");
    }
    return name;
  }

  static OptionSpec suspendLimit() {
    return Verb.value(
        "--suspend-limit",
        "MS",
        "Give up where the guest has stood still for so long. Default: " + SUSPEND_LIMIT + ".");
  }

  static SimGuest build(ParseResult arguments, GuestOptions options, SimHost host)
      throws IOException {
    try {
      return options.builder().build(host);
    } catch (IllegalArgumentException e) {
      throw VerifyVerb.bad(arguments, "no such guest: " + e.getMessage());
    }
  }

  private static MigrationOutcome migrate(
      SimGuest guest,
      SimHost to,
      MigrationPlan plan,
      Cancellation cancellation,
      @Nullable TransferOutput file,
      RestoreNotes notes,
      Console console)
      throws IOException {
    plan.cancellation(cancellation).restoreListener(notes);
    if (file != null) {
      plan.record(file.to(plan.patience()));
    }
    try (TransferProgress progress = new TransferProgress(console, "migrate")) {
      plan.listener(progress);
      MigrationOutcome outcome = Migration.run(guest, to, plan);
      // Of a stream of checkpoints whose sender died, what there is of it is what is wanted.
      if (file != null && (outcome.failure() == null)) {
        file.commit();
      }
      return outcome;
    }
  }

  private static int code(MigrationOutcome outcome, Console console) {
    Exception failure = outcome.failure();
    if (failure != null) {
      String where =
          switch (outcome.survivor()) {
            case SOURCE -> "the guest goes on where it was, unharmed";
            case DESTINATION -> "the guest goes on at the destination";
            case NONE -> "the guest is lost";
          };
      if (outcome.survivor() == MigrationOutcome.Survivor.SOURCE && !outcome.survived()) {
        where = "the guest goes on where it was";
      }
      console.complain(Failure.text(failure) + ": " + where);
    }
    return outcome.survived() && failure == null ? SOUND : UNSOUND;
  }

  private static Explorer.Contender policy(ParseResult arguments, String name) {
    if (Verb.has(arguments, "--downtime-target") && !name.equals("downtime")) {
      throw VerifyVerb.bad(arguments, "--downtime-target goes with --policy downtime");
    }
    long target = nanos(arguments, "--downtime-target", "300");
    OptionalLong above =
        Verb.has(arguments, "--abort-above")
            ? OptionalLong.of(nanos(arguments, "--abort-above", ""))
            : OptionalLong.empty();
    return Verb.taken(arguments, "--policy", () -> Policies.parse(name, target, above));
  }

  private static MigrationPlan plan(
      ParseResult arguments, GuestOptions options, Explorer.Contender policy) {
    MigrationPlan plan =
        new MigrationPlan(System::nanoTime)
            .policy(policy.policy())
            .seed(options.seed())
            .workload(options.workload(), options.writesPerSecond())
            .fixedDowntime(Duration.ofNanos(nanos(arguments, "--fixed-downtime", FIXED_DOWNTIME)))
            .suspendLimit(suspendLimit(arguments));
    String bandwidth = arguments.matchedOptionValue("--bandwidth", "");
    if (!bandwidth.isEmpty()) {
      double rate = Verb.taken(arguments, "--bandwidth", () -> Amounts.bandwidth(bandwidth));
      if (rate < 1) {
        throw VerifyVerb.bad(arguments, "--bandwidth: nothing can be sent at " + bandwidth);
      }
      plan.bandwidth(rate);
    }
    if (Verb.has(arguments, "--verify")) {
      plan.verify();
    }
    String cpu = savingCpu(arguments);
    if (cpu != null) {
      plan.savingCpu(cpu);
    }
    checkpoints(arguments, options, plan);
    return plan;
  }

  private static void checkpoints(ParseResult arguments, GuestOptions options, MigrationPlan plan) {
    boolean colo = Verb.has(arguments, "--colo");
    int kill = (int) GuestOptions.number(arguments, "--kill-primary", 0, 1, MOST_CHECKPOINTS - 1);
    if (!Verb.has(arguments, "--checkpoints") && !colo && kill == 0) {
      if (Verb.has(arguments, "--interval")) {
        throw VerifyVerb.bad(arguments, "--interval goes with --checkpoints");
      }
      return;
    }
    if (Verb.has(arguments, "--verify")) {
      throw VerifyVerb.bad(arguments, "--verify is for a guest that moves, not for checkpoints");
    }
    if (colo && (options.kind().isPv() || options.balloons())) {
      throw VerifyVerb.bad(
          arguments,
          "--colo is for HVM and PVH guests that do not balloon: both must have the same pages");
    }
    int count =
        (int)
            GuestOptions.number(
                arguments, "--checkpoints", Math.max(CHECKPOINTS, kill + 1), 1, MOST_CHECKPOINTS);
    Duration interval = Duration.ofNanos(nanos(arguments, "--interval", INTERVAL));
    plan.checkpoints(colo ? StreamType.COLO : StreamType.REMUS, count, interval);
    if (kill > 0) {
      Verb.taken(arguments, "--kill-primary", () -> plan.killPrimaryAfter(kill));
    }
  }

  static Duration suspendLimit(ParseResult arguments) {
    return Duration.ofNanos(nanos(arguments, "--suspend-limit", SUSPEND_LIMIT));
  }

  private static long nanos(ParseResult arguments, String option, String otherwise) {
    String text = arguments.matchedOptionValue(option, otherwise);
    return Verb.taken(arguments, option, () -> Amounts.nanos(text));
  }
}
