// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.envelope.LegacyReading;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.MappedInput;
import org.xenstream.core.format.PagesShown;
import org.xenstream.os.Descriptor;
import org.xenstream.transfer.DescriptorInput;
import org.xenstream.transfer.Patience;

/// Where a restore's image comes from: a file; or standard input, a pipe or a device, whose writer
/// may be silent for ever, but not beyond the moment when the restore is given up.
final class TransferInput implements AutoCloseable {
  private final String name;
  private final @Nullable Descriptor descriptor;

  private TransferInput(String name, @Nullable Descriptor descriptor) {
    this.name = name;
    this.descriptor = descriptor;
  }

  /// Opens an input: `-` is standard input; a pipe, as soon as somebody writes to it, or a device
  /// is read as it is. A file is opened by whoever reads it.
  @SuppressWarnings("MustBeClosedChecker") // lives as long as the input
  static TransferInput open(String name) throws IOException {
    if (name.equals("-")) {
      if (ImageReader.standardInputIsFile()) {
        return new TransferInput(name, null);
      }
      if (Console.isPipe(Console.STANDARD_INPUT)) {
        StandardPipes.grow();
      }
      return new TransferInput("standard input", Descriptor.borrow(Console.STANDARD_INPUT));
    }
    Path path = FileName.path(name);
    boolean stream = Files.exists(path) && !Files.isRegularFile(path) && !Files.isDirectory(path);
    return new TransferInput(name, stream ? Descriptor.openToRead(path) : null);
  }

  /// Reads the image in it.
  ///
  /// @param patience how long its writer is waited for
  ImageReader read(Patience patience, LegacyReading legacy) throws IOException {
    if (descriptor == null) {
      ImageReader image = new Images.Named(name, Limits.DEFAULT).open(PagesShown.IN_VIEW, legacy);
      if (image.source() instanceof MappedInput file) {
        file.timeLumps(System::nanoTime);
      }
      return image;
    }
    DescriptorInput input = new DescriptorInput(name, descriptor, patience);
    return ImageReader.of(input, Limits.DEFAULT, PagesShown.IN_VIEW, legacy);
  }

  @Override
  public void close() {
    if (descriptor != null) {
      descriptor.close();
    }
  }
}
