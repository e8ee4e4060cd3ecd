// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import org.xenstream.core.format.Location;

/// One thing that a rule has to say about one place of an image.
///
/// @param rule the rule
/// @param location the place
/// @param message what was expected and what was found, in a line
public record Finding(Rule rule, Location location, String message) {
  /// How much it weighs.
  public Severity severity() {
    return rule.severity();
  }

  /// `error XS0310-static-data-end-missing domain.img @0x2a08 (record #3 PAGE_DATA): …`
  @Override
  public String toString() {
    return "%s %s %s: %s".formatted(severity().word(), rule.id(), location, message);
  }
}
