// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.GatheringByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.MappedInput;
import org.xenstream.core.format.OctetInput;

/// A file that is there whole or not at all: written beside its place and renamed when it is done.
/// What is left unfinished, by a failure or an interrupt, is deleted.
///
/// It is made for its owner alone: an image holds a guest's memory.
final class OutputFile implements AutoCloseable {
  /// Below that a thread of its own is not worth while.
  private static final long WORTH_A_THREAD = 1L << 19;

  /// Octets that a name can have.
  private static final int LONGEST_NAME = 255;

  /// Octets of a name that leave room for a number and more.
  private static final int LONG_NAME = 200;

  private final GatheringByteChannel channel;
  private final @Nullable Unfinished unfinished;
  private @Nullable WriteBehind behind;

  private OutputFile(GatheringByteChannel channel, @Nullable Unfinished unfinished) {
    this.channel = channel;
    this.unfinished = unfinished;
  }

  /// What is written beside its place.
  private record Unfinished(FileChannel file, Path target, Path partial, Thread onExit) {}

  /// The name that somebody gave; `-` for every one that leads to standard output, as `/dev/stdout`
  /// does, in a file or not: what else goes there is another matter then.
  static String name(String given) throws IOException {
    return !given.isEmpty()
            && InheritedDescriptor.numberOf(FileName.path(given)) == Console.STANDARD_OUTPUT
        ? "-"
        : given;
  }

  /// Opens an output: `-` is standard output; a pipe, a device or an open descriptor
  /// (`/dev/stdout`, `/dev/fd/3`) is written as it is.
  @SuppressWarnings("resource") // the channel lives as long as the output
  static OutputFile open(String name) throws IOException {
    Path path = FileName.path(name);
    Path target = InheritedDescriptor.followed(path);
    int number = InheritedDescriptor.numberOf(target);
    if (name.equals("-") || number == Console.STANDARD_OUTPUT) {
      return new OutputFile(StandardPipes.output(), null);
    }
    if (number >= 0) {
      return new OutputFile(InheritedDescriptor.writeOn(number), null);
    }
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      return new OutputFile(FileChannel.open(path, StandardOpenOption.WRITE), null);
    }
    Path partial = target.resolveSibling(partialName(target));
    Path folder = target.getParent();
    if (folder != null && !Files.isDirectory(folder)) {
      throw new NotDirectoryException(folder.toString());
    }
    FileChannel channel =
        FileChannel.open(
            partial,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Thread onExit = new Thread(() -> delete(partial), "unfinished output");
    Runtime.getRuntime().addShutdownHook(onExit);
    return new OutputFile(channel, new Unfinished(channel, target, partial, onExit));
  }

  /// Besides a name that is long already there is no room for more.
  private static String partialName(Path target) throws FileSystemException {
    String name = String.valueOf(target.getFileName());
    int length = name.getBytes(StandardCharsets.UTF_8).length;
    if (length > LONGEST_NAME) {
      throw new FileSystemException(target.toString(), null, "File name too long");
    }
    boolean isLong = length > LONG_NAME;
    return "." + (isLong ? "xenstream" : name) + "." + ProcessHandle.current().pid() + ".partial";
  }

  /// Where to write.
  GatheringByteChannel channel() {
    return behind != null ? behind : channel;
  }

  /// Where to write what mostly comes out of one input.
  GatheringByteChannel channel(OctetInput from) throws IOException {
    if (behind == null
        && unfinished != null
        && from instanceof MappedInput input
        && input.size() >= WORTH_A_THREAD) {
      behind = WriteBehind.on(unfinished.file());
    }
    return channel();
  }

  /// Puts the finished file in its place.
  void commit() throws IOException {
    if (behind != null) {
      behind.finish();
    }
    if (unfinished != null) {
      unfinished.file().force(false);
      unfinished.file().close();
      Files.move(unfinished.partial(), unfinished.target(), StandardCopyOption.ATOMIC_MOVE);
    }
  }

  /// Closes the output, and deletes what was not committed.
  @Override
  public void close() throws IOException {
    if (unfinished == null) {
      return;
    }
    if (behind != null) {
      behind.close();
    }
    unfinished.file().close();
    delete(unfinished.partial());
    try {
      Runtime.getRuntime().removeShutdownHook(unfinished.onExit());
    } catch (IllegalStateException e) {
      // The process ends already, and the hook does the same.
    }
  }

  private static void delete(Path partial) {
    try {
      Files.deleteIfExists(partial);
    } catch (IOException e) {
      // Nobody is left to be told; the name says what it is.
    }
  }
}
