// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.migrate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.xenstream.transfer.StreamType;

/// What a plan says of its line.
class MigrationPlanTest {
  private static Duration stall(MigrationPlan plan) {
    assertEquals(plan.stall(), plan.patience().stall());
    return plan.stall();
  }

  private static MigrationPlan plan() {
    return new MigrationPlan(System::nanoTime);
  }

  /// A peer that waits for the next checkpoint, or for the next page of a slow line, is not dead.
  @Test
  void aPeerCountsAsDeadWhenItHasHadItsTime() {
    assertEquals(Duration.ofMinutes(5), stall(plan()));
    assertEquals(
        Duration.ofMinutes(15),
        stall(plan().checkpoints(StreamType.REMUS, 2, Duration.ofMinutes(10))));
    assertEquals(Duration.ofMinutes(5).plusSeconds(4096), stall(plan().bandwidth(1)));
    assertEquals(Duration.ofMinutes(5).plusMillis(10), stall(plan().bandwidth(1e9)));
  }
}
