// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.util.Map;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.envelope.LegacyReading;
import org.xenstream.core.envelope.LibxcRecords;
import org.xenstream.core.envelope.ScratchException;
import org.xenstream.core.format.Framed;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.transfer.Patience;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.TransferCancelledException;
import org.xenstream.transfer.restore.OuterCheckpoints;
import org.xenstream.transfer.restore.OuterLayers;
import org.xenstream.transfer.restore.RefusedStreamException;
import org.xenstream.transfer.restore.RestoreRequest;
import org.xenstream.transfer.restore.RestoreResult;
import org.xenstream.transfer.restore.Restorer;
import org.xenstream.transfer.sim.GuestReport;
import org.xenstream.transfer.sim.OuterReport;
import org.xenstream.transfer.sim.RestoreReport;
import org.xenstream.transfer.sim.SimDestination;
import org.xenstream.transfer.sim.SimDomain;
import org.xenstream.transfer.sim.SimGuest;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.transfer.sim.SimOptions;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/// `simulate restore`: restores an image into a simulated domain and tells what came of it.
final class SimulateRestoreVerb implements Verb {
  private static final int STORE_CHANNEL = 5;
  private static final int CONSOLE_CHANNEL = 6;
  private static final int MOST_VCPUS = 128;

  /// 256 GiB: an image decides which of them are used, and their bookkeeping takes 16 octets each.
  private static final long MOST_PAGES = 1L << 26;

  /// A PV guest's are moved up by 0x1000.
  private static final long FRAMES = MOST_PAGES + 0x2000;

  /// What the command line asks for besides the image.
  private record Wish(
      int vcpus, StreamType type, boolean strict, boolean check, ScratchOptions scratch) {}

  @Override
  public CommandSpec spec() {
    CommandSpec spec =
        Verb.spec(
            "restore",
            "Restores an image of a guest of up to 256 GiB, in whatever layers, into a simulated"
                + " domain, and tells what came of it line by line: layers, hashes of memory and"
                + " blobs, parameters, pins. A legacy image is restored as 'convert' would write it.",
            "Placement is fixed, so that the same image always gives the same lines: the frame of"
                + " an HVM guest's pfn is the pfn, that of a PV guest's the pfn + 0x1000.",
            "The host takes down what it is told, like the one on which Xen's own restore gave these"
                + " lines: a context, a TSC mode or page tables that no hypervisor takes are"
                + " restored, unless --strict or --self-check is there.");
    spec.usageMessage()
        .exitCodeList(
            Map.of(
                "0", "restored",
                "1", "the image is refused, or the guest in it does not survive --self-check",
                "2",
                    "an image cannot be opened or is none, no room for scratch files, or bad usage"));
    spec.addOption(
        Verb.flag(
            "--checkpointed",
            "Restore a stream of checkpoints (Remus), up to its last complete one. No octet of a"
                + " stream says that it is one."));
    spec.addOption(
        Verb.value("--vcpus", "N", "How many vCPUs the domain has, 1 to 128. Default: 128."));
    spec.addOption(
        Verb.flag(
            "--strict",
            "Refuse what Xen's hypervisor refuses: page tables that are none, contexts, HVM"
                + " parameters, TSC modes. Guests that never ran, made for tests, may not pass, and"
                + " a PV guest's memory has in it what Xen writes into page tables."));
    spec.addOption(
        Verb.flag(
            "--self-check",
            "Of a guest saved by 'simulate': be strict, and let the guest look at all its memory and"
                + " state."));
    ScratchOptions.addTo(spec, ", and where records wait for a checkpoint to be complete");
    spec.addPositional(Verb.file("0", "IMAGE", "The image; '-' for standard input."));
    return Verb.own(this, spec);
  }

