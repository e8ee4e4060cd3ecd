// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.migrate;

import java.util.function.BooleanSupplier;
import org.xenstream.transfer.Cancellation;

/// What the toolstacks of a COLO pair tell each other beside the stream (the COLO_CONTEXT records
/// of libxl, `libxl_colo_save.c` and `libxl_colo_restore.c`): the primary asks for a checkpoint,
/// the secondary says that it runs again.
final class ColoPair {
  private static final long LOOK_MILLIS = 20;

  private final Cancellation cancellation;
  private int asked;
  private int running;
  private boolean ended;

  ColoPair(Cancellation cancellation) {
    this.cancellation = cancellation;
  }

  /// The primary wants the next checkpoint.
  synchronized void ask() {
    asked++;
    notifyAll();
  }

  /// The secondary waits until checkpoint `number` is wanted.
  ///
  /// @return false when the primary is gone
  synchronized boolean awaitAsked(int number) {
    return await(() -> asked >= number);
  }

  /// The secondary runs from a checkpoint.
  synchronized void nowRunning() {
    running++;
    notifyAll();
  }

  /// The primary waits until the secondary has begun to run for the `number`th time.
  ///
  /// @return false when the secondary is gone
  synchronized boolean awaitRunning(int number) {
    return await(() -> running >= number);
  }

  /// One of the two is gone, or wants no more.
  synchronized void end() {
    ended = true;
    notifyAll();
  }

  /// Waits until something holds; never for longer than a moment at a time, since a cancellation
  /// notifies nobody here.
  private boolean await(BooleanSupplier holds) {
    try {
      while (!holds.getAsBoolean() && !ended && !cancellation.isCancelled()) {
        wait(LOOK_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return holds.getAsBoolean();
  }
}
