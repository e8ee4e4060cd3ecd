// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.migrate;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.Z_Result;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.Deadline;

/// A secondary that waits for the wish for a checkpoint hears of it, before or after it begins to
/// wait.
@JCStressTest
@Outcome(id = "true", expect = Expect.ACCEPTABLE, desc = "heard")
@Outcome(id = "false", expect = Expect.FORBIDDEN, desc = "the wish was lost")
@State
public class ColoPairStress {
  private final ColoPair pair = new ColoPair(new Cancellation(), new Deadline(() -> 0));

  /// Wants a checkpoint.
  @Actor
  public void primary() {
    pair.ask();
  }

  /// Waits for it.
  @Actor
  public void secondary(Z_Result result) {
    result.r1 = pair.awaitAsked(1);
  }
}
