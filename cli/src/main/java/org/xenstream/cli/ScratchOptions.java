// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.LegacyReading;
import org.xenstream.core.envelope.LegacyRemark;
import org.xenstream.core.envelope.ScratchException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/// Where scratch files may be made, and how much of them: what a legacy image with checkpoints has
/// to keep until the next one is complete.
///
/// What the environment says is of no consequence where an option says otherwise, or no scratch
/// file is needed: what is wrong with it is told when one is.
///
/// @param folder that of the options, else of the environment, else the system's own
/// @param limit in octets, or [LegacyReading#BY_GUEST]
/// @param advice what is wrong with the environment, or what allows more
record ScratchOptions(Path folder, long limit, String advice) {
  private static final String FOLDER = "XENSTREAM_SCRATCH";
  private static final String LIMIT = "XENSTREAM_SCRATCH_LIMIT";

  /// Adds the options to a verb.
  ///
  /// @param besides what the folder is used for besides, with its comma, or nothing
  static void addTo(CommandSpec spec, String besides) {
    spec.addOption(
        Verb.value(
            "--scratch",
            "FOLDER",
            "Where scratch files may be made that legacy images with checkpoints can need"
                + besides
                + ". Default: $XENSTREAM_SCRATCH, $TMPDIR, or the system's folder for temporary"
                + " files."));
    spec.addOption(
        Verb.value(
            "--scratch-limit",
            "SIZE",
            "How much a legacy image may have of them: 512M, 4GiB. Default:"
                + " $XENSTREAM_SCRATCH_LIMIT, or twice the memory of its guest, and no more than"
                + " half of the room there."));
  }

  /// What somebody has asked for.
  ///
  /// @param problem why it cannot be, or null
  private record Asked<T>(T value, @Nullable String problem) {}

  /// By the options, else by the environment.
  static ScratchOptions of(ParseResult arguments) throws IOException {
    String folder = arguments.matchedOptionValue("--scratch", (String) null);
    String limit = arguments.matchedOptionValue("--scratch-limit", (String) null);
    return of(
        folder == null ? folder(System.getenv()) : new Asked<>(existing(folder), null),
        limit == null
            ? limit(System.getenv())
            : new Asked<>(Verb.taken(arguments, "--scratch-limit", () -> octets(limit)), null),
        "--scratch-limit allows more, --scratch another folder");
  }

  /// By the environment alone.
  static ScratchOptions of(Map<String, String> environment) {
    return of(
        folder(environment),
        limit(environment),
        LIMIT + " allows more, " + FOLDER + " another folder");
  }

  private static ScratchOptions of(Asked<Path> folder, Asked<Long> limit, String advice) {
    String problem = folder.problem == null ? limit.problem : folder.problem;
    return new ScratchOptions(folder.value, limit.value, problem == null ? advice : problem);
  }

  private static Asked<Path> folder(Map<String, String> environment) {
    String own = environment.getOrDefault(FOLDER, "");
    if (!own.isEmpty()) {
      Path folder = path(own);
      return new Asked<>(folder, Files.isDirectory(folder) ? null : FOLDER + " names no folder");
    }
    // Java itself does not ask for it.
    String temporary = environment.getOrDefault("TMPDIR", "");
    return new Asked<>(
        !temporary.isEmpty() && Files.isDirectory(path(temporary))
            ? path(temporary)
            : Path.of(System.getProperty("java.io.tmpdir", "/tmp")),
        null);
  }

  /// A folder by its name; where that is no text in this locale, one that cannot be.
  private static Path path(String name) {
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      return Path.of("/dev/null/?");
    }
  }

  /// Of what is no size nothing is allowed.
  private static Asked<Long> limit(Map<String, String> environment) {
    String limit = environment.getOrDefault(LIMIT, "");
    try {
      return new Asked<>(limit.isEmpty() ? LegacyReading.BY_GUEST : octets(limit), null);
    } catch (IllegalArgumentException e) {
      return new Asked<>(0L, LIMIT + ": " + e.getMessage());
    }
  }

  private static Path existing(String folder) throws IOException {
    Path path = FileName.path(folder);
    if (!Files.isDirectory(path)) {
      throw new NotDirectoryException(folder);
    }
    return path;
  }

  private static Long octets(String size) {
    return (long) Amounts.size(size);
  }

  /// Says besides how more could be had.
  IOException explained(ScratchException e) {
    return new IOException(e.getMessage() + " (" + advice + ")", e);
  }

  /// How a legacy image is read on.
  LegacyReading reading(boolean everyCheckpoint) {
    return new LegacyReading(everyCheckpoint, folder, limit);
  }

  /// Tells that a scratch file is made.
  static void tell(ImageItem item, Console console) {
    if (item instanceof ImageItem.Remarked(var remark)
        && remark.kind() == LegacyRemark.Kind.SCRATCH_FILE) {
      console.complain(remark.location() + ": " + remark.text());
    }
  }
}
