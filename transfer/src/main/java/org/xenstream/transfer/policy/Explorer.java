// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.policy;

import java.util.List;
import java.util.function.Consumer;

/// Runs every policy against every guest and every line, in virtual time: what downtime would each
/// have given? A run costs microseconds, since no page is moved.
///
/// @param policies the policies, with the names under which they appear
/// @param workloads how the guests write
/// @param guestPages the sizes of the guests, in pages
/// @param dirtyPagesPerSecond how fast they write
/// @param octetsPerSecond how fast the lines are
/// @param fixedDowntimeNanos the part of a downtime that memory has no part in
public record Explorer(
    List<Contender> policies,
    List<WorkloadShape> workloads,
    List<Long> guestPages,
    List<Double> dirtyPagesPerSecond,
    List<Double> octetsPerSecond,
    long fixedDowntimeNanos) {
  /// A line faster than this sends a page in no time that could be measured.
  public static final double FASTEST_LINE = 1e12;

  /// A policy and its name.
  public record Contender(String name, PrecopyPolicy policy) {}

  /// One run.
  ///
  /// @param policy the policy's name
  /// @param workload how the guest wrote
  /// @param guestPages its size
  /// @param dirtyPagesPerSecond how fast it wrote
  /// @param octetsPerSecond the line
  /// @param outcome what came of it
  public record Run(
      String policy,
      WorkloadShape workload,
      long guestPages,
      double dirtyPagesPerSecond,
      double octetsPerSecond,
      PrecopyModel.Outcome outcome) {
    /// How often a page was sent on average; 1 where none was sent again.
    public double resentFactor() {
      return (double) outcome.pagesSent() / guestPages;
    }
  }

  /// Rejects guests without pages, and rates that are no rates.
  public Explorer {
    policies = List.copyOf(policies);
    workloads = List.copyOf(workloads);
    guestPages = List.copyOf(guestPages);
    dirtyPagesPerSecond = List.copyOf(dirtyPagesPerSecond);
    octetsPerSecond = List.copyOf(octetsPerSecond);
    for (long pages : guestPages) {
      require(pages >= 1, "a guest has at least one page, not " + pages);
    }
    for (double rate : dirtyPagesPerSecond) {
      require(rate >= 0 && rate < Double.POSITIVE_INFINITY, "no dirty rate: " + rate);
    }
    for (double rate : octetsPerSecond) {
      require(rate >= 1 && rate <= FASTEST_LINE, "no bandwidth between 1 and 10^12: " + rate);
    }
    require(fixedDowntimeNanos >= 0, "a fixed downtime is not negative: " + fixedDowntimeNanos);
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }

  /// How many runs there are.
  public long size() {
    return (long) policies.size()
        * workloads.size()
        * guestPages.size()
        * dirtyPagesPerSecond.size()
        * octetsPerSecond.size();
  }

  /// Runs all. The runs that differ in their dirty rate alone follow each other.
  public void run(Consumer<Run> taker) {
    for (WorkloadShape workload : workloads) {
      for (long pages : guestPages) {
        for (double bandwidth : octetsPerSecond) {
          for (Contender contender : policies) {
            for (double dirty : dirtyPagesPerSecond) {
              PrecopyModel model =
                  new PrecopyModel(
                      pages, workload.model(pages, dirty), bandwidth, fixedDowntimeNanos);
              taker.accept(
                  new Run(
                      contender.name(),
                      workload,
                      pages,
                      dirty,
                      bandwidth,
                      model.run(contender.policy())));
            }
          }
        }
      }
    }
  }
}
