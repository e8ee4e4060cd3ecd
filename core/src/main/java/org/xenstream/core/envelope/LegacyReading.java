// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// How a legacy image is read on.
///
/// @param everyCheckpoint whether an image with several states (Remus) is given as a stream of
///   checkpoints, else only the last complete one
/// @param scratchFolder where scratch files may be made, or null for the system's own folder
/// @param scratchLimit how many octets of scratch files may be written at most
public record LegacyReading(
    boolean everyCheckpoint, @Nullable Path scratchFolder, long scratchLimit) {
  /// Every checkpoint as it comes.
  public static final LegacyReading CHECKPOINTS = new LegacyReading(true, null, Long.MAX_VALUE);

  /// The last complete state alone.
  public static final LegacyReading LAST = new LegacyReading(false, null, Long.MAX_VALUE);
}
