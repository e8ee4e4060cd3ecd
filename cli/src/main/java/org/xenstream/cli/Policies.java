// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.util.OptionalLong;
import org.xenstream.transfer.policy.AbortPolicy;
import org.xenstream.transfer.policy.ConvergencePolicy;
import org.xenstream.transfer.policy.DowntimePolicy;
import org.xenstream.transfer.policy.Explorer;
import org.xenstream.transfer.policy.PrecopyPolicy;
import org.xenstream.transfer.policy.XenPolicy;

/// The policies of pre-copy by the names that a command line has for them.
final class Policies {
  /// What `--help` says of them.
  static final String HELP =
      "'xen' (fewer than 50 dirty pages, or five rounds; 'xen:ROUNDS' for others), 'downtime'"
          + " ('downtime:MS': the rest fits into that time), 'converge' (a round no longer shrinks"
          + " by a tenth; 'converge:PERCENT')";

  /// The downtime that is aimed at where none is given.
  static final long DEFAULT_TARGET_NANOS = 300_000_000;

  private Policies() {}

  /// A policy by its name.
  ///
  /// @param text `xen`, `downtime:300` and so on
  /// @param targetNanos the target of a `downtime` that names none
  /// @param abortAbove the downtime above which the transfer is given up
  /// @throws IllegalArgumentException where there is none of the name
  static Explorer.Contender parse(String text, long targetNanos, OptionalLong abortAbove) {
    int colon = text.indexOf(':');
    String name = colon < 0 ? text : text.substring(0, colon);
    String value = colon < 0 ? "" : text.substring(colon + 1);
    PrecopyPolicy policy =
        switch (name) {
          case "xen" ->
              value.isEmpty()
                  ? XenPolicy.DEFAULT
                  : new XenPolicy(whole(value), XenPolicy.DEFAULT.targetDirtyCount());
          case "downtime" ->
              new DowntimePolicy(
                  value.isEmpty() ? targetNanos : Amounts.nanos(value),
                  DowntimePolicy.DEFAULT_MAX_ITERATIONS);
          case "converge" ->
              value.isEmpty()
                  ? ConvergencePolicy.DEFAULT
                  : new ConvergencePolicy(
                      percentage(value) / 100.0,
                      ConvergencePolicy.DEFAULT.targetDirtyCount(),
                      ConvergencePolicy.DEFAULT.maxIterations());
          default ->
              throw new IllegalArgumentException(
                  "expected xen, downtime or converge, found '" + text + "'");
        };
    return new Explorer.Contender(
        text, abortAbove.isPresent() ? new AbortPolicy(policy, abortAbove.getAsLong()) : policy);
  }

  private static int percentage(String value) {
    if (!value.matches("[0-9]{1,2}|100")) {
      throw new IllegalArgumentException("expected a percentage up to 100, found '" + value + "'");
    }
    return Integer.parseInt(value);
  }

  private static int whole(String value) {
    if (!value.matches("[0-9]{1,4}")) {
      throw new IllegalArgumentException("expected a number up to 9999, found '" + value + "'");
    }
    return Integer.parseInt(value);
  }
}
