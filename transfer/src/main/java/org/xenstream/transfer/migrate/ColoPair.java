// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.migrate;

import java.io.IOException;
import java.util.function.BooleanSupplier;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.Deadline;

/// What the toolstacks of a COLO pair tell each other beside the stream (the COLO_CONTEXT records
/// of libxl, `libxl_colo_save.c` and `libxl_colo_restore.c`): the primary asks for a checkpoint,
/// the secondary says that it runs again.
final class ColoPair {
  private static final long LOOK_MILLIS = 20;

  private final Cancellation cancellation;
  private final Deadline deadline;
  private int asked;
  private int running;
  private boolean ended;

  /// @param cancellation ends all waiting
  /// @param deadline of the primary's guest, which stands still until the secondary's runs
  ColoPair(Cancellation cancellation, Deadline deadline) {
    this.cancellation = cancellation;
    this.deadline = deadline;
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
    return await(() -> asked >= number, () -> false);
  }

  /// The secondary runs from a checkpoint.
  synchronized void nowRunning() {
    running++;
    notifyAll();
  }

  /// The primary waits until the secondary has begun to run for the `number`th time.
  ///
  /// @return false when the secondary is gone
  /// @throws IOException when the end was asked for, or the guest would stand still for too long
  synchronized boolean awaitRunning(int number) throws IOException {
    boolean runs = await(() -> running >= number, () -> deadline.remainingNanos() <= 0);
    if (!runs && !ended) {
      cancellation.check();
      deadline.check();
    }
    return runs;
  }

  /// One of the two is gone, or wants no more.
  synchronized void end() {
    ended = true;
    notifyAll();
  }

  /// Waits until something holds; never for longer than a moment at a time, since neither a
  /// cancellation nor the time notifies anybody here.
  private boolean await(BooleanSupplier holds, BooleanSupplier tooLate) {
    try {
      while (!holds.getAsBoolean()
          && !ended
          && !cancellation.isCancelled()
          && !tooLate.getAsBoolean()) {
        wait(LOOK_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return holds.getAsBoolean();
  }
}
