// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.migrate;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.DeadlineException;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.TransferCancelledException;
import org.xenstream.transfer.TransferEvent;
import org.xenstream.transfer.migrate.MigrationOutcome.Survivor;
import org.xenstream.transfer.policy.AbortPolicy;
import org.xenstream.transfer.policy.XenPolicy;
import org.xenstream.transfer.sim.GuestBuilder;
import org.xenstream.transfer.sim.GuestKind;
import org.xenstream.transfer.sim.SimDomain;
import org.xenstream.transfer.sim.SimGuest;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.transfer.sim.SimOptions;
import org.xenstream.transfer.sim.Workload;

/// Migrations as a whole: the guest is whole, and runs at exactly one place.
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MigrationTest {
  private static final long MEMORY = 8L << 20;
  private static final double RATE = 5000;
  private static final Duration INTERVAL = Duration.ofMillis(10);

  private static final long SEED = Long.getLong("xenstream.seed", 0x5EED_0006L);

  private SimHost from;
  private SimHost to;

  @BeforeEach
  void hosts() throws IOException {
    from = new SimHost(SimOptions.ofFrames(16_384));
    to = new SimHost(SimOptions.ofFrames(16_384));
  }

  @AfterEach
  void closeHosts() {
    from.close();
    to.close();
  }

  /// A guest that runs, and a plan for it.
  private record Case(SimGuest guest, MigrationPlan plan) {}

  private Case of(GuestKind kind) throws IOException {
    SimGuest guest =
        GuestBuilder.of(kind)
            .memory(MEMORY)
            .linearP2m(true)
            .devicePages(kind == GuestKind.HVM ? 8 : 0)
            .build(from);
    return new Case(
        guest,
        new MigrationPlan(System::nanoTime)
            .workload(new Workload.Uniform(Workload.ALL), RATE)
            .after(Duration.ofMillis(10)));
  }

  private MigrationOutcome run(Case moved) throws IOException {
    return Migration.run(moved.guest, to, moved.plan);
  }

  private static String failure(MigrationOutcome outcome) {
    return String.valueOf(requireNonNull(outcome.failure()).getMessage());
  }

  /// The guest is whole where it should be and nowhere else, and nothing is left behind.
  private void survivedAt(Survivor where, MigrationOutcome outcome) throws IOException {
    survivedAt(where, outcome, "");
  }

  /// @param why in front of each message
  private void survivedAt(Survivor where, MigrationOutcome outcome, String why) throws IOException {
    assertEquals(where, outcome.survivor(), () -> why + outcome);
    assertTrue(outcome.survived(), () -> why + outcome.check() + " " + outcome.backup());
    SimHost home = where == Survivor.SOURCE ? from : to;
    SimHost other = where == Survivor.SOURCE ? to : from;
    assertEquals(0, from.openMappings(), () -> why + "mappings at the source");
    assertEquals(0, to.openMappings(), () -> why + "mappings at the destination");
    assertEquals(0, other.domains().size(), () -> why + "domains elsewhere");
    assertEquals(other.options().frames(), freed(other), () -> why + "frames elsewhere");
    SimDomain domain = home.domains().getFirst();
    assertEquals(1, home.domains().size(), () -> why + "domains");
    assertFalse(home.domainInfo(domain.domid()).paused(), () -> why + "it is paused");
    assertFalse(home.domainInfo(domain.domid()).shutdown(), () -> why + "it is shut down");
    home.enableLogDirty(domain.domid()); // As it would not be possible were it still on.
    assertTrue(
        Thread.getAllStackTraces().keySet().stream()
            .noneMatch(thread -> thread.getName().startsWith("receiver-")),
        () -> why + "a receiver is left");
  }

  /// Frames that are free, and those that a host has for itself.
  private static long freed(SimHost host) {
    try (SimHost untouched = new SimHost(host.options())) {
      return host.freeFrames() + untouched.options().frames() - untouched.freeFrames();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @EnumSource(GuestKind.class)
  void aGuestMoves(GuestKind kind) throws IOException {
    MigrationOutcome outcome = run(of(kind));
    survivedAt(Survivor.DESTINATION, outcome);
    assertNull(outcome.failure());
    assertTrue(outcome.passes().size() >= 2, outcome.passes().toString());
    assertTrue(outcome.octets() > MEMORY);
    assertTrue(outcome.downtimeNanos() > 0 && outcome.downtimeNanos() < outcome.totalNanos());
  }

  @ParameterizedTest
  @EnumSource(GuestKind.class)
  void nothingDiffersInTheVerifyPass(GuestKind kind) throws IOException {
    Case moved = of(kind);
    moved.plan.verify();
    MigrationOutcome outcome = run(moved);
    survivedAt(Survivor.DESTINATION, outcome);
    assertEquals(TransferEvent.Pass.VERIFY, outcome.passes().getLast().pass());
    assertEquals(0, requireNonNull(outcome.restored()).mismatches());
  }

  @ParameterizedTest
  @EnumSource(GuestKind.class)
  void aBackupThatIsNotNeededIsWholeAndGone(GuestKind kind) throws IOException {
    Case kept = of(kind);
    kept.plan.checkpoints(StreamType.REMUS, 3, INTERVAL);
    MigrationOutcome outcome = run(kept);
    survivedAt(Survivor.SOURCE, outcome);
    assertNull(outcome.failure());
    assertEquals(3, outcome.checkpoints());
    assertNotNull(outcome.backup());
  }

  @ParameterizedTest
  @EnumSource(GuestKind.class)
  void theBackupTakesOverWhenThePrimaryDies(GuestKind kind) throws IOException {
    for (int seed = 1; seed <= 3; seed++) {
      Case lost = of(kind);
      lost.plan.checkpoints(StreamType.REMUS, 4, INTERVAL).killPrimaryAfter(2).seed(seed);
      MigrationOutcome outcome = run(lost);
      survivedAt(Survivor.DESTINATION, outcome);
      assertEquals(2, outcome.checkpoints());
      assertTrue(requireNonNull(outcome.restored()).failedOver());
      to.domains().getFirst().destroy();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void bothGuestsOfColoRun(boolean killed) throws IOException {
    Case pair = of(GuestKind.HVM);
    pair.plan.checkpoints(StreamType.COLO, 4, INTERVAL);
    if (killed) {
      pair.plan.killPrimaryAfter(2);
    }
    MigrationOutcome outcome = run(pair);
    survivedAt(killed ? Survivor.DESTINATION : Survivor.SOURCE, outcome);
    assertEquals(killed ? 2 : 4, outcome.checkpoints());
  }

  @Test
  void coloIsForHvmGuests() throws IOException {
    Case pv = of(GuestKind.PV64);
    pv.plan.checkpoints(StreamType.COLO, 2, INTERVAL);
    assertThrows(IllegalArgumentException.class, () -> run(pv));
    assertTrue(pv.guest.check().survived());
  }

  /// Cancelled at any time, drawn by chance, the guest goes on where it was, or has arrived
  /// already.
  @ParameterizedTest
  @CsvSource({"HVM, PLAIN", "PV64, PLAIN", "PV32, PLAIN", "PV64, REMUS", "HVM, COLO"})
  void aCancelledMigrationHarmsNobody(GuestKind kind, StreamType type) throws Exception {
    SplittableRandom random = new SplittableRandom(SEED);
    boolean any = false;
    for (int i = 0; i < 4; i++) {
      any |= isCancelled(kind, type, random.nextLong(600_000_000));
    }
    // Where the guest had moved each time, sooner, until it has not.
    for (long nanos = 100_000_000; !any && nanos > 0; nanos /= 4) {
      any = isCancelled(kind, type, nanos);
    }
    assertTrue(any, "nothing was ever cancelled");
  }

  private boolean isCancelled(GuestKind kind, StreamType type, long nanos) throws Exception {
    Case running = of(kind);
    if (type != StreamType.PLAIN) {
      running.plan.checkpoints(type, 1000, INTERVAL);
    } else {
      running.plan.bandwidth(MEMORY * 4.0);
    }
    Cancellation cancellation = new Cancellation();
    running.plan.cancellation(cancellation);
    String why = "seed %#x, %s %s cancelled after %d ns: ".formatted(SEED, kind, type, nanos);
    Thread canceller =
        Thread.startVirtualThread(() -> {
          Pause.of(nanos, new Cancellation());
          cancellation.cancel();
        });
    MigrationOutcome outcome = run(running);
    canceller.join();
    boolean moved = outcome.survivor() == Survivor.DESTINATION;
    survivedAt(moved ? Survivor.DESTINATION : Survivor.SOURCE, outcome, why);
    if (!moved) {
      assertInstanceOf(TransferCancelledException.class, outcome.failure(), why);
    }
    (moved ? to : from).domains().getFirst().destroy();
    return !moved;
  }

  @Test
  void aDestinationWithoutMemoryIsTold() throws IOException {
    Case large = of(GuestKind.HVM);
    to.close();
    to = new SimHost(SimOptions.ofFrames(1024));
    MigrationOutcome outcome = run(large);
    survivedAt(Survivor.SOURCE, outcome);
    String message = failure(outcome);
    assertTrue(message.startsWith("the destination gave up: migration stream @0x"), message);
    assertTrue(message.contains("PAGE_DATA): populate of domain 1 failed"), message);
    assertTrue(message.contains("no memory left"), message);
  }

  @Test
  void aPolicyMayGiveUp() throws IOException {
    Case busy = of(GuestKind.HVM);
    busy.plan
        .workload(new Workload.Uniform(Workload.ALL), MigrationPlan.UNLIMITED)
        // Less than any, since a guest that gets no processor time has nothing dirty in the end.
        .policy(new AbortPolicy(XenPolicy.DEFAULT, -1));
    MigrationOutcome outcome = run(busy);
    survivedAt(Survivor.SOURCE, outcome);
    assertTrue(failure(outcome).contains("given the transfer up"), failure(outcome));
    assertEquals(0, outcome.downtimeNanos());
  }

  /// All memory again, at 1.6 MB a second, takes five seconds.
  @Test
  void theGuestIsNotHeldForLongerThanAllowed() throws IOException {
    Case held = of(GuestKind.HVM);
    held.plan.workload(new Workload.Idle(), RATE).verify().bandwidth(1.6e6);
    held.plan.suspendLimit(Duration.ofMillis(300));
    MigrationOutcome outcome = run(held);
    survivedAt(Survivor.SOURCE, outcome);
    assertInstanceOf(DeadlineException.class, outcome.failure());
    assertTrue(outcome.downtimeNanos() >= 300_000_000L, outcome::toString);
    assertTrue(outcome.downtimeNanos() < 2_000_000_000L, outcome::toString);
  }

  @Test
  void thePrimaryDiesBehindACheckpointBeforeTheLast() {
    MigrationPlan plan = new MigrationPlan(System::nanoTime);
    plan.checkpoints(StreamType.REMUS, 3, INTERVAL);
    assertThrows(IllegalArgumentException.class, () -> plan.killPrimaryAfter(0));
    assertThrows(IllegalArgumentException.class, () -> plan.killPrimaryAfter(3));
    assertThrows(
        IllegalArgumentException.class, () -> plan.checkpoints(StreamType.PLAIN, 3, INTERVAL));
  }
}
