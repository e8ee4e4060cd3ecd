// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.xenstream.transfer.TransferEvent;
import org.xenstream.transfer.migrate.MigrationOutcome;
import org.xenstream.transfer.restore.RestoreResult;
import org.xenstream.transfer.sim.GuestFault;
import org.xenstream.transfer.sim.GuestReport;
import tools.jackson.core.JsonGenerator;

/// How a migration went, for a program or for a reader.
final class MigrateRows {
  private static final double MILLI = 1e6;
  private static final int MOST_PASSES = 40;
  private static final int MOST_FAULTS = 8;

  private MigrateRows() {}

  // ---- For a reader

  /// A table of the passes, and what came of it.
  static void table(
      GuestOptions guest, MigrationOutcome outcome, RestoreNotes notes, Console console) {
    console.out().println(console.bold(guest.text()));
    passes(outcome, console);
    if (outcome.checkpoints() > 0) {
      line(console, "checkpoints", Units.count(outcome.checkpoints()));
    }
    line(
        console,
        "pages sent",
        "%s, %s of them again"
            .formatted(Units.count(outcome.pagesSent()), Units.count(outcome.pagesResent())));
    line(console, "octets", Units.octets(outcome.octets()));
    RestoreResult restored = outcome.restored();
    if (outcome.passes().stream().anyMatch(pass -> pass.pass() == TransferEvent.Pass.VERIFY)
        && restored != null) {
      line(
          console,
          "verify pass",
          restored.mismatches() == 0
              ? "every page is as it was sent"
              : console.red(Units.plural(restored.mismatches(), "page") + " differ"));
    }
    notes.mismatches().forEach(mismatch -> console.out().println("    " + mismatch));
    if (notes.failover() != null) {
      line(console, "failed over", notes.failover());
    }
    line(console, "total time", Units.time(outcome.totalNanos()));
    line(
        console,
        "downtime",
        Units.time(outcome.downtimeNanos())
            + (outcome.checkpoints() > 0 ? " at the longest checkpoint" : ""));
    line(console, "guest", survivor(outcome));
    check(console, "self-check", outcome.check());
    if (outcome.backup() != null) {
      check(console, "backup", outcome.backup());
    }
  }

  private static void passes(MigrationOutcome outcome, Console console) {
    if (outcome.passes().isEmpty()) {
      return;
    }
    console
        .out()
        .printf(
            Locale.ROOT, "  %-14s%12s%14s%12s%16s\n", "pass", "pages", "octets", "time", "rate");
    int shown = 0;
    int checkpoint = 0;
    for (TransferEvent.RoundEnded pass : outcome.passes()) {
      boolean ofCheckpoint =
          outcome.checkpoints() > 0 && pass.pass() == TransferEvent.Pass.SUSPENDED;
      checkpoint += ofCheckpoint ? 1 : 0;
      if (++shown > MOST_PASSES) {
        console.out().printf("  %s more%n", Units.count(outcome.passes().size() - MOST_PASSES));
        return;
      }
      console
          .out()
          .printf(
              Locale.ROOT,
              "  %-14s%12s%14s%12s%16s\n",
              ofCheckpoint
                  ? "checkpoint " + checkpoint
                  : TransferProgress.pass(pass.pass(), pass.round()),
              Units.count(pass.sent()),
              Units.octets(pass.octets()),
              Units.time(pass.nanos()),
              Units.octets(Math.round(pass.octetsPerSecond())) + "/s");
    }
  }

  private static String survivor(MigrationOutcome outcome) {
    boolean backup = outcome.checkpoints() > 0;
    return switch (outcome.survivor()) {
      case SOURCE ->
          backup ? "goes on where it was; the backup is not needed" : "goes on where it was";
      case DESTINATION ->
          backup
              ? "its host died; the backup of checkpoint %d took over"
                  .formatted(outcome.checkpoints())
              : "runs at the destination";
      case NONE -> "lost";
    };
  }

