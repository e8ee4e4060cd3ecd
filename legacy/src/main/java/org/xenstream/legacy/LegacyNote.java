// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import org.xenstream.core.format.Location;

/// Something that a translation did and that its user may want to know.
///
/// @param kind what it is about
/// @param location where in the legacy image
/// @param text a sentence without its full stop
public record LegacyNote(Kind kind, Location location, String text) {
  /// What a note is about.
  public enum Kind {
    /// A claim about width or kind contradicts the content, which decided.
    CLAIM_OVERRULED,
    /// Something that had to be guessed, and from what.
    GUESSED,
    /// A block of the extended info that nobody knows was passed over.
    BLOCK_SKIPPED,
    /// Transcendent memory was left out: no Xen of today takes it.
    TMEM_SKIPPED,
    /// A chunk that has no place in the modern stream was left out.
    CHUNK_SKIPPED,
    /// Several states were read, and which are given.
    CHECKPOINTS,
    /// What came behind the last complete checkpoint was left out.
    INCOMPLETE_CHECKPOINT,
    /// What had to be kept went into a scratch file.
    SCRATCH_FILE,
    /// An HVM guest has no device model behind it.
    NO_DEVICE_MODEL,
    /// Octets that contradict the rest of the image, or what every known saver writes, were taken
    /// all the same.
    ODDITY
  }

  @Override
  public String toString() {
    return location + ": " + text;
  }
}
