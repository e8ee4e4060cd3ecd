// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import org.xenstream.core.format.Location;

/// Something that the translation of a legacy image did and that no record tells.
///
/// @param kind what it is about
/// @param location where in the legacy image
/// @param text a sentence without its full stop
public record LegacyRemark(Kind kind, Location location, String text) {
  /// What a remark is about. Each but the last has a rule, under whose id a verification reports
  /// it.
  public enum Kind {
    /// Something that had to be guessed, and from what.
    GUESSED,
    /// A block of the extended info that nobody knows was passed over.
    BLOCK_SKIPPED,
    /// Transcendent memory was left out.
    TMEM_SKIPPED,
    /// A chunk that has no place in the modern stream was left out.
    CHUNK_SKIPPED,
    /// What came behind the last complete checkpoint was left out.
    INCOMPLETE_CHECKPOINT,
    /// An HVM guest has no device model behind it.
    NO_DEVICE_MODEL,
    /// Octets that contradict the rest of the image, or what every known saver writes, were taken
    /// all the same.
    ODDITY,
    /// What had to be kept went into a scratch file: no matter of the image.
    SCRATCH_FILE
  }
}
