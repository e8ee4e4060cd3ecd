// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.xenstream.transfer.Cancellation;

/// Lets a transfer end in good order when the process is interrupted: it is asked to give up, and
/// the process waits until it has.
final class Interrupt implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 20;

  private final Cancellation cancellation = new Cancellation();
  private final CountDownLatch done = new CountDownLatch(1);
  private final Thread hook = new Thread(this::giveUp, "interrupted transfer");

  Interrupt() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private void giveUp() {
    cancellation.cancel();
    try {
      boolean _ = done.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// What the transfer has to look at.
  Cancellation cancellation() {
    return cancellation;
  }

  /// The transfer is over, and all that is to be said of it is said.
  @Override
  public void close() {
    done.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process ends already, and the hook waits no longer.
    }
  }
}
