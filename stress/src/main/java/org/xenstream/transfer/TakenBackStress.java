// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.J_Result;

/// A deadline that is taken back in time never seems to have passed, whoever looks.
@JCStressTest
@Outcome(
    id = {"10", "9223372036854775807"},
    expect = Expect.ACCEPTABLE,
    desc = "in time, or none")
@Outcome(id = "-90", expect = Expect.FORBIDDEN, desc = "it was taken back before it passed")
@State
public class TakenBackStress {
  private volatile long clock;
  private final Deadline deadline = new Deadline(() -> clock);

  /// Set for the 10th nanosecond.
  public TakenBackStress() {
    deadline.set(10);
  }

  /// Takes it back; later the time is over.
  @Actor
  public void takeBack() {
    deadline.clear();
    clock = 100;
  }

  /// Looks.
  @Actor
  public void look(J_Result result) {
    result.r1 = deadline.remainingNanos();
  }
}
