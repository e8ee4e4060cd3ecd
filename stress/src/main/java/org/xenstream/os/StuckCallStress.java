// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

import java.io.IOException;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.Z_Result;

/// A thread that is about to make a call in which it may get stuck, as another gets it out: before
/// it has gone in, too.
@JCStressTest
@Outcome(id = "true", expect = Expect.ACCEPTABLE, desc = "a signal comes")
@Outcome(id = "false", expect = Expect.FORBIDDEN, desc = "it would be stuck for ever")
@State
public class StuckCallStress {
  private final StuckCall call = new StuckCall(500_000_000);

  /// Goes in.
  @Actor
  public void enter() {
    try {
      call.enter(Long.MAX_VALUE);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Gets it out.
  @Actor
  public void cut() {
    call.cut();
  }

  /// Whether it is on its way out.
  @Arbiter
  public void look(Z_Result result) {
    result.r1 = call.isArmed();
    call.leave();
    call.close();
  }
}
