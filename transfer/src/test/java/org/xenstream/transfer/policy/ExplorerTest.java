// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExplorerTest {
  /// A line that carries ten thousand pages a second.
  private static final double LINE = 10_000.0 * PrecopyStats.OCTETS_A_PAGE;

  private static final Explorer.Contender XEN = new Explorer.Contender("xen", XenPolicy.DEFAULT);

  private static List<Explorer.Run> runs(Explorer explorer) {
    List<Explorer.Run> runs = new ArrayList<>();
    explorer.run(runs::add);
    assertEquals(explorer.size(), runs.size());
    return runs;
  }

  private static Explorer one(Explorer.Contender policy, WorkloadShape shape, double dirty) {
    return new Explorer(
        List.of(policy), List.of(shape), List.of(100_000L), List.of(dirty), List.of(LINE), 0);
  }

  @Test
  void aGuestThatWritesNothingIsSentOnceAndDoesNotStandStill() {
    Explorer.Run run = runs(one(XEN, WorkloadShape.UNIFORM, 0)).getFirst();
    assertEquals(new PrecopyModel.Outcome(true, 1, 100_000, 10_000_000_000L, 0), run.outcome());
    assertEquals(1, run.resentFactor());
  }

  /// A sweep of a thousand pages a second on a line of ten thousand: each round is a tenth of the
  /// one before. 10 s leave 10,000 pages, and so on down to 10, fewer than 50; those are still sent
  /// while the guest runs, in a millisecond in which it writes one page.
  @Test
  void theRoundsAreThoseOfTheReference() {
    Explorer.Run run = runs(one(XEN, WorkloadShape.SWEEP, 1000)).getFirst();
    assertEquals(5, run.outcome().rounds());
    assertEquals(100_000 + 10_000 + 1_000 + 100 + 10 + 1, run.outcome().pagesSent());
    assertEquals(100_000, run.outcome().downtimeNanos());
    assertEquals(11_111_100_000L, run.outcome().totalNanos());
  }

  @Test
  void aRunThatIsGivenUpHasNoDowntime() {
    PrecopyPolicy impatient = AbortPolicy.of(XenPolicy.DEFAULT, Duration.ofMillis(100));
    Explorer.Run run =
        runs(one(new Explorer.Contender("abort", impatient), WorkloadShape.UNIFORM, 1e6))
            .getFirst();
    assertFalse(run.outcome().completed());
    assertEquals(0, run.outcome().downtimeNanos());
  }

  @Test
  void everythingMeetsEverythingAndDirtyRatesVaryFirst() {
    Explorer explorer =
        new Explorer(
            List.of(XEN, new Explorer.Contender("converge", ConvergencePolicy.DEFAULT)),
            List.of(WorkloadShape.values()),
            List.of(1000L, 2000L),
            List.of(1.0, 10.0, 100.0),
            List.of(1e6, 1e9),
            0);
    List<Explorer.Run> runs = runs(explorer);
    assertEquals(2 * 3 * 2 * 3 * 2, runs.size());
    assertEquals(runs.size(), runs.stream().distinct().count());
    assertEquals(
        List.of(1.0, 10.0, 100.0, 1.0),
        runs.stream().limit(4).map(Explorer.Run::dirtyPagesPerSecond).toList());
    assertEquals("converge", runs.get(3).policy());
    assertTrue(runs.stream().allMatch(run -> run.outcome().completed()));
  }

  /// No policy runs for ever, at any rate that is taken: the fastest line, and a guest far faster
  /// than its line.
  @Test
  void everyRunEnds() {
    List<Explorer.Contender> policies = new ArrayList<>();
    for (PrecopyPolicy policy :
        List.of(
            XenPolicy.DEFAULT,
            DowntimePolicy.of(Duration.ZERO),
            ConvergencePolicy.DEFAULT,
            new ConvergencePolicy(0, 0, 1000))) {
      policies.add(new Explorer.Contender("a", policy));
      policies.add(new Explorer.Contender("b", AbortPolicy.of(policy, Duration.ZERO)));
    }
    Explorer explorer =
        new Explorer(
            policies,
            List.of(WorkloadShape.values()),
            List.of(1L, 1L << 28),
            List.of(0.0, 1e-6, 1.0, 1e12),
            List.of(1.0, Explorer.FASTEST_LINE),
            0);
    assertEquals(384, runs(explorer).size());
  }

  @Test
  void ratesThatAreNoneAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> one(XEN, WorkloadShape.UNIFORM, Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> one(XEN, WorkloadShape.UNIFORM, -1));
    for (double line : new double[] {0, Double.NaN, 2 * Explorer.FASTEST_LINE}) {
      assertEquals(
          "no bandwidth between 1 and 10^12: " + line,
          assertThrows(
                  IllegalArgumentException.class,
                  () ->
                      new Explorer(
                          List.of(XEN),
                          List.of(WorkloadShape.UNIFORM),
                          List.of(1L),
                          List.of(1.0),
                          List.of(line),
                          0))
              .getMessage());
    }
  }
}
