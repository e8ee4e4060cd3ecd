// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/// Whoever looks whether the end was asked for, and then lies down to wait, is woken: by the look,
/// or by the wake-up that it has registered before.
@JCStressTest
@Outcome(
    id = {"true, false", "true, true", "false, true"},
    expect = Expect.ACCEPTABLE,
    desc = "seen")
@Outcome(id = "false, false", expect = Expect.FORBIDDEN, desc = "it would wait for ever")
@State
public class CheckThenWaitStress {
  private final Cancellation cancellation = new Cancellation();
  private volatile boolean woken;

  /// Registers, and looks.
  @Actor
  public void awaited(ZZ_Result result) {
    cancellation.onCancel(() -> woken = true);
    result.r1 = cancellation.isCancelled();
  }

  /// Asks.
  @Actor
  public void ask() {
    cancellation.cancel();
  }

  /// Whether it was woken.
  @Arbiter
  public void look(ZZ_Result result) {
    result.r2 = woken;
  }
}
