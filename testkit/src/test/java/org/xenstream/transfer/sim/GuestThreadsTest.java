// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.xenstream.transfer.Hypervisor.LogDirtyOp;
import org.xenstream.transfer.PfnBitmap;

/// What a guest's threads share with those of the toolstack: the gate and the log-dirty bitmap.
@Timeout(60)
class GuestThreadsTest {
  private static final int THREADS = 3;

  private static List<Thread> start(
      SimDomain domain, ConcurrentLinkedQueue<Throwable> failures, GuestStep step) {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      int number = i;
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                try {
                  for (long round = 0; domain.enter(); round++) {
                    try {
                      step.run(number, round);
                    } finally {
                      domain.exit();
                    }
                  }
                } catch (Throwable e) {
                  failures.add(e);
                }
              }));
    }
    return threads;
  }

  private interface GuestStep {
    void run(int thread, long round) throws IOException;
  }

  @Test
  void nobodyIsInsideWhileTheDomainIsPausedOrSuspended() throws Exception {
    try (SimHost host = new SimHost(SimOptions.ofFrames(64))) {
      SimDomain domain = host.createHvm(1, 16);
      AtomicInteger inside = new AtomicInteger();
      AtomicInteger operations = new AtomicInteger();
      ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
      List<Thread> threads =
          start(
              domain,
              failures,
              (thread, round) -> {
                inside.incrementAndGet();
                operations.incrementAndGet();
                LockSupport.parkNanos(10_000);
                inside.decrementAndGet();
              });
      assertEquals(0, operations.get(), "it was never unpaused");
      domain.unpause();
      for (int i = 0; i < 200; i++) {
        boolean suspend = i % 2 == 0;
        if (suspend) {
          assertTrue(domain.suspend());
        } else {
          domain.pause();
        }
        assertEquals(0, inside.get());
        assertEquals(0, domain.threadsInside());
        if (suspend) {
          domain.resume();
        } else {
          domain.unpause();
        }
        int before = operations.get();
        while (operations.get() == before) {
          LockSupport.parkNanos(10_000);
        }
      }
      domain.destroy();
      for (Thread thread : threads) {
        thread.join();
      }
      assertEquals(List.of(), List.copyOf(failures));
    }
  }

  @Test
  void aThreadInsideMayShutTheDomainDownWhileAnotherPausesIt() throws Exception {
    try (SimHost host = new SimHost(SimOptions.ofFrames(64))) {
      for (int i = 0; i < 300; i++) {
        SimDomain domain = host.createHvm(1, 16);
        domain.unpause();
        ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
        List<Thread> threads = start(domain, failures, (thread, round) -> domain.shutdown(3));
        domain.pause();
        domain.unpause();
        while (!host.domainInfo(domain.domid()).shutdown()) {
          Thread.onSpinWait();
        }
        domain.destroy();
        for (Thread thread : threads) {
          thread.join();
        }
        assertEquals(List.of(), List.copyOf(failures));
      }
    }
  }

  @Test
  void anInterruptedThreadIsSentAway() throws Exception {
    try (SimHost host = new SimHost(SimOptions.ofFrames(64))) {
      SimDomain domain = host.createHvm(1, 16);
      List<Boolean> seen = new ArrayList<>();
      Thread thread =
          Thread.ofPlatform()
              .start(() -> {
                seen.add(domain.enter());
                seen.add(Thread.currentThread().isInterrupted());
              });
      thread.interrupt();
      thread.join();
      assertEquals(List.of(false, true), seen);
      assertEquals(
          "more threads left the domain than went in",
          assertThrows(IllegalStateException.class, domain::exit).getMessage());
      assertEquals(0, domain.threadsInside());
    }
  }

  /// Copies a guest's pages as a live save does, round after round, and once more when it is
  /// suspended: a write that no round saw would be missing in the copy.
  @Test
  void noWriteIsLostBetweenTwoCleans() throws Exception {
    int pages = 200;
    try (SimHost host = new SimHost(SimOptions.ofFrames(1024));
        Arena arena = Arena.ofConfined()) {
      SimDomain domain = host.createHvm(1, pages);
      for (long pfn = 0; pfn < pages; pfn++) {
        domain.balloonIn(pfn);
      }
      host.enableLogDirty(1);
      ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
      List<Thread> threads =
          start(
              domain,
              failures,
              (thread, round) ->
                  domain.writeWord((round * 31 + thread) % pages, 8 * thread, round));
      domain.unpause();
      long[][] copy = new long[pages][THREADS];
      PfnBitmap bitmap = new PfnBitmap(arena, pages);
      for (int round = 0; round < 3000; round++) {
        boolean last = round == 2999;
        if (last) {
          assertTrue(domain.suspend());
        }
        host.readLogDirty(1, LogDirtyOp.CLEAN, bitmap, last);
        for (long pfn = bitmap.next(0); pfn >= 0; pfn = bitmap.next(pfn + 1)) {
          for (int i = 0; i < THREADS; i++) {
            copy[(int) pfn][i] = domain.readWord(pfn, 8 * i);
          }
        }
      }
      for (int pfn = 0; pfn < pages; pfn++) {
        for (int i = 0; i < THREADS; i++) {
          assertEquals(domain.readWord(pfn, 8 * i), copy[pfn][i], "pfn " + pfn);
        }
      }
      assertFalse(host.domainInfo(1).paused());
      domain.destroy();
      for (Thread thread : threads) {
        thread.join();
      }
      assertEquals(List.of(), List.copyOf(failures));
    }
  }
}
