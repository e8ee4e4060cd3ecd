// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.envelope.LegacyReading;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.PagesShown;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/// The images that a command line names: files, folders that are walked, and `-` for standard
/// input.
final class Images {
  private static final Path STANDARD_INPUT = Path.of("/dev/stdin");

  /// One image to be read.
  ///
  /// @param name as the user gave it, or the path under a folder that he gave
  /// @param found the file where it was found in a folder: its name may be no text; null where the
  ///   user named it
  /// @param walked whether it was found in a folder, where not every file is an image; of an empty
  ///   one nothing tells that it was to be none
  /// @param limits what its lengths are held against
  record Named(String name, @Nullable Path found, boolean walked, Limits limits) {
    /// One that the user named.
    Named(String name, Limits limits) {
      this(name, null, false, limits);
    }

    /// Opens it.
    ImageReader open() throws IOException {
      return open(PagesShown.IN_VIEW);
    }

    /// Opens it, and tells what is done with pages that come through a pipe.
    ImageReader open(PagesShown ofPipe) throws IOException {
      return open(ofPipe, LegacyReading.CHECKPOINTS);
    }

    /// The same, and tells how a legacy image is read on.
    ImageReader open(PagesShown ofPipe, LegacyReading legacy) throws IOException {
      if (!name.equals("-")) {
        Path file = found == null ? FileName.path(name) : found;
        mustBeNoFolder(name, file);
        return ImageReader.open(file, limits, ofPipe, legacy);
      }
      mustBeNoFolder("standard input", STANDARD_INPUT);
      if (Console.isPipe(Console.STANDARD_INPUT)) {
        ChannelInput pipe = new ChannelInput("standard input", StandardPipes.input());
        return ImageReader.of(pipe, limits, ofPipe, legacy);
      }
      return ImageReader.standardInput(limits, ofPipe, legacy);
    }

    /// A folder can be opened, and what the system says when it is read names none.
    private static void mustBeNoFolder(String name, Path file) throws FileSystemException {
      if (Files.isDirectory(file)) {
        throw new FileSystemException(name, null, "Is a directory");
      }
    }
  }

  private Images() {}

  /// Adds the arguments to a verb.
  static void addTo(CommandSpec spec, String arity, String... description) {
    LimitOption.addTo(spec);
    spec.addPositional(
        PositionalParamSpec.builder()
            .index("0..*")
            .arity(arity)
            .required(true)
            .paramLabel("IMAGE")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .description(description)
            .build());
  }

  /// Opens one image; `-` is standard input.
  static ImageReader open(String name, Limits limits) throws IOException {
    return new Named(name, limits).open();
  }

  /// All images that the arguments name, folders walked in the order of their names.
  ///
  /// @param unreadable takes what of a folder cannot be walked: the rest is
  static List<Named> of(ParseResult arguments, Consumer<IOException> unreadable) {
    Limits limits = LimitOption.of(arguments);
    List<Named> images = new ArrayList<>();
    for (String name : arguments.matchedPositionalValue(0, List.<String>of())) {
      if (name.equals("-") && images.stream().anyMatch(image -> image.name().equals("-"))) {
        throw VerifyVerb.bad(arguments, "standard input can be read once, and is named twice");
      }
      Path folder = folder(name);
      if (folder == null) {
        images.add(new Named(name, limits));
        continue;
      }
      for (Path file : walk(folder, unreadable)) {
        images.add(new Named(file.toString(), file, !isEmpty(file), limits));
      }
    }
    return images;
  }

  /// The folder of a name, or null where it means none; why it means nothing is learnt by whoever
  /// opens it.
  private static @Nullable Path folder(String name) {
    try {
      Path path = FileName.path(name);
      return !name.equals("-") && Files.isDirectory(path) ? path : null;
    } catch (FileSystemException e) {
      return null;
    }
  }

  private static List<Path> walk(Path folder, Consumer<IOException> unreadable) {
    List<Path> files = new ArrayList<>();
    try {
      // A walk does not follow a link that it starts at; what the link leads to is no link.
      Path start = folder.toRealPath();
      Files.walkFileTree(
          start,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              if (attributes.isRegularFile() || Files.isRegularFile(file)) {
                files.add(folder.resolve(start.relativize(file)));
              }
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException failure) {
              unreadable.accept(failure);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path file, @Nullable IOException failure) {
              if (failure != null) {
                unreadable.accept(failure);
              }
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      unreadable.accept(e);
    }
    files.sort(null);
    return files;
  }

  /// Tells whether a file has no octets, as a save leaves one that the disk had no room for. A
  /// hidden one marks a folder.
  private static boolean isEmpty(Path file) {
    try {
      return Files.size(file) == 0 && !Files.isHidden(file);
    } catch (IOException e) {
      return false;
    }
  }
}
