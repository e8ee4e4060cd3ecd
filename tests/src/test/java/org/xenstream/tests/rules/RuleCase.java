// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests.rules;

import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Limits;
import org.xenstream.core.verify.Release;
import org.xenstream.core.verify.Rule;

/// An image, and all that one rule says of it.
///
/// @param rule the rule that has to speak
/// @param image the image's octets
/// @param target the release to judge for, or null
/// @param limits what the reader holds lengths against
/// @param said each finding of the rule behind its severity and id, one a line
@SuppressWarnings("ArrayRecordComponent") // the octets are compared with nothing
record RuleCase(Rule rule, byte[] image, @Nullable Release target, Limits limits, String said) {
  static RuleCase of(Rule rule, byte[] image, String... said) {
    return new RuleCase(rule, image, null, Limits.DEFAULT, String.join("\n", said));
  }

  static RuleCase of(Rule rule, Recipe recipe, String... said) {
    return of(rule, recipe.octets(), said);
  }

  static RuleCase of(Rule rule, Release target, Recipe recipe, String... said) {
    return new RuleCase(rule, recipe.octets(), target, Limits.DEFAULT, String.join("\n", said));
  }

  @Override
  public String toString() {
    return rule.id() + (target == null ? "" : " for " + target);
  }
}
