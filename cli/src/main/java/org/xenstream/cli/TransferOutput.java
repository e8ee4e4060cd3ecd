// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.xenstream.os.Descriptor;
import org.xenstream.transfer.ChannelOutput;
import org.xenstream.transfer.DescriptorOutput;
import org.xenstream.transfer.Patience;
import org.xenstream.transfer.SaveOutput;

/// Where a save's stream goes: a file that is there whole or not at all; or standard output, a pipe
/// or a device, whose reader may let a suspended guest wait, but no longer than it may.
final class TransferOutput implements AutoCloseable {
  private final String name;
  private final @Nullable OutputFile file;
  private final @Nullable Descriptor descriptor;
  private @Nullable DescriptorOutput opened;

  private TransferOutput(String name, @Nullable OutputFile file, @Nullable Descriptor descriptor) {
    this.name = name;
    this.file = file;
    this.descriptor = descriptor;
  }

  /// Opens an output: `-` is standard output; a pipe, as soon as somebody reads it, or a device is
  /// written as it is.
  @SuppressWarnings("MustBeClosedChecker") // lives as long as the output
  static TransferOutput open(String name) throws IOException {
    if (name.equals("-")) {
      return new TransferOutput(
          "standard output", null, Descriptor.borrow(Console.STANDARD_OUTPUT));
    }
    Path path = FileName.path(name);
    return Files.exists(path) && !Files.isRegularFile(path)
        ? new TransferOutput(name, null, Descriptor.openToWrite(path))
        : new TransferOutput(name, OutputFile.open(name), null);
  }

  /// Where to write.
  ///
  /// @param patience how long its reader is waited for
  SaveOutput to(Patience patience) throws IOException {
    if (descriptor != null) {
      opened = new DescriptorOutput(name, descriptor, patience, null);
      return opened;
    }
    if (file == null) {
      throw new IllegalStateException("neither a file nor a descriptor");
    }
    return new ChannelOutput(file.channel(), patience, null);
  }

  /// Puts the finished file in its place.
  void commit() throws IOException {
    if (file != null) {
      file.commit();
    }
  }

  /// Closes the output, and deletes what was not committed.
  @Override
  public void close() throws IOException {
    if (opened != null) {
      opened.close();
    } else if (descriptor != null) {
      descriptor.close();
    }
    if (file != null) {
      file.close();
    }
  }
}
