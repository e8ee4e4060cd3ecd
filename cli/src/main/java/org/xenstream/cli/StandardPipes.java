// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.PassingChannel;
import org.xenstream.os.Errno;
import org.xenstream.os.PipeSize;
import org.xenstream.os.Splice;

/// The pipes through which an image comes in and goes out.
final class StandardPipes {
  /// What the kernel allows without privilege unless it was told otherwise.
  private static final int OCTETS = 1 << 20;

  private static final FileChannel OUTPUT = new FileOutputStream(FileDescriptor.out).getChannel();
  private static final AtomicBoolean GROWN = new AtomicBoolean();

  /// From one to the other; null as long as it is not made ready, and when it turned out to be
  /// impossible.
  private static final AtomicReference<@Nullable Splice> SPLICE = new AtomicReference<>();

  private StandardPipes() {}

  /// Makes them larger, so that the processes at both ends wait for each other less often. The
  /// first call into the system takes a while to make ready; meanwhile the transfer is under way.
  static void grow() {
    if ((Console.isPipe(Console.STANDARD_INPUT) || Console.isPipe(Console.STANDARD_OUTPUT))
        && GROWN.compareAndSet(false, true)) {
      Thread.ofPlatform()
          .daemon()
          .name("standard pipes")
          .start(() -> {
            // Whatever is no pipe stays as it is.
            int _ = PipeSize.grow(Console.STANDARD_INPUT, OCTETS);
            int _ = PipeSize.grow(Console.STANDARD_OUTPUT, OCTETS);
            SPLICE.set(new Splice(Console.STANDARD_INPUT, Console.STANDARD_OUTPUT));
          });
    }
  }

  /// Standard output, to which an image is written.
  static FileChannel output() {
    grow();
    return OUTPUT;
  }

  /// Standard input, which is no regular file: what is moved from it to [#output] stays in the
  /// kernel where one of them is a pipe.
  static PassingChannel input() {
    grow();
    return new Input(new FileInputStream(FileDescriptor.in).getChannel());
  }

  private record Input(FileChannel channel) implements PassingChannel {
    @Override
    public int read(ByteBuffer into) throws IOException {
      return channel.read(into);
    }

    /// Why octets cannot be moved is learnt by whoever then copies them.
    @Override
    public long passTo(WritableByteChannel to, long most) {
      Splice splice = OUTPUT.equals(to) ? SPLICE.get() : null;
      if (splice == null) {
        return 0;
      }
      long moved = splice.move(most);
      if (moved < 0 && moved != -Errno.EAGAIN) {
        SPLICE.set(null);
      }
      return Math.max(0, moved);
    }

    @Override
    public boolean isOpen() {
      return channel.isOpen();
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
