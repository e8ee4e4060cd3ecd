// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZI_Result;

/// A thread that comes while the domain goes is inside before the gate is closed for good, or sent
/// away.
@JCStressTest
@Outcome(
    id = {"true, 1", "false, 0"},
    expect = Expect.ACCEPTABLE,
    desc = "in before, or sent away")
@Outcome(expect = Expect.FORBIDDEN, desc = "inside when the domain was gone")
@State
public class GateRemovedStress {
  private final Gate gate = new Gate();
  private int stored;

  /// The gate is open.
  public GateRemovedStress() {
    gate.open();
  }

  /// The guest.
  @Actor
  public void guest(ZI_Result result) {
    boolean entered = gate.enter();
    if (entered) {
      stored = 1;
      gate.exit();
    }
    result.r1 = entered;
  }

  /// The toolstack.
  @Actor
  public void toolstack(ZI_Result result) {
    gate.remove();
    result.r2 = stored;
  }
}
