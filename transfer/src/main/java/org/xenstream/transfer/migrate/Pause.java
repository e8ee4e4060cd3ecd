// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.migrate;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.xenstream.transfer.Cancellation;

/// Lets time pass, unless the end is asked for.
final class Pause {
  private Pause() {}

  /// Returns after so many nanoseconds, or when the end is asked for, or the thread is interrupted.
  static void of(long nanos, Cancellation cancellation) {
    CountDownLatch cancelled = new CountDownLatch(1);
    try (Cancellation.Registration _ = cancellation.onCancel(cancelled::countDown)) {
      boolean _ = cancelled.await(nanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
