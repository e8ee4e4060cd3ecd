// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.xenstream.transfer.policy.PrecopyPolicy.Decision;

class PrecopyLoopTest {
  /// What a loop did, as the reference would write it down: `ask i t d` for a call of the policy,
  /// `send n` and `clean n`.
  private static List<String> trace(PrecopyPolicy policy, long pfns, long... dirty) {
    List<String> trace = new ArrayList<>();
    Deque<Long> left = new ArrayDeque<>();
    for (long count : dirty) {
      left.add(count);
    }
    PrecopyPolicy noted =
        stats -> {
          trace.add(
              "ask %d %d %d"
                  .formatted(stats.iteration(), stats.totalWritten(), stats.dirtyCount()));
          return policy.decide(stats);
        };
    Decision end =
        new PrecopyLoop(noted, () -> 0)
            .run(
                pfns,
                new PrecopyLoop.Rounds<RuntimeException>() {
                  @Override
                  public double send(int round, long count, PrecopyStats stats) {
                    trace.add("send " + count);
                    return 0;
                  }

                  @Override
                  public long clean() {
                    long count = left.remove();
                    trace.add("clean " + count);
                    return count;
                  }

                  @Override
                  public long fixedDowntimeNanos() {
                    return 0;
                  }
                });
    trace.add(end.name());
    return trace;
  }

  @Test
  void aStopDecidedBeforeARoundStillSendsItLive() {
    assertEquals(
        List.of(
            "ask 0 0 1000",
            "send 1000",
            "ask 1 1000 -1",
            "clean 300",
            "ask 1 1000 300",
            "send 300",
            "ask 2 1300 -1",
            "clean 49",
            "ask 2 1300 49",
            "send 49",
            "STOP_AND_COPY"),
        trace(XenPolicy.DEFAULT, 1000, 300, 49));
  }

  @Test
  void afterFiveRoundsItStopsBeforeTheBitmapIsRead() {
    assertEquals(
        List.of(
            "ask 0 0 1000",
            "send 1000",
            "ask 1 1000 -1",
            "clean 500",
            "ask 1 1000 500",
            "send 500",
            "ask 2 1500 -1",
            "clean 500",
            "ask 2 1500 500",
            "send 500",
            "ask 3 2000 -1",
            "clean 500",
            "ask 3 2000 500",
            "send 500",
            "ask 4 2500 -1",
            "clean 500",
            "ask 4 2500 500",
            "send 500",
            "ask 5 3000 -1",
            "STOP_AND_COPY"),
        trace(XenPolicy.DEFAULT, 1000, 500, 500, 500, 500));
  }

  @Test
  void anEmptyRoundIsAskedAboutAndNotSent() {
    assertEquals(List.of("ask 0 0 10", "send 10", "STOP_AND_COPY"), trace(XenPolicy.DEFAULT, 10));
    assertEquals(
        List.of(
            "ask 0 0 100", "send 100", "ask 1 100 -1", "clean 0", "ask 1 100 0", "STOP_AND_COPY"),
        trace(XenPolicy.DEFAULT, 100, 0));
  }

  @Test
  void anAbortSendsNothingMore() {
    PrecopyPolicy policy =
        stats -> stats.dirtyCount() == 77 ? Decision.ABORT : Decision.CONTINUE_PRECOPY;
    assertEquals(
        List.of("ask 0 0 100", "send 100", "ask 1 100 -1", "clean 77", "ask 1 100 77", "ABORT"),
        trace(policy, 100, 77));
  }
}
