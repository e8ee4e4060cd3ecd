// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.xenstream.transfer.sim.GuestFault.Kind;

/// How a guest is, by its own check.
///
/// @param pages how many pages were looked at
/// @param written how many of them are data pages that were written at least once
/// @param counts how many faults there are of each kind; kinds without any are left out
/// @param first the first faults, at most [#FIRST]
public record GuestReport(
    long pages, long written, Map<Kind, Long> counts, List<GuestFault> first) {
  /// How many faults are told in full.
  static final int FIRST = 32;

  /// Copies what it is given.
  public GuestReport {
    EnumMap<Kind, Long> copy = new EnumMap<>(Kind.class);
    copy.putAll(counts);
    counts = java.util.Collections.unmodifiableMap(copy);
    first = List.copyOf(first);
  }

  /// Tells whether nothing at all was found.
  public boolean isClean() {
    return counts.isEmpty();
  }

  /// Tells whether the guest is whole: there may be pages too many ([Kind#EXTRA]), which do not
  /// harm it.
  public boolean survived() {
    return counts.keySet().stream().allMatch(kind -> kind == Kind.EXTRA);
  }

  /// How many faults of a kind there are.
  public long count(Kind kind) {
    return counts.getOrDefault(kind, 0L);
  }

  @Override
  public String toString() {
    if (isClean()) {
      return "%d pages, %d of them written, all as they should be".formatted(pages, written);
    }
    StringBuilder text =
        new StringBuilder("%d pages, %d of them written: ".formatted(pages, written));
    text.append(counts);
    first.forEach(fault -> text.append('\n').append(fault));
    return text.toString();
  }
}