  private static void check(Console console, String what, @Nullable GuestReport report) {
    if (report == null) {
      line(console, what, console.red("there is no guest"));
      return;
    }
    String pages = Units.plural(report.pages(), "page");
    if (report.survived()) {
      long extra = report.count(GuestFault.Kind.EXTRA);
      line(
          console,
          what,
          console.green("survived")
              + ": "
              + pages
              + (extra == 0
                  ? ", all as they should be"
                  : ", " + Units.count(extra) + " more than it had (ballooned out meanwhile)"));
      return;
    }
    line(console, what, console.red("did not survive") + ": " + pages + ", " + report.counts());
    report.first().stream()
        .limit(MOST_FAULTS)
        .forEach(fault -> console.out().println("    " + fault));
  }

  private static void line(Console console, String key, String value) {
    console.out().println("  " + String.format(Locale.ROOT, "%-14s", key) + value);
  }

  // ---- For a program

  /// The outcome's properties.
  static void json(
      JsonGenerator json,
      GuestOptions guest,
      String policy,
      MigrationOutcome outcome,
      RestoreNotes notes) {
    json.writeObjectPropertyStart("guest");
    json.writeStringProperty("kind", guest.kind().toString());
    json.writeNumberProperty("memory", guest.memory());
    json.writeNumberProperty("vcpus", guest.vcpus());
    json.writeStringProperty("workload", guest.work());
    if (Double.isInfinite(guest.writesPerSecond())) {
      json.writeNullProperty("dirty_rate");
    } else {
      json.writeNumberProperty("dirty_rate", guest.writesPerSecond());
    }
    json.writeStringProperty("seed", Long.toString(guest.seed()));
    json.writeEndObject();
    json.writeStringProperty("policy", policy);
    json.writeStringProperty("survivor", outcome.survivor().name().toLowerCase(Locale.ROOT));
    json.writeBooleanProperty("survived", outcome.survived());
    Json.text(json, "failure", outcome.failure() == null ? null : Failure.text(outcome.failure()));
    json.writeArrayPropertyStart("passes");
    for (TransferEvent.RoundEnded pass : outcome.passes()) {
      json.writeStartObject();
      json.writeStringProperty("pass", pass.pass().name().toLowerCase(Locale.ROOT));
      json.writeNumberProperty("round", pass.round());
      json.writeNumberProperty("pages", pass.sent());
      json.writeNumberProperty("octets", pass.octets());
      json.writeNumberProperty("ms", pass.nanos() / MILLI);
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeNumberProperty("checkpoints", outcome.checkpoints());
    json.writeNumberProperty("pages_sent", outcome.pagesSent());
    json.writeNumberProperty("pages_resent", outcome.pagesResent());
    json.writeNumberProperty("pages_written", outcome.pagesWritten());
    json.writeNumberProperty("octets", outcome.octets());
    RestoreResult restored = outcome.restored();
    if (restored == null) {
      json.writeNullProperty("verify_mismatches");
    } else {
      json.writeNumberProperty("verify_mismatches", restored.mismatches());
    }
    json.writeArrayPropertyStart("mismatches");
    for (RestoreNotes.Mismatch mismatch : notes.mismatches()) {
      json.writeStartObject();
      json.writeStringProperty("pfn", "0x%x".formatted(mismatch.pfn()));
      json.writeStringProperty("type", mismatch.type());
      json.writeEndObject();
    }
    json.writeEndArray();
    Json.text(json, "failed_over", notes.failover());
    json.writeNumberProperty("total_ms", outcome.totalNanos() / MILLI);
    json.writeNumberProperty("downtime_ms", outcome.downtimeNanos() / MILLI);
    check(json, "check", outcome.check());
    check(json, "backup", outcome.backup());
  }

  private static void check(JsonGenerator json, String name, @Nullable GuestReport report) {
    if (report == null) {
      json.writeNullProperty(name);
      return;
    }
    json.writeObjectPropertyStart(name);
    json.writeNumberProperty("pages", report.pages());
    json.writeNumberProperty("written", report.written());
    json.writeObjectPropertyStart("faults");
    report
        .counts()
        .forEach((kind, count) ->
            json.writeNumberProperty(kind.name().toLowerCase(Locale.ROOT), count.longValue()));
    json.writeEndObject();
    json.writeEndObject();
  }
}
