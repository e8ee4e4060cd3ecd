// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InterruptedIOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class CancellationTest {
  @Test
  void isAskedForOnceAndForAll() throws Exception {
    Cancellation cancellation = new Cancellation();
    cancellation.check();
    assertFalse(cancellation.isCancelled());
    cancellation.cancel();
    cancellation.cancel();
    assertTrue(cancellation.isCancelled());
    assertEquals(
        "the transfer was cancelled",
        assertThrows(TransferCancelledException.class, cancellation::check).getMessage());
  }

  @Test
  void wakesWhoRegisteredEvenTooLateButNotWhoLeft() {
    Cancellation cancellation = new Cancellation();
    AtomicInteger first = new AtomicInteger();
    AtomicInteger left = new AtomicInteger();
    AtomicInteger late = new AtomicInteger();
    cancellation.onCancel(first::incrementAndGet);
    cancellation.onCancel(left::incrementAndGet).close();
    cancellation.cancel();
    cancellation.onCancel(late::incrementAndGet);
    assertEquals(1, first.get());
    assertEquals(0, left.get());
    assertEquals(1, late.get());
  }

  @Test
  void endsASleep() throws Exception {
    Cancellation cancellation = new Cancellation();
    cancellation.pause(1_000);
    cancellation.pause(-1);
    Thread other = Thread.ofPlatform().start(cancellation::cancel);
    assertThrows(TransferCancelledException.class, () -> cancellation.pause(Long.MAX_VALUE));
    assertThrows(TransferCancelledException.class, () -> cancellation.pause(0));
    other.join();
  }

  @Test
  void anInterruptedThreadDoesNotSleep() {
    Thread.currentThread().interrupt();
    assertEquals(
        "interrupted while waiting",
        assertThrows(InterruptedIOException.class, () -> new Cancellation().pause(Long.MAX_VALUE))
            .getMessage());
    assertTrue(Thread.interrupted());
  }
}
