// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.Deadline;
import org.xenstream.transfer.PfnBitmap;

/// What threads share, in the form of litmus tests: two threads do one thing each, at the same
/// time, again and again, and what came of it has to be one of what is allowed.
@Timeout(60)
class SharedStateTest {
  private static final int ROUNDS = 5_000;

  /// What a thread does in a round.
  @FunctionalInterface
  private interface Actor {
    void act() throws Exception;
  }

  /// Runs two actors against each other, `prepare` before and `arbiter` after each round.
  private static void race(Actor prepare, Actor one, Actor two, Actor arbiter) throws Exception {
    AtomicInteger turn = new AtomicInteger();
    try (ExecutorService other = Executors.newSingleThreadExecutor()) {
      AtomicBoolean failed = new AtomicBoolean();
      Future<?> second =
          other.submit(() -> {
            for (int round = 1; round <= ROUNDS; round++) {
              for (int spins = 0; turn.get() != 2 * round - 1; spins++) {
                if (failed.get()) {
                  return null;
                }
                pause(spins);
              }
              two.act();
              turn.set(2 * round);
            }
            return null;
          });
      try {
        for (int round = 1; round <= ROUNDS; round++) {
          prepare.act();
          turn.set(2 * round - 1);
          one.act();
          for (int spins = 0; turn.get() != 2 * round; spins++) {
            if (second.isDone()) {
              second.get();
            }
            pause(spins);
          }
          arbiter.act();
        }
      } finally {
        failed.set(true);
      }
      second.get();
    }
  }

  /// Waits by looking again: the other is a step away, unless it has no core to run on.
  private static void pause(int spins) {
    if (spins < 10_000) {
      Thread.onSpinWait();
    } else {
      LockSupport.parkNanos(1000);
    }
  }

  /// Whoever registers is woken at least once, before or after the other has asked for the end.
  @Test
  void noWakeUpIsLost() throws Exception {
    Cancellation[] shared = new Cancellation[1];
    AtomicInteger woken = new AtomicInteger();
    race(
        () -> {
          woken.set(0);
          shared[0] = new Cancellation();
        },
        () -> shared[0].onCancel(woken::incrementAndGet),
        () -> shared[0].cancel(),
        () -> {
          assertTrue(shared[0].isCancelled());
          assertTrue(woken.get() >= 1, "the wake-up was lost");
        });
  }

  /// What is not registered any more when the end is asked for is not woken.
  @Test
  void noWakeUpComesAfterItWasTakenBack() throws Exception {
    Cancellation[] shared = new Cancellation[1];
    Cancellation.Registration[] registration = new Cancellation.Registration[1];
    AtomicBoolean closed = new AtomicBoolean();
    AtomicBoolean woken = new AtomicBoolean();
    boolean[] closedBefore = new boolean[1];
    race(
        () -> {
          closed.set(false);
          woken.set(false);
          shared[0] = new Cancellation();
          registration[0] = shared[0].onCancel(() -> woken.set(true));
        },
        () -> {
          registration[0].close();
          closed.set(true);
        },
        () -> {
          closedBefore[0] = closed.get();
          shared[0].cancel();
        },
        () -> assertFalse(closedBefore[0] && woken.get(), "woken after it was taken back"));
  }

  /// A deadline that is taken back in time never seems to have passed, whoever looks.
  @Test
  void noDeadlinePassesThatWasTakenBack() throws Exception {
    AtomicLong clock = new AtomicLong();
    Deadline deadline = new Deadline(clock::get);
    long[] seen = new long[1];
    race(
        () -> deadline.set(10),
        () -> {
          deadline.clear();
          clock.addAndGet(100);
        },
        () -> seen[0] = deadline.remainingNanos(),
        () ->
            assertTrue(
                seen[0] == 10 || seen[0] == Long.MAX_VALUE, () -> "seen to be left: " + seen[0]));
  }

  /// Plain stores of a thread that was inside are seen by whoever has closed the gate, and none
  /// comes while it is closed.
  @Test
  void theGateOrdersWhatIsDoneInside() throws Exception {
    Gate gate = new Gate();
    long[] stores = new long[2];
    long[] expected = new long[1];
    race(
        gate::open,
        () -> {
          gate.close();
          long one = stores[0];
          long two = stores[1];
          assertEquals(one, two, "torn");
          assertEquals(0, gate.inside());
          for (int i = 0; i < 20; i++) {
            Thread.onSpinWait();
          }
          assertEquals(one, stores[0], "somebody is inside a closed gate");
          gate.open();
        },
        () -> {
          assertTrue(gate.enter());
          stores[0]++;
          stores[1]++;
          gate.exit();
          expected[0]++;
        },
        () -> {
          assertEquals(expected[0], stores[1], "a store was lost");
          gate.close();
        });
  }

  /// A thread that waits at the gate is sent away when the domain goes, and never waits for ever.
  @Test
  void whoWaitsAtTheGateIsSentAway() throws Exception {
    Gate[] gate = new Gate[1];
    boolean[] entered = new boolean[1];
    race(
        () -> {
          gate[0] = new Gate();
          gate[0].open();
        },
        () -> gate[0].remove(),
        () -> {
          entered[0] = gate[0].enter();
          if (entered[0]) {
            gate[0].exit();
          }
        },
        () -> {
          assertEquals(0, gate[0].inside());
          assertFalse(gate[0].enter());
        });
  }

  /// A write that a CLEAN did not take along with its mark is marked for the next one.
  @Test
  void noMarkIsLostToAClean() throws Exception {
    long[] page = new long[1];
    long[] copy = new long[1];
    long[] counted = new long[1];
    try (Arena arena = Arena.ofShared();
        SimLogDirty dirty = new SimLogDirty(64)) {
      PfnBitmap bitmap = new PfnBitmap(arena, 64);
      dirty.enable();
      Actor clean =
          () -> {
            counted[0] += dirty.read(bitmap, true).dirtyCount();
            if (bitmap.next(0) == 7) {
              copy[0] = page[0];
            }
          };
      race(
          () -> {},
          clean,
          () -> {
            page[0]++;
            dirty.mark(7);
          },
          () -> {
            clean.act();
            assertEquals(page[0], copy[0], "a write was lost");
            assertEquals(page[0], counted[0], "dirty pages that were counted");
          });
    }
  }

  /// A guest that crashes as it is asked to suspend itself has crashed, whichever comes first.
  @Test
  void noCrashIsTakenForASuspension() throws Exception {
    try (SimHost host = new SimHost(SimOptions.ofFrames(64))) {
      SimDomain[] domain = new SimDomain[1];
      race(
          () -> {
            domain[0] = host.createHvm(1, 16);
            domain[0].unpause();
          },
          () -> {
            if (domain[0].suspend()) {
              domain[0].resume();
            }
          },
          () -> {
            assertTrue(domain[0].enter());
            domain[0].shutdown(3);
            domain[0].exit();
          },
          () -> {
            assertTrue(domain[0].info().shutdown(), "the crash was forgotten");
            assertEquals(3, domain[0].info().shutdownReason());
            domain[0].destroy();
          });
    }
  }
}
