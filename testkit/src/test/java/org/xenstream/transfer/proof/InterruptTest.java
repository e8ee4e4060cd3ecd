// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.xenstream.os.Descriptor;
import org.xenstream.os.DescriptorPair;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.Deadline;
import org.xenstream.transfer.DeadlineException;
import org.xenstream.transfer.DescriptorInput;
import org.xenstream.transfer.DescriptorOutput;
import org.xenstream.transfer.Patience;
import org.xenstream.transfer.PeerStuckException;
import org.xenstream.transfer.TransferCancelledException;
import org.xenstream.transfer.migrate.BackInput;
import org.xenstream.transfer.restore.RestoreResult;
import org.xenstream.transfer.save.DirtyPfnListReader;
import org.xenstream.transfer.save.SaveOptions;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.transfer.sim.SimOptions;

/// A migration over a pair of sockets ends at any time, by the will or the death of either side,
/// while the guest works on threads of its own: the source goes on unharmed, the destination is
/// gone, or has failed over to a complete checkpoint. Moments are drawn by chance; a failure names
/// the seed.
@Timeout(60)
class InterruptTest {
  private static final long SEED = Long.getLong("xenstream.seed", 0x5EED_0005L);
  private static final Duration STALL = Duration.ofSeconds(30);

  /// Far above the limits that are set here, for machines that are busy; far below any other.
  private static final Duration LATE = Duration.ofSeconds(3);

  private static final int TIMES = 5;
  private static final int LATEST_MICROS = 60_000;

  private enum Ender {
    SOURCE,
    DESTINATION
  }

  @ParameterizedTest
  @EnumSource(Model.class)
  void eitherSideMayEndItAtAnyTime(Model model) throws Exception {
    SplittableRandom chance = new SplittableRandom(SEED + model.seed);
    try (Departure departure = new Departure(model);
        SimHost host = new SimHost(SimOptions.ofFrames(16384))) {
      departure.runFreely();
      for (Mode mode : Mode.values()) {
        if (mode == Mode.PLAIN || mode == Mode.VERIFY || (mode == Mode.COLO && model.kind.isPv())) {
          continue;
        }
        // Once undisturbed, so that all there is to open is open.
        interrupted(departure, host, mode, Ender.SOURCE, 10_000_000, model + " undisturbed");
        Leaks before = Leaks.now();
        for (Ender ender : Ender.values()) {
          boolean any = false;
          for (int i = 0; i < TIMES; i++) {
            int micros = chance.nextInt(LATEST_MICROS);
            any |=
                interrupted(departure, host, mode, ender, micros, what(model, mode, ender, micros));
          }
          // Where all was over each time, sooner, until it is not.
          for (int micros = LATEST_MICROS; !any && micros > 0; micros /= 2) {
            any =
                interrupted(departure, host, mode, ender, micros, what(model, mode, ender, micros));
          }
          assertTrue(any, () -> what(model, mode, ender, 0) + ": nothing was ever interrupted");
        }
        before.assertNoneSince(model + " " + mode);
      }
    }
  }

  private static String what(Model model, Mode mode, Ender ender, int micros) {
    return "seed %#x, %s %s: %s ends it after %d us".formatted(SEED, model, mode, ender, micros);
  }

