// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

/// How much a finding weighs.
public enum Severity {
  /// No conforming reader may accept the image, or the reference restore refuses it.
  ERROR,
  /// Tolerated by the reference restore, but a saver must not write it.
  WARNING,
  /// Worth knowing; nothing is wrong.
  NOTE;

  /// "error", "warning", "note".
  public String word() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
