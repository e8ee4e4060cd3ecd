// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Location;

/// Scratch files, and how much of them there may be. A file has no name any more as soon as it is
/// open: however the process ends, it is gone.
final class Scratch {
  private final @Nullable Path folder;
  private final long limit;
  private final Notes notes;
  private boolean told;
  private long held;
  private long written;

  Scratch(@Nullable Path folder, long limit, Notes notes) {
    this.folder = folder;
    this.limit = limit;
    this.notes = notes;
  }

  /// A new file.
  ///
  /// @param why what is kept in it, for the note that the first one is worth
  FileChannel open(Location where, String why) throws IOException {
    Path place = folder == null ? Path.of(System.getProperty("java.io.tmpdir", "/tmp")) : folder;
    if (!told) {
      told = true;
      notes.add(LegacyNote.Kind.SCRATCH_FILE, where, why + " in a scratch file in " + place);
    }
    Path file = Files.createTempFile(place, "xenstream", ".scratch");
    try {
      return FileChannel.open(
          file,
          Set.of(
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.SPARSE,
              StandardOpenOption.DELETE_ON_CLOSE));
    } catch (IOException | RuntimeException e) {
      Files.deleteIfExists(file);
      throw e;
    }
  }

  /// Asks for room before it is used.
  ///
  /// @throws IOException when there would be more than the limit
  void claim(long octets) throws IOException {
    if (octets > limit - held) {
      throw new IOException(
          "the scratch files of this image need more than the %d octets that they may have"
              .formatted(limit));
    }
    held += octets;
    written += octets;
  }

  /// Gives room back.
  void free(long octets) {
    held -= octets;
  }

  /// How much was ever asked for.
  long written() {
    return written;
  }
}