  /// @return whether it was ended before its end
  private static boolean interrupted(
      Departure departure, SimHost host, Mode mode, Ender ender, int micros, String what)
      throws Exception {
    Cancellation atSource = new Cancellation();
    Cancellation atDestination = new Cancellation();
    CountDownLatch saved = new CountDownLatch(1);
    Patience there = SavedStream.patience(atDestination, STALL);
    Patience here = SavedStream.patience(atSource, STALL);
    // The back channel is the same pair, the other way round; without COLO it is not used.
    try (Arrival arrival = new Arrival(host, departure.guest.spec(), atDestination);
        DescriptorPair line = DescriptorPair.sockets();
        DescriptorOutput backOutput =
            new DescriptorOutput("line", Descriptor.borrow(line.first().number()), there, null);
        BackInput backInput = new BackInput(Descriptor.borrow(line.second().number()), here);
        ExecutorService sides = Executors.newFixedThreadPool(2)) {
      backOutput.resume(ByteOrder.LITTLE_ENDIAN);
      Future<RestoreResult> restore =
          sides.submit(() ->
              arrival.restore(
                  host,
                  mode,
                  new DescriptorInput("line", line.first(), there),
                  mode == Mode.COLO ? backOutput : null));
      Future<?> end =
          sides.submit(() -> {
            if (!saved.await(micros, TimeUnit.MICROSECONDS)) {
              (ender == Ender.SOURCE ? atSource : atDestination).cancel();
            }
            return null;
          });
      IOException atSave = null;
      try (DescriptorOutput out = new DescriptorOutput("line", line.second(), here, null)) {
        departure.save(
            departure.host,
            mode,
            mode.options().cancellation(atSource),
            new SavedStream(out),
            mode == Mode.COLO ? new DirtyPfnListReader("line", backInput) : null);
      } catch (IOException e) {
        atSave = e;
      }
      saved.countDown();
      end.get();
      return check(departure, arrival, atSave, restore, ender, mode, what);
    }
  }

  private static boolean check(
      Departure departure,
      Arrival arrival,
      @Nullable IOException atSave,
      Future<RestoreResult> restore,
      Ender ender,
      Mode mode,
      String what)
      throws Exception {
    if (atSave != null) {
      if (ender == Ender.SOURCE) {
        assertTrue(atSave instanceof TransferCancelledException, () -> what + ": " + atSave);
      } else {
        assertTrue(
            atSave.toString().contains(": line @0x")
                // How a socket ends on which the other end had still to read.
                || (mode == Mode.COLO && atSave.toString().contains("back channel")),
            () -> what + ": " + atSave);
      }
    }
    RestoreResult result = null;
    try {
      result = restore.get();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      assertTrue(cause instanceof IOException, () -> what + ": " + cause);
      boolean own = cause instanceof TransferCancelledException;
      assertTrue(
          own == (ender == Ender.DESTINATION) && (own || cause.toString().contains(": line @0x")),
          () -> what + ": " + cause);
      arrival.assertNothingLeft(() -> what);
    }
    if (result != null) {
      assertEquals(mode.isCheckpointed(), result.failedOver(), what);
      arrival.assertRunsOn(arrival.assertArrived(() -> what), () -> what);
    }
    departure.assertUnharmed(what);
    return atSave != null || result == null;
  }

  /// The peer takes nothing any more, without going away.
  @ParameterizedTest
  @CsvSource({"HVM, false", "PV64_LIST, false", "PV32_TREE, true", "HVM, true"})
  void aStuckPeerIsGivenUp(Model model, boolean suspended) throws IOException {
    Duration patience = Duration.ofMillis(80);
    try (Departure departure = new Departure(model);
        DescriptorPair line = DescriptorPair.sockets()) {
      Deadline deadline = new Deadline(System::nanoTime);
      Cancellation never = new Cancellation();
      Patience waiting =
          new Patience(never, deadline, suspended ? STALL : patience, System::nanoTime);
      Mode mode = suspended ? Mode.PLAIN : Mode.LIVE;
      SaveOptions options = mode.options();
      if (suspended) {
        options.suspendLimit(patience, deadline);
      }
      long begun = System.nanoTime();
      try (DescriptorOutput out = new DescriptorOutput("line", line.second(), waiting, null)) {
        Class<? extends IOException> expected =
            suspended ? DeadlineException.class : PeerStuckException.class;
        assertThrows(expected, () -> departure.save(departure.host, mode, options, out, null));
      }
      long took = System.nanoTime() - begun;
      assertTrue(took >= patience.toNanos(), "given up too early: " + took);
      assertTrue(took < LATE.toNanos(), "given up too late: " + took);
      departure.assertUnharmed("the peer is stuck");
    }
  }
}
