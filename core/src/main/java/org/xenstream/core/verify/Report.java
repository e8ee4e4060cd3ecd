// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.LibxlFrame;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.Location;

/// Gathers findings. A rule that speaks more often than the limit is counted and no longer quoted,
/// so that a hostile image cannot fill the memory with its faults; nor can it where the limit is
/// high, as of each rule only the first is quoted once there are [#MOST] of all.
final class Report {
  /// Some 25 MiB of them.
  static final int MOST = 1 << 16;

  private final String source;
  private final Set<Rule> ignored;
  private final int mostOfEach;
  private final List<Finding> findings = new ArrayList<>();

  // No EnumMap: it would make all rules, which an image without a finding need not pay for.
  private final Map<Rule, Long> counts = new HashMap<>();

  private int settled;
  private Map<Rule, Long> settledCounts = Map.of();

  Report(String source, Set<Rule> ignored, int mostOfEach) {
    this.source = source;
    this.ignored = ignored;
    this.mostOfEach = mostOfEach;
  }

  /// Tells whether a further finding of the rule would be quoted: for a caller whose message is
  /// costly to make.
  boolean wants(Rule rule) {
    if (ignored.contains(rule)) {
      return false;
    }
    long count = counts.getOrDefault(rule, 0L);
    return count < mostOfEach && (count == 0 || findings.size() < MOST);
  }

  void add(Rule rule, Location location, String message) {
    if (!counted(rule)) {
      findings.add(new Finding(rule, location, message));
      count(rule);
    }
  }

  /// Adds what ended the reading. Whoever ignores a rule knows better of a place, not of all that
  /// stands behind it and was never judged: an error here is told in any case.
  void ended(Rule rule, Location location, String message) {
    if (rule.severity() == Severity.ERROR && ignored.contains(rule)) {
      findings.add(new Finding(rule, location, message));
      count(rule);
    } else {
      add(rule, location, message);
    }
  }

  /// Counts a finding that is not to be quoted, so that a loop over what a hostile image holds need
  /// not make a message for each.
  ///
  /// @return whether that is all there is to do; else the finding is to be added
  boolean counted(Rule rule) {
    if (wants(rule)) {
      return false;
    }
    if (!ignored.contains(rule)) {
      count(rule);
    }
    return true;
  }

  /// What was reported so far stands, whatever becomes of what follows.
  void settle() {
    settled = findings.size();
    settledCounts = new HashMap<>(counts);
  }

  /// A restore drops everything behind the last [#settle]: its errors weigh as much as `rule` does
  /// and say what they would have been.
  void drop(Rule rule) {
    List<Finding> dropped = List.copyOf(findings.subList(settled, findings.size()));
    findings.subList(settled, findings.size()).clear();
    for (Map.Entry<Rule, Long> entry : Map.copyOf(counts).entrySet()) {
      if (entry.getKey().severity() == Severity.ERROR) {
        counts.remove(entry.getKey());
        long kept = settledCounts.getOrDefault(entry.getKey(), 0L);
        if (kept > 0) {
          counts.put(entry.getKey(), kept);
        }
        long unquoted = entry.getValue() - kept;
        for (Finding finding : dropped) {
          unquoted -= finding.rule() == entry.getKey() ? 1 : 0;
        }
        if (unquoted > 0 && !ignored.contains(rule)) {
          counts.merge(rule, unquoted, Long::sum);
        }
      }
    }
    for (Finding finding : dropped) {
      if (finding.severity() == Severity.ERROR) {
        add(
            rule,
            finding.location(),
            finding.message() + ", in what a restore drops (" + finding.rule().id() + ")");
      } else {
        findings.add(finding);
      }
    }
  }

  private void count(Rule rule) {
    counts.merge(rule, 1L, Long::sum);
  }

  /// A finding at a field of a libxc record.
  ///
  /// @param at the field's place in the body, in octets; −8 for the header's type, −4 for its
  ///   length
  void at(Rule rule, Frame frame, long at, @Nullable String field, String message) {
    add(rule, Location.of(source, frame, frame.bodyOffset() + at, field), message);
  }

  /// A finding that a libxc record stands where it may not, or at all.
  void placed(Rule rule, Frame frame, String message) {
    at(rule, frame, -8, null, message);
  }

  /// A finding about the body's length.
  void length(Rule rule, Frame frame, String expected) {
    at(rule, frame, -4, "body_length", expected(expected, frame.length()));
  }

  /// A finding at a place outside libxc records.
  void outside(
      Rule rule, long offset, String layer, String part, @Nullable String field, String message) {
    add(rule, Location.of(source, offset, layer, part, field), message);
  }

  /// A finding at a field of a libxl record; `at` as above.
  void at(Rule rule, LibxlFrame frame, long at, @Nullable String field, String message) {
    add(rule, frame.at(source, frame.bodyOffset() + at, field), message);
  }

  /// "expected …, found …".
  static String expected(String expected, Object found) {
    return "expected " + expected + ", found " + found;
  }

  static String hex(long number) {
    return "0x" + Long.toHexString(number);
  }

  List<Finding> findings() {
    return findings;
  }

  Map<Rule, Long> counts() {
    return counts;
  }

  /// The place of the first octet that is not zero, −1 when all are.
  static long firstSet(MemorySegment octets) {
    for (long at = 0; at < octets.byteSize(); at++) {
      if (octets.get(ValueLayout.JAVA_BYTE, at) != 0) {
        return at;
      }
    }
    return -1;
  }
}
