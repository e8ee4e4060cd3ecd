// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// Plain stores of a thread that was inside are seen by whoever has closed the gate, all or none.
@JCStressTest
@Outcome(
    id = {"0, 0", "1, 1"},
    expect = Expect.ACCEPTABLE,
    desc = "before or after")
@Outcome(expect = Expect.FORBIDDEN, desc = "somebody is inside a closed gate")
@State
public class GateStress {
  private final Gate gate = new Gate();
  private int one;
  private int two;

  /// The gate is open.
  public GateStress() {
    gate.open();
  }

  /// The guest.
  @Actor
  public void guest() {
    if (gate.enter()) {
      one = 1;
      two = 1;
      gate.exit();
    }
  }

  /// The toolstack.
  @Actor
  public void toolstack(II_Result result) {
    gate.close();
    result.r2 = two;
    for (int i = 0; i < 10; i++) {
      Thread.onSpinWait(); // a guest that is inside has the time to store
    }
    result.r1 = one;
    gate.open();
  }
}
