// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.xenstream.core.format.Location;

/// Gathers findings. A rule that speaks more often than the limit is counted and no longer quoted,
/// so that a hostile image cannot fill the memory with its faults.
final class Report {
  private final Set<Rule> ignored;
  private final int mostOfEach;
  private final List<Finding> findings = new ArrayList<>();
  private final Map<Rule, Long> counts = new EnumMap<>(Rule.class);

  Report(Set<Rule> ignored, int mostOfEach) {
    this.ignored = ignored;
    this.mostOfEach = mostOfEach;
  }

  /// Tells whether a further finding of the rule would be quoted: for a caller whose message is
  /// costly to make.
  boolean wants(Rule rule) {
    return !ignored.contains(rule) && counts.getOrDefault(rule, 0L) < mostOfEach;
  }

  void add(Rule rule, Location location, String message) {
    if (ignored.contains(rule)) {
      return;
    }
    if (wants(rule)) {
      findings.add(new Finding(rule, location, message));
    }
    counts.merge(rule, 1L, Long::sum);
  }

  List<Finding> findings() {
    return findings;
  }

  Map<Rule, Long> counts() {
    return counts;
  }
}
