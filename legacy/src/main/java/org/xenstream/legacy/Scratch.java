// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.LegacyReading;
import org.xenstream.core.envelope.ScratchException;
import org.xenstream.core.format.Location;

/// Scratch files, and how much of them there may be. A file has no name any more as soon as it is
/// open: however the process ends, it is gone.
final class Scratch {
  /// A saver sends each page once in a checkpoint, which wait until it is complete, and with
  /// compression, or where that is asked for, each page is kept once.
  private static final int COPIES = 2;

  /// What the tails of two checkpoints of an HVM guest can have, which wait as well.
  private static final long TAILS = 2 * (HvmTail.MOST + DeviceModelTail.MOST);

  private final Path folder;
  private final long limit;
  private final long ofGuest;
  private final Notes notes;
  private boolean told;
  private long room = Long.MAX_VALUE;
  private long held;
  private long written;

  /// @param limit in octets, or [LegacyReading#BY_GUEST]
  /// @param p2mSize how many pages the guest can have
  Scratch(@Nullable Path folder, long limit, long p2mSize, Notes notes) {
    this.folder = folder == null ? Path.of(System.getProperty("java.io.tmpdir", "/tmp")) : folder;
    this.limit = limit;
    this.ofGuest = COPIES * p2mSize * Layout.PAGE + TAILS;
    this.notes = notes;
  }

  /// A new file.
  ///
  /// @param why what is kept in it, for the note that the first one is worth
  FileChannel open(Location where, String why) throws IOException {
    Path file = create();
    try {
      if (!told) {
        told = true;
        notes.add(LegacyNote.Kind.SCRATCH_FILE, where, why + " in a scratch file in " + folder);
        room = Files.getFileStore(folder).getUsableSpace();
      }
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

  private Path create() throws ScratchException {
    try {
      return Files.createTempFile(folder, "xenstream", ".scratch");
    } catch (IOException e) {
      String why =
          switch (e) {
            case NoSuchFileException _ -> "no such folder";
            case AccessDeniedException _ -> "permission denied";
            case FileSystemException file when file.getReason() != null -> file.getReason();
            default -> e.toString();
          };
      throw new ScratchException(
          "a scratch file of this image cannot be made in %s: %s".formatted(folder, why), e);
    }
  }

  /// Asks for room before it is used. Where nobody has said how much there may be, it is what a
  /// guest of this size can need, and no more than half of the room that there was: how large the
  /// guest is, the image says itself.
  ///
  /// @throws ScratchException when there would be more than the limit
  void claim(long octets) throws ScratchException {
    if (limit != LegacyReading.BY_GUEST) {
      hold(octets, limit, "that they may have");
    } else {
      hold(octets, ofGuest, "that twice the memory of its guest has");
      hold(octets, room / 2, "that are half of the room there");
    }
    held += octets;
    written += octets;
  }

  private void hold(long octets, long most, String which) throws ScratchException {
    if (octets > most - held) {
      throw new ScratchException(
          "the scratch files of this image in %s need more than the %d octets %s"
              .formatted(folder, most, which));
    }
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
