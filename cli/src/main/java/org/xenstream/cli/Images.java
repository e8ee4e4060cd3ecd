// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.File;
import java.io.IOException;
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
  /// One image to be read.
  ///
  /// @param name as the user gave it, or the path under a folder that he gave
  /// @param walked whether it was found in a folder, where not every file is an image; of an empty
  ///   one nothing tells that it was to be none
  /// @param limits what its lengths are held against
  record Named(String name, boolean walked, Limits limits) {
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
        return ImageReader.open(Path.of(name), limits, ofPipe, legacy);
      }
      if (Console.isPipe(Console.STANDARD_INPUT)) {
        ChannelInput pipe = new ChannelInput("standard input", StandardPipes.input());
        return ImageReader.of(pipe, limits, ofPipe, legacy);
      }
      return ImageReader.standardInput(limits, ofPipe, legacy);
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
    return new Named(name, false, limits).open();
  }

  /// All images that the arguments name, folders walked in the order of their names.
  ///
  /// @param unreadable takes what of a folder cannot be walked: the rest is
  static List<Named> of(ParseResult arguments, Consumer<IOException> unreadable) {
    Limits limits = LimitOption.of(arguments);
    List<Named> images = new ArrayList<>();
    for (String name : arguments.matchedPositionalValue(0, List.<String>of())) {
      Path path = Path.of(name);
      if (name.equals("-") && images.stream().anyMatch(image -> image.name().equals("-"))) {
        throw VerifyVerb.bad(arguments, "standard input can be read once, and is named twice");
      }
      if (name.equals("-") || !Files.isDirectory(path)) {
        images.add(new Named(name, false, limits));
        continue;
      }
      for (Path file : walk(path, unreadable)) {
        images.add(new Named(file.toString(), !isEmpty(file.toFile()), limits));
      }
    }
    return images;
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
  private static boolean isEmpty(File file) {
    return file.length() == 0 && !file.isHidden();
  }
}
