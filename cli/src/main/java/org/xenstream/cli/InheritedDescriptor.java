// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.GatheringByteChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.MappedInput;
import org.xenstream.core.format.OctetInput;
import org.xenstream.os.Descriptor;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.DescriptorInput;
import org.xenstream.transfer.Patience;

/// A descriptor that whoever started this process has opened, by its number: libxl hands one over
/// with the image and one for what comes of it.
///
/// A file or a pipe is opened once more by its name in `/proc`, so that it can be mapped and
/// written from files without coming into user space; a file from where the descriptor stands. A
/// socket has no such name and is read and written through the descriptor itself.
///
/// Who may do what is asked of the descriptor all the same, as to open it anew asks the file: a
/// number that was never handed over may be one of this virtual machine's own, such as that of the
/// JDK's classes, which it opens to be read, and which a superuser could write.
final class InheritedDescriptor {
  /// A link for each open descriptor of this process, by its number.
  static final Path OPEN = Path.of("/proc/self/fd");

  private static final Path STATES = Path.of("/proc/self/fdinfo");

  /// What of `flags` tells how a descriptor was opened (`O_ACCMODE` of Linux), and its values.
  private static final int ACCESS = 3;

  private static final int READ_ONLY = 0;
  private static final int WRITE_ONLY = 1;

  /// As many as the kernel follows.
  private static final int MOST_LINKS = 40;

  /// `O_APPEND` of Linux.
  private static final int APPENDS = 0x400;

  private InheritedDescriptor() {}

  /// What can be read of a descriptor, from where it stands on.
  static OctetInput read(int number) throws IOException {
    String name = "descriptor " + number;
    Path file = find(number);
    if (access(number) == WRITE_ONLY) {
      throw new IOException("descriptor " + number + " is not open to be read");
    }
    if (Files.isRegularFile(file)) {
      FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
      try {
        return MappedInput.of(name, channel.position(state(number, "pos", 10)));
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    }
    if (isSocket(file)) {
      return new DescriptorInput(
          name, Descriptor.borrow(number), Patience.endless(new Cancellation(), System::nanoTime));
    }
    return new ChannelInput(name, FileChannel.open(file, StandardOpenOption.READ));
  }

  /// A channel that writes to a descriptor, from where it stands on.
  static GatheringByteChannel write(int number) throws IOException {
    Path file = find(number);
    mustBeWritten(number);
    if (isSocket(file)) {
      return new InheritedOutput("descriptor " + number, Descriptor.borrow(number));
    }
    boolean regular = Files.isRegularFile(file);
    boolean append = regular && (state(number, "flags", 8) & APPENDS) != 0;
    OpenOption how = append ? StandardOpenOption.APPEND : StandardOpenOption.WRITE;
    FileChannel channel = FileChannel.open(file, how);
    return regular && !append ? channel.position(state(number, "pos", 10)) : channel;
  }

  /// The same, and the place in a file moves on for whoever else writes there.
  static GatheringByteChannel writeOn(int number) throws IOException {
    Path file = find(number);
    mustBeWritten(number);
    return Files.isRegularFile(file) || isSocket(file)
        ? new InheritedOutput("descriptor " + number, Descriptor.borrow(number))
        : FileChannel.open(file, StandardOpenOption.WRITE);
  }

  /// The number of the open descriptor to which a path such as `/dev/fd/3` or `/dev/stdout` leads,
  /// or −1: what is written there is written where the descriptor stands.
  static int numberOf(Path path) throws IOException {
    Path end = followed(path);
    return Files.isSymbolicLink(end) ? Integer.parseInt(end.getFileName().toString()) : -1;
  }

  /// Where links lead: to a file, which need not be there yet, or to the link of an open
  /// descriptor.
  static Path followed(Path path) throws IOException {
    Path at = path.toAbsolutePath();
    for (int links = 0; Files.isSymbolicLink(at); links++) {
      Path folder = at.resolveSibling("").toRealPath();
      if (folder.equals(OPEN.toRealPath())) {
        return at;
      }
      if (links == MOST_LINKS) {
        throw new FileSystemException(path.toString(), null, "too many links");
      }
      at = folder.resolve(Files.readSymbolicLink(at));
    }
    return at;
  }

  /// Refuses a descriptor that was opened to be read.
  static void mustBeWritten(int number) throws IOException {
    if (access(number) == READ_ONLY) {
      throw new IOException("descriptor " + number + " is not open to be written");
    }
  }

  private static Path find(int number) throws IOException {
    Path file = OPEN.resolve(Integer.toString(number));
    if (!Files.isSymbolicLink(file)) {
      throw new IOException("descriptor " + number + " is not open");
    }
    return file;
  }

  private static boolean isSocket(Path file) throws IOException {
    return Files.readSymbolicLink(file).toString().startsWith("socket:");
  }

  private static long access(int number) throws IOException {
    return state(number, "flags", 8) & ACCESS;
  }

  /// A number of what the kernel tells of a descriptor.
  private static long state(int number, String key, int radix) throws IOException {
    for (String line : Files.readAllLines(STATES.resolve(Integer.toString(number)))) {
      if (line.startsWith(key + ":")) {
        return Long.parseLong(line.substring(key.length() + 1).strip(), radix);
      }
    }
    throw new IOException("descriptor " + number + ": the kernel does not tell its " + key);
  }
}
