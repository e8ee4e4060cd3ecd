// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.xenstream.transfer.sim.FaultyHypervisor;

/// Which calls of a live save are made only so that their code has run: those from the first look
/// at the guest's clock until log-dirty is on.
final class Rehearsal {
  private int first;
  private int end;

  /// @param counting of a save that is still to come
  Rehearsal(FaultyHypervisor counting) {
    counting.before("tscInfo", 1, () -> first = counting.calls());
    counting.before("enableLogDirty", 1, () -> end = counting.calls());
  }

  /// Tells whether the nth of all calls, from 1 on, is one of them.
  boolean has(int call) {
    assertTrue(first > 0 && first < end, "no rehearsal: " + first + ", " + end);
    return call >= first && call < end;
  }
}
