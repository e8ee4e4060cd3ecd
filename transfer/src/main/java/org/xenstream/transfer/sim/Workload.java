// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.util.List;

/// What a guest does while it runs. A workload is a description; [GuestLoad] runs it.
///
/// Where a workload has `pages`, it writes the first so many of the guest's work pages, all of them
/// for [#ALL].
public sealed interface Workload {
  /// All the work pages that the guest has.
  long ALL = Long.MAX_VALUE;

  /// Nothing.
  record Idle() implements Workload {}

  /// Writes pages drawn evenly.
  ///
  /// @param pages see [Workload]
  record Uniform(long pages) implements Workload {}

  /// Writes few pages often and many seldom: the rank of a page is drawn from the continuous power
  /// law of Zipf's exponent, and ranks are strewn over the pages.
  ///
  /// @param exponent greater than 0: the greater, the hotter the hot spots
  /// @param pages see [Workload]
  record Zipf(double exponent, long pages) implements Workload {
    /// Rejects an exponent that is no such law.
    public Zipf {
      if (!(exponent > 0 && exponent <= 10)) {
        throw new IllegalArgumentException(
            "the exponent must be above 0 and at most 10 but was " + exponent);
      }
    }
  }

  /// Writes page after page, and begins anew.
  ///
  /// @param pages see [Workload]
  record Sweep(long pages) implements Workload {}

  /// PV: maps, unmaps and remaps pages, makes tables of pages and pages of tables, builds and tears
  /// down address spaces, maps what is none of the guest's for a while.
  record TableChurn() implements Workload {}

  /// Gives pages back and takes them again; see [GuestSpec#balloonPages].
  record Balloon() implements Workload {}

  /// Now this, now that, all equally often.
  ///
  /// @param parts at least one
  record Mix(List<Workload> parts) implements Workload {
    /// Rejects a mix of nothing.
    public Mix {
      parts = List.copyOf(parts);
      if (parts.isEmpty()) {
        throw new IllegalArgumentException("a mix must have at least one part");
      }
    }
  }

  /// The workload of a name: `idle`, `uniform`, `zipf`, `sweep`, `churn`, `balloon`, or `mix`,
  /// which is all of them that the kind of guest can have.
  ///
  /// @throws IllegalArgumentException if there is none, or not for this kind of guest; the message
  ///   lists those there are
  static Workload parse(String name, GuestKind kind) {
    return switch (name) {
      case "idle" -> new Idle();
      case "uniform" -> new Uniform(ALL);
      case "zipf" -> new Zipf(1.1, ALL);
      case "sweep" -> new Sweep(ALL);
      case "balloon" -> new Balloon();
      case "churn" -> {
        if (!kind.isPv()) {
          throw new IllegalArgumentException(
              "workload churn is for pv64 and pv32 guests, and this is a guest of kind " + kind);
        }
        yield new TableChurn();
      }
      case "mix" ->
          new Mix(
              kind.isPv()
                  ? List.of(new Uniform(ALL), new Zipf(1.1, ALL), new TableChurn(), new Balloon())
                  : List.of(new Uniform(ALL), new Zipf(1.1, ALL), new Sweep(ALL), new Balloon()));
      default ->
          throw new IllegalArgumentException(
              "no workload \""
                  + name
                  + "\"; known are idle, uniform, zipf, sweep, churn, balloon and mix");
    };
  }
}
