// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a [Judge] says of an image when all of it has been seen.
///
/// @param findings the findings in the order of the image, at most so many of each rule
/// @param counts how often each rule spoke, quoted or not
/// @param target the release for which the image was judged, or null for any
public record Verdict(List<Finding> findings, Map<Rule, Long> counts, @Nullable Release target) {
  public Verdict {
    findings = List.copyOf(findings);
    counts = Map.copyOf(counts);
  }

  /// How many findings of a severity there are, those that are not quoted included.
  public long count(Severity severity) {
    long sum = 0;
    for (Map.Entry<Rule, Long> entry : counts.entrySet()) {
      if (entry.getKey().severity() == severity) {
        sum += entry.getValue();
      }
    }
    return sum;
  }

  /// Tells whether no error was found.
  public boolean isSound() {
    return count(Severity.ERROR) == 0;
  }

  /// Tells whether neither error nor warning was found.
  public boolean isClean() {
    return isSound() && count(Severity.WARNING) == 0;
  }

  /// Tells whether the source is no image at all.
  public boolean isNoImage() {
    return counts.containsKey(Rule.NOT_AN_IMAGE);
  }
}
