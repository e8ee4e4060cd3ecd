// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Map;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.LegacyReading;
import org.xenstream.core.envelope.LegacyRemark;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/// Where scratch files may be made, and how much of them: what a legacy image with checkpoints has
/// to keep until the next one is complete.
///
/// @param folder that of the options, else of the environment, else the system's own
/// @param limit in octets, or [LegacyReading#BY_GUEST]
record ScratchOptions(Path folder, long limit) {
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

  /// By the options, else by the environment.
  static ScratchOptions of(ParseResult arguments) throws IOException {
    ScratchOptions otherwise = of(System.getenv());
    String folder = arguments.matchedOptionValue("--scratch", (String) null);
    String limit = arguments.matchedOptionValue("--scratch-limit", (String) null);
    return new ScratchOptions(
        folder == null ? otherwise.folder : existing(folder),
        limit == null
            ? otherwise.limit
            : Amounts.option(arguments, "--scratch-limit", () -> octets(limit)));
  }

  /// By the environment alone.
  static ScratchOptions of(Map<String, String> environment) throws IOException {
    String limit = environment.getOrDefault(LIMIT, "");
    try {
      return new ScratchOptions(
          folder(environment), limit.isEmpty() ? LegacyReading.BY_GUEST : octets(limit));
    } catch (IllegalArgumentException e) {
      throw new IOException(LIMIT + ": " + e.getMessage(), e);
    }
  }

  private static Path folder(Map<String, String> environment) throws IOException {
    String own = environment.getOrDefault(FOLDER, "");
    if (!own.isEmpty()) {
      return existing(own);
    }
    // Java itself does not ask for it.
    String temporary = environment.getOrDefault("TMPDIR", "");
    return !temporary.isEmpty() && Files.isDirectory(FileName.path(temporary))
        ? FileName.path(temporary)
        : Path.of(System.getProperty("java.io.tmpdir", "/tmp"));
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
