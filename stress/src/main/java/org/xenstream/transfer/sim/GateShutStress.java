// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// A thread inside that shuts the gate does not let another in which the toolstack keeps out, and a
/// toolstack that waits for it goes on.
@JCStressTest
@Outcome(
    id = {"0, 0", "0, 1"},
    expect = Expect.ACCEPTABLE,
    desc = "nobody is inside")
@Outcome(expect = Expect.FORBIDDEN, desc = "somebody is inside a closed gate")
@State
public class GateShutStress {
  private final Gate gate = new Gate();
  private int shut;

  /// The gate is open.
  public GateShutStress() {
    gate.open();
  }

  /// The guest.
  @Actor
  public void guest() {
    if (gate.enter()) {
      gate.shut();
      shut = 1;
      gate.exit();
    }
  }

  /// The toolstack.
  @Actor
  public void toolstack(II_Result result) {
    gate.close();
    result.r1 = gate.inside();
    result.r2 = shut;
    gate.open();
  }
}
