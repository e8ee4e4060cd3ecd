// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

/// Is told what a translation did besides.
@FunctionalInterface
public interface LegacyListener {
  /// Somebody who does not care.
  LegacyListener NONE = _ -> {};

  /// Something happened. Called by the thread that reads, from within [LegacySource#open] and
  /// [LegacySource#next].
  void note(LegacyNote note);
}
