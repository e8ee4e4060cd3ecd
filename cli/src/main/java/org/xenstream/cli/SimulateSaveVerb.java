// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import org.xenstream.transfer.Deadline;
import org.xenstream.transfer.Patience;
import org.xenstream.transfer.SaveOutput;
import org.xenstream.transfer.policy.PrecopyPolicy;
import org.xenstream.transfer.save.SaveOptions;
import org.xenstream.transfer.save.SaveReport;
import org.xenstream.transfer.save.Saver;
import org.xenstream.transfer.sim.GuestLoad;
import org.xenstream.transfer.sim.SimGuest;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.transfer.sim.SimSource;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/// `simulate save`: saves a simulated guest to a file.
final class SimulateSaveVerb implements Verb {
  @Override
  public CommandSpec spec() {
    CommandSpec spec =
        Verb.spec(
            "save",
            "Saves a simulated guest to a file, as a bare libxc stream of version 3.",
            "With --workload none the same options give the same octets. Nothing saves in the"
                + " legacy format of Xen 4.5 and older, by design: such images are only read and"
                + " converted.");
    spec.usageMessage()
        .exitCodeList(
            Map.of(
                "0", "the image is complete",
                "1", "the guest could not be saved",
                "2", "the file cannot be written, or bad usage"));
    GuestOptions.addTo(spec);
    spec.addOption(Verb.flag("--live", "Let the guest run while most of its memory is sent."));
    spec.addOption(
        Verb.flag("--verify", "With --live: send all memory again at the end, to be compared."));
    spec.addOption(
        Verb.value(
            "--policy",
            "NAME",
            "With --live: when pre-copy ends: " + Policies.HELP + ". Default: xen."));
    spec.addOption(MigrateVerb.suspendLimit());
    spec.addOption(MigrateVerb.savingCpu());
    spec.addPositional(
        Verb.file("0", "OUT", "The image; '-' for standard output. " + Verb.APPEARS));
    return Verb.own(this, spec);
  }

  @Override
  public int run(ParseResult arguments, Console console) throws IOException {
    GuestOptions options = GuestOptions.of(arguments);
    String name = arguments.matchedOptionValue("--policy", "xen");
    PrecopyPolicy policy =
        Verb.taken(
                arguments,
                "--policy",
                () -> Policies.parse(name, Policies.DEFAULT_TARGET_NANOS, OptionalLong.empty()))
            .policy();
    boolean live = Verb.has(arguments, "--live");
    if (!live && (Verb.has(arguments, "--verify") || Verb.has(arguments, "--policy"))) {
      throw VerifyVerb.bad(arguments, "--verify and --policy go with --live");
    }
    String cpu = MigrateVerb.savingCpu(arguments);
    Duration limit = MigrateVerb.suspendLimit(arguments);
    String out = OutputFile.name(arguments.matchedPositionalValue(0, "-"));
    // A pipe is opened as soon as somebody reads it: until then there is nothing to end in order.
    try (TransferOutput file = TransferOutput.open(out);
        Interrupt interrupt = new Interrupt();
        SimHost host = new SimHost(options.host())) {
      Deadline deadline = new Deadline(System::nanoTime);
      SaveOptions how =
          new SaveOptions(policy, System::nanoTime)
              .suspendLimit(limit, deadline)
              .cancellation(interrupt.cancellation());
      if (live) {
        how.live();
      }
      if (cpu != null) {
        how.savingCpu(cpu);
      }
      if (Verb.has(arguments, "--verify")) {
        how.verify();
      }
      SimGuest guest = MigrateVerb.build(arguments, options, host);
      SaveReport report;
      try {
        Patience patience =
            Patience.endless(interrupt.cancellation(), System::nanoTime).until(deadline);
        report = save(guest, options, how, file.to(patience), console);
      } catch (IOException e) {
        console.complain(Failure.text(e) + ": nothing was saved");
        return file.hasFailed() ? NO_IMAGE : UNSOUND;
      }
      file.commit();
      (out.equals("-") ? console.err() : console.out())
          .printf(
              "%s: %s saved, %s of data in %s%n",
              out,
              options.text(),
              Units.plural(report.pages(), "page"),
              Units.octets(report.octets()));
      console.out().flush();
      return SOUND;
    }
  }

  private static SaveReport save(
      SimGuest guest, GuestOptions options, SaveOptions how, SaveOutput out, Console console)
      throws IOException {
    try (TransferProgress progress = new TransferProgress(console, "save");
        SimSource toolstack = new SimSource(guest);
        GuestLoad _ =
            GuestLoad.start(
                guest, options.workload(), options.writesPerSecond(), System::nanoTime, 1)) {
      return Saver.save(
          guest.host(), guest.domain().domid(), toolstack, how.listener(progress), out, null);
    }
  }
}
