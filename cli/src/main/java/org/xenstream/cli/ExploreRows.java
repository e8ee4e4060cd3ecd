// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import org.xenstream.transfer.policy.Explorer;
import org.xenstream.transfer.policy.PrecopyModel;
import org.xenstream.transfer.policy.WorkloadShape;
import tools.jackson.core.JsonGenerator;

/// The runs of an exploration as rows: for a program, or for a reader.
final class ExploreRows {
  private static final double MILLI = 1e6;
  private static final int PAGE = 4096;

  private ExploreRows() {}

  /// As CSV, with a head (RFC 4180; no value needs quotes).
  static void csv(List<Explorer.Run> runs, PrintStream out) {
    out.print(
        "policy,workload,guest_pages,dirty_pages_per_second,octets_per_second,completed,rounds,"
            + "pages_sent,resent_factor,total_ms,downtime_ms\n");
    for (Explorer.Run run : runs) {
      PrecopyModel.Outcome outcome = run.outcome();
      out.printf(
          Locale.ROOT,
          "%s,%s,%d,%s,%s,%s,%d,%d,%.4f,%.3f,%s\n",
          run.policy(),
          run.workload(),
          run.guestPages(),
          plain(run.dirtyPagesPerSecond()),
          plain(run.octetsPerSecond()),
          outcome.completed(),
          outcome.rounds(),
          outcome.pagesSent(),
          run.resentFactor(),
          outcome.totalNanos() / MILLI,
          outcome.completed()
              ? String.format(Locale.ROOT, "%.3f", outcome.downtimeNanos() / MILLI)
              : "");
    }
  }

  /// A run's properties.
  static void json(JsonGenerator json, Explorer.Run run) {
    PrecopyModel.Outcome outcome = run.outcome();
    json.writeStringProperty("policy", run.policy());
    json.writeStringProperty("workload", run.workload().toString());
    json.writeNumberProperty("guest_pages", run.guestPages());
    json.writeNumberProperty("dirty_pages_per_second", run.dirtyPagesPerSecond());
    json.writeNumberProperty("octets_per_second", run.octetsPerSecond());
    json.writeBooleanProperty("completed", outcome.completed());
    json.writeNumberProperty("rounds", outcome.rounds());
    json.writeNumberProperty("pages_sent", outcome.pagesSent());
    json.writeNumberProperty("resent_factor", run.resentFactor());
    json.writeNumberProperty("total_ms", outcome.totalNanos() / MILLI);
    if (outcome.completed()) {
      json.writeNumberProperty("downtime_ms", outcome.downtimeNanos() / MILLI);
    } else {
      json.writeNullProperty("downtime_ms");
    }
  }

  /// As tables for a reader: a row for each dirty rate, a column for each policy.
  static void table(Explorer explorer, List<Explorer.Run> runs, Console console) {
    int rates = explorer.dirtyPagesPerSecond().size();
    int policies = explorer.policies().size();
    int at = 0;
    for (WorkloadShape workload : explorer.workloads()) {
      for (long pages : explorer.guestPages()) {
        for (double bandwidth : explorer.octetsPerSecond()) {
          if (at > 0) {
            console.out().println();
          }
          console
              .out()
              .println(
                  console.bold(
                      "%s writes, %s, %s"
                          .formatted(workload, Units.octets(pages * PAGE), bits(bandwidth))));
          block(explorer, runs.subList(at, at + rates * policies), console);
          at += rates * policies;
        }
      }
    }
    console
        .out()
        .println("downtime (rounds while the guest runs; pages sent for each page of the guest)");
  }

  private static void block(Explorer explorer, List<Explorer.Run> runs, Console console) {
    int rates = explorer.dirtyPagesPerSecond().size();
    StringBuilder head = new StringBuilder(String.format(Locale.ROOT, "%14s", "pages/s"));
    for (Explorer.Contender policy : explorer.policies()) {
      head.append(String.format(Locale.ROOT, "  %-26s", policy.name()));
    }
    console.out().println(head.toString().stripTrailing());
    for (int i = 0; i < rates; i++) {
      StringBuilder row =
          new StringBuilder(
              String.format(Locale.ROOT, "%14s", rate(explorer.dirtyPagesPerSecond().get(i))));
      for (int policy = 0; policy < explorer.policies().size(); policy++) {
        row.append(String.format(Locale.ROOT, "  %-26s", cell(runs.get(policy * rates + i))));
      }
      console.out().println(row.toString().stripTrailing());
    }
  }

  private static String cell(Explorer.Run run) {
    PrecopyModel.Outcome outcome = run.outcome();
    return String.format(
        Locale.ROOT,
        "%s (%d; %.2f)",
        outcome.completed() ? Units.time(outcome.downtimeNanos()) : "given up",
        outcome.rounds(),
        run.resentFactor());
  }

  /// `10 Gbit/s`.
  static String bits(double octetsPerSecond) {
    double value = octetsPerSecond * 8;
    String[] prefixes = {"", "k", "M", "G", "T"};
    int prefix = 0;
    while (value >= 1000 && prefix < prefixes.length - 1) {
      value /= 1000;
      prefix++;
    }
    return plain(Math.round(value * 100) / 100.0) + " " + prefixes[prefix] + "bit/s";
  }

  private static String rate(double perSecond) {
    return perSecond == Math.rint(perSecond) ? Units.count((long) perSecond) : plain(perSecond);
  }

  /// A number without an exponent, and without a fraction where it has none.
  private static String plain(double value) {
    return value == Math.rint(value)
        ? Long.toString((long) value)
        : new java.math.BigDecimal(Double.toString(value)).toPlainString();
  }
}
