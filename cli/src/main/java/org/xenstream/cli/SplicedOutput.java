// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.TakingChannel;
import org.xenstream.os.FileSplice;

/// A file that is written, into which the octets of another one are moved through a pipe of a
/// mebibyte: a tenth faster than what the virtual machine asks the system for, which uses a smaller
/// one.
///
/// What is needed for that takes a while to make ready; until it is, and where it cannot be, they
/// are moved as the virtual machine does it.
final class SplicedOutput implements TakingChannel {
  private static final int PIPE = 1 << 20;

  private final FileChannel out;
  private final FileChannel from;
  private final Thread preparing;
  private volatile @Nullable FileSplice splice;

  private SplicedOutput(FileChannel out, Path outFile, FileChannel from, Path fromFile) {
    this.out = out;
    this.from = from;
    this.preparing =
        Thread.ofPlatform().daemon().name("splice").unstarted(() -> prepare(outFile, fromFile));
  }

  /// Begins to make it ready.
  ///
  /// @param out the file that is written; closed with the channel
  /// @param outFile where it is
  /// @param from the file whose octets are moved, those of others as ever; stays the caller's, and
  ///   open as long as the channel is used
  /// @param fromFile where that one is
  static SplicedOutput of(FileChannel out, Path outFile, FileChannel from, Path fromFile) {
    SplicedOutput output = new SplicedOutput(out, outFile, from, fromFile);
    output.preparing.start();
    return output;
  }

  private void prepare(Path outFile, Path fromFile) {
    try {
      int number = descriptor(fromFile);
      int outNumber = descriptor(outFile);
      if (number >= 0 && outNumber >= 0) {
        splice = FileSplice.open(number, outNumber, PIPE);
      }
    } catch (IOException | RuntimeException e) {
      // It goes the other way as well.
    }
  }

  /// Tells whether octets go through the pipe.
  boolean isReady() {
    return splice != null;
  }

  /// Waits until it is ready, or will never be.
  void awaitEnd() throws InterruptedException {
    preparing.join();
  }

  /// The descriptor of a file that this process has open, or −1: a channel does not tell its own.
  /// That a file was put in another one's place meanwhile is no harm: nobody has that one open.
  private static int descriptor(Path file) throws IOException {
    Object key = key(file);
    if (key == null) {
      return -1;
    }
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(InheritedDescriptor.OPEN)) {
      for (Path descriptor : descriptors) {
        if (key.equals(key(descriptor))) {
          return Integer.parseInt(descriptor.getFileName().toString());
        }
      }
    }
    return -1;
  }

  private static @Nullable Object key(Path file) {
    try {
      return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    } catch (IOException e) {
      return null;
    }
  }

  @Override
  public long takeFrom(FileChannel file, long position, long most) throws IOException {
    FileSplice ready = splice;
    if (ready != null && file.equals(from)) {
      long taken = ready.move(position, most);
      if (taken > 0) {
        return taken;
      }
    }
    return file.transferTo(position, most, out);
  }

  @Override
  public int write(ByteBuffer octets) throws IOException {
    return out.write(octets);
  }

  @Override
  public long write(ByteBuffer[] octets) throws IOException {
    return out.write(octets);
  }

  @Override
  public long write(ByteBuffer[] octets, int offset, int length) throws IOException {
    return out.write(octets, offset, length);
  }

  @Override
  public boolean isOpen() {
    return out.isOpen();
  }

  /// Closes the file. The pipe ends with the process, which has no other use for it.
  @Override
  public void close() throws IOException {
    out.close();
  }
}
