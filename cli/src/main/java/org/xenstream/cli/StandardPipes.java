// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.util.concurrent.atomic.AtomicBoolean;
import org.xenstream.os.PipeSize;

/// The pipes through which an image comes in and goes out.
final class StandardPipes {
  /// What the kernel allows without privilege unless it was told otherwise.
  private static final int OCTETS = 1 << 20;

  private static final AtomicBoolean GROWN = new AtomicBoolean();

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
          });
    }
  }
}