  @Override
  public int run(ParseResult arguments, Console console) throws IOException {
    String name = arguments.matchedPositionalValue(0, "-");
    Wish wish =
        new Wish(
            (int) GuestOptions.number(arguments, "--vcpus", MOST_VCPUS, 1, MOST_VCPUS),
            Verb.has(arguments, "--checkpointed") ? StreamType.REMUS : StreamType.PLAIN,
            Verb.has(arguments, "--strict") || Verb.has(arguments, "--self-check"),
            Verb.has(arguments, "--self-check"),
            ScratchOptions.of(arguments));
    // A pipe is opened as soon as somebody writes to it: until then there is nothing to end in
    // order.
    try (TransferInput input = TransferInput.open(name);
        Interrupt interrupt = new Interrupt()) {
      try {
        return restore(wish, input, interrupt.cancellation(), console);
      } catch (TransferCancelledException e) {
        console.complain(Failure.text(e) + ": nothing was restored");
        return UNSOUND;
      } catch (RefusedStreamException | HypervisorException e) {
        console.complain(Failure.text(e));
        return UNSOUND;
      } catch (ScratchException e) {
        throw new IOException(name + ": " + Failure.text(wish.scratch.explained(e)), e);
      } catch (InternalError e) {
        throw new IOException(name + ": the file was shortened while it was read", e);
      }
    }
  }

  private static int restore(
      Wish wish, TransferInput input, Cancellation cancellation, Console console)
      throws IOException {
    SimOptions options = SimOptions.ofReference().withFrames(FRAMES);
    // A plain restore of a legacy image with checkpoints is given its last state.
    LegacyReading reading = wish.scratch.reading(wish.type == StreamType.REMUS);
    Patience patience = Patience.endless(cancellation, System::nanoTime);
    OuterReport outer = new OuterReport(Xxh64::new);
    try (SimHost host =
            new SimHost(wish.strict ? options.withChecks(SimOptions.Checks.ENFORCED) : options);
        ImageReader image = input.read(patience, reading);
        Progress progress = new Progress(console, "restore", image.source());
        LibxcRecords records = LibxcRecords.of(image, new OuterLayers(image).andThen(outer))) {
      SimDomain domain =
          records.headers().domain().isHvm()
              ? host.createHvm(wish.vcpus, MOST_PAGES)
              : host.createPv(wish.vcpus, MOST_PAGES);
      RestoreNotes notes = new RestoreNotes(progress::step);
      try (SimDestination toolstack = new SimDestination(host, domain)) {
        RestoreResult result =
            new Restorer(
                    host,
                    request(wish, domain),
                    new OuterCheckpoints(records, toolstack),
                    notes,
                    cancellation,
                    null)
                .restore(records);
        if (!result.failedOver()) {
          passRest(records);
        }
        outer
            .around(RestoreReport.of(domain, result, outer.trailing(), Xxh64::new))
            .forEach(console.out()::println);
        return wish.check ? selfCheck(toolstack.arrived(), console) : SOUND;
      } finally {
        notes.tell(console);
      }
    }
  }

  private static RestoreRequest request(Wish wish, SimDomain domain) {
    boolean ownLimit = wish.scratch.limit() != LegacyReading.BY_GUEST;
    return new RestoreRequest(
        domain.domid(),
        wish.type,
        STORE_CHANNEL,
        0,
        CONSOLE_CHANNEL,
        0,
        RestoreRequest.DEFAULT_BUFFER_MEMORY,
        wish.scratch.folder(),
        ownLimit ? wish.scratch.limit() : RestoreRequest.DEFAULT_SCRATCH_LIMIT,
        ownLimit);
  }

  private static int selfCheck(SimGuest guest, Console console) throws IOException {
    GuestReport report = guest.check();
    console.out().println("self_check " + (report.survived() ? "survived" : "failed"));
    report.first().forEach(fault -> console.err().println(fault));
    return report.survived() ? SOUND : UNSOUND;
  }

  /// What stands behind the guest belongs to the image all the same.
  private static void passRest(LibxcRecords records) throws IOException {
    Framed framed;
    do {
      framed = records.next();
    } while (framed != null);
  }
}
