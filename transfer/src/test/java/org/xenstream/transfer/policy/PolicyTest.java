// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xenstream.transfer.policy.PrecopyPolicy.Decision.ABORT;
import static org.xenstream.transfer.policy.PrecopyPolicy.Decision.CONTINUE_PRECOPY;
import static org.xenstream.transfer.policy.PrecopyPolicy.Decision.STOP_AND_COPY;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PolicyTest {
  private static final long MILLI = 1_000_000;

  private static PrecopyStats stats(
      int iteration, long dirty, long previous, double octetsPerSecond) {
    return new PrecopyStats(iteration, 0, dirty, previous, octetsPerSecond, 0, 0, 0);
  }

  @Test
  void theReferencesPolicyCountsPagesAndRounds() {
    PrecopyPolicy policy = XenPolicy.DEFAULT;
    assertEquals(CONTINUE_PRECOPY, policy.decide(PrecopyStats.of(0, 0, 50)));
    assertEquals(STOP_AND_COPY, policy.decide(PrecopyStats.of(0, 0, 49)));
    assertEquals(STOP_AND_COPY, policy.decide(PrecopyStats.of(0, 0, 0)));
    assertEquals(CONTINUE_PRECOPY, policy.decide(PrecopyStats.of(4, 0, -1)));
    assertEquals(STOP_AND_COPY, policy.decide(PrecopyStats.of(5, 0, -1)));
    assertEquals(STOP_AND_COPY, policy.decide(PrecopyStats.of(5, 0, 100_000)));
  }

  @Test
  void aDowntimeIsPredictedFromTheLastRoundsRate() {
    // 1000 pages of 4104 octets at 41.04 MB/s are a tenth of a second.
    PrecopyStats stats = stats(1, 1000, 5000, 41_040_000);
    assertEquals(100 * MILLI, stats.predictedDowntimeNanos());
    assertEquals(STOP_AND_COPY, DowntimePolicy.of(Duration.ofMillis(100)).decide(stats));
    assertEquals(CONTINUE_PRECOPY, DowntimePolicy.of(Duration.ofMillis(99)).decide(stats));
  }

  @Test
  void whatIsFixedOfADowntimeCounts() {
    PrecopyStats stats = new PrecopyStats(1, 0, 1000, 5000, 41_040_000, 0, 0, 20 * MILLI);
    assertEquals(CONTINUE_PRECOPY, DowntimePolicy.of(Duration.ofMillis(119)).decide(stats));
    assertEquals(STOP_AND_COPY, DowntimePolicy.of(Duration.ofMillis(120)).decide(stats));
  }

  @Test
  void nothingIsPredictedFromWhatIsNotKnown() {
    PrecopyPolicy policy = DowntimePolicy.of(Duration.ofSeconds(100));
    assertFalse(stats(0, 1000, -1, 0).knowsDowntime());
    assertFalse(stats(1, -1, 1000, 1e9).knowsDowntime());
    assertEquals(CONTINUE_PRECOPY, policy.decide(stats(0, 1000, -1, 0)));
    assertEquals(CONTINUE_PRECOPY, policy.decide(stats(1, -1, 1000, 1e9)));
    assertEquals(STOP_AND_COPY, policy.decide(stats(30, -1, 1000, 1e9)));
  }

  @Test
  void aRoundThatDoesNotShrinkIsTheLast() {
    PrecopyPolicy policy = ConvergencePolicy.DEFAULT;
    assertEquals(CONTINUE_PRECOPY, policy.decide(stats(1, 9_999, 10_000, 0)));
    assertEquals(CONTINUE_PRECOPY, policy.decide(stats(2, 9_000, 10_000, 0)));
    assertEquals(STOP_AND_COPY, policy.decide(stats(2, 9_001, 10_000, 0)));
    assertEquals(STOP_AND_COPY, policy.decide(stats(1, 49, 10_000, 0)));
    assertEquals(CONTINUE_PRECOPY, policy.decide(stats(3, -1, 10_000, 0)));
    assertEquals(STOP_AND_COPY, policy.decide(stats(30, -1, 10_000, 0)));
  }

  @Test
  void aStopThatWouldTakeTooLongIsAnAbort() {
    PrecopyPolicy policy = AbortPolicy.of(XenPolicy.DEFAULT, Duration.ofMillis(100));
    assertEquals(STOP_AND_COPY, policy.decide(stats(5, 1000, 1000, 41_040_000)));
    assertEquals(ABORT, policy.decide(stats(5, 1001, 1000, 41_040_000)));
    assertEquals(CONTINUE_PRECOPY, policy.decide(stats(5, -1, 1000, 41_040_000)));
    assertEquals(CONTINUE_PRECOPY, policy.decide(stats(1, 1001, 1000, 41_040_000)));
  }

  @Test
  void theModelTakesTheRoundsThatArithmeticGives() {
    // Each round takes as long as its pages at 1000 pages a second; the guest writes 500 a second
    // in a sweep, so that each round is half of the one before.
    PrecopyModel model =
        new PrecopyModel(
            8000, DirtyModel.sweep(8000, 500), 1000.0 * PrecopyStats.OCTETS_A_PAGE, 10 * MILLI);
    PrecopyModel.Outcome outcome = model.run(XenPolicy.DEFAULT);
    assertTrue(outcome.completed());
    assertEquals(5, outcome.rounds());
    assertEquals(8000 + 4000 + 2000 + 1000 + 500 + 250, outcome.pagesSent());
    assertEquals(260 * MILLI, outcome.downtimeNanos());
    assertEquals(15_760 * MILLI, outcome.totalNanos());
  }

  @Test
  void theModelGivesUpWhenThePolicyDoes() {
    PrecopyModel model =
        new PrecopyModel(
            8000, DirtyModel.sweep(8000, 2000), 1000.0 * PrecopyStats.OCTETS_A_PAGE, 0);
    PrecopyModel.Outcome outcome =
        model.run(AbortPolicy.of(ConvergencePolicy.DEFAULT, Duration.ofSeconds(1)));
    assertFalse(outcome.completed());
    assertEquals(0, outcome.downtimeNanos());
  }

  @Test
  void dirtyModelsGrowToTheGuestsSize() {
    assertEquals(0, DirtyModel.uniform(1000, 10).dirtyPages(0));
    assertEquals(632, DirtyModel.uniform(1000, 1000).dirtyPages(1), 1);
    assertEquals(1000, DirtyModel.uniform(1000, 1000).dirtyPages(1000), 1e-6);
    assertEquals(100, DirtyModel.hotSpot(1000, 1e6, 0.1, 1).dirtyPages(1), 1);
    assertEquals(1000, DirtyModel.sweep(1000, 300).dirtyPages(10));
  }
}
