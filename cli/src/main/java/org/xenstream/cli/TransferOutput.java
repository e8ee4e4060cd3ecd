// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.DomainHeader;
import org.xenstream.core.format.ImageHeader;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.os.Descriptor;
import org.xenstream.os.SystemCallException;
import org.xenstream.transfer.ChannelOutput;
import org.xenstream.transfer.DescriptorOutput;
import org.xenstream.transfer.PageBatch;
import org.xenstream.transfer.Patience;
import org.xenstream.transfer.SaveOutput;

/// Where a save's stream goes: a file that is there whole or not at all; or standard output, a pipe
/// or a device, whose reader may let a suspended guest wait, but no longer than it may.
final class TransferOutput implements AutoCloseable {
  private final String name;
  private final @Nullable OutputFile file;
  private final @Nullable Descriptor descriptor;
  private @Nullable DescriptorOutput opened;
  private boolean failed;

  private TransferOutput(String name, @Nullable OutputFile file, @Nullable Descriptor descriptor) {
    this.name = name;
    this.file = file;
    this.descriptor = descriptor;
  }

  /// Opens an output: `-` is standard output; a pipe, as soon as somebody reads it, or a device is
  /// written as it is.
  @SuppressWarnings("MustBeClosedChecker") // lives as long as the output
  static TransferOutput open(String name) throws IOException {
    Path path = FileName.path(name);
    int number = InheritedDescriptor.numberOf(path);
    if (name.equals("-") || number == Console.STANDARD_OUTPUT) {
      return new TransferOutput(
          "standard output", null, Descriptor.borrow(Console.STANDARD_OUTPUT));
    }
    if (number >= 0) {
      InheritedDescriptor.mustBeWritten(number);
      return new TransferOutput("descriptor " + number, null, Descriptor.borrow(number));
    }
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
      return new Watched(opened);
    }
    if (file == null) {
      throw new IllegalStateException("neither a file nor a descriptor");
    }
    return new Watched(new ChannelOutput(file.channel(), patience, null));
  }

  /// Tells whether it was here that a transfer failed: the system did not take what was written.
  boolean hasFailed() {
    return failed;
  }

  /// Puts the finished file in its place.
  void commit() throws IOException {
    if (file != null) {
      try {
        file.commit();
      } catch (IOException e) {
        throw named(e);
      }
    }
  }

  /// What the system says of a write to a file names none.
  private IOException named(IOException e) {
    boolean nameless = file != null && e.getClass() == IOException.class;
    return nameless ? new FileSystemException(name, null, e.getMessage()) : e;
  }

  private IOException failed(IOException e) {
    failed |= e instanceof SystemCallException || e.getClass() == IOException.class;
    return named(e);
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

  /// Keeps in mind whether the system refused a write: a transfer ends for other reasons, too.
  private final class Watched implements SaveOutput {
    private final SaveOutput out;

    Watched(SaveOutput out) {
      this.out = out;
    }

    @Override
    public void begin(ImageHeader image, DomainHeader domain) throws IOException {
      try {
        out.begin(image, domain);
      } catch (IOException e) {
        throw failed(e);
      }
    }

    @Override
    public void accept(PageBatch batch) throws IOException {
      try {
        out.accept(batch);
      } catch (IOException e) {
        throw failed(e);
      }
    }

    @Override
    public void accept(StreamRecord record) throws IOException {
      try {
        out.accept(record);
      } catch (IOException e) {
        throw failed(e);
      }
    }

    @Override
    public long written() {
      return out.written();
    }

    @Override
    public long unread() {
      return out.unread();
    }
  }
}
