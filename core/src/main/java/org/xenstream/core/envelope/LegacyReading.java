// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// How a legacy image is read on.
///
/// @param everyCheckpoint whether an image with several states (Remus) is given as a stream of
///   checkpoints, else only the last complete one
/// @param scratchFolder where scratch files may be made, or null for the system's own folder
/// @param scratchLimit how many octets scratch files may have at most, or [#BY_GUEST]
public record LegacyReading(
    boolean everyCheckpoint, @Nullable Path scratchFolder, long scratchLimit) {
  /// As a limit: what a guest of its size can need, and no more than half of the room in the
  /// folder.
  public static final long BY_GUEST = -1;

  /// Every checkpoint as it comes.
  public static final LegacyReading CHECKPOINTS = new LegacyReading(true, null, BY_GUEST);

  /// The last complete state alone.
  public static final LegacyReading LAST = new LegacyReading(false, null, BY_GUEST);
}
