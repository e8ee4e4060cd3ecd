// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/// Whoever registers is woken, before or after the other has asked for the end.
@JCStressTest
@Outcome(
    id = {"1", "2"},
    expect = Expect.ACCEPTABLE,
    desc = "woken")
@Outcome(id = "0", expect = Expect.FORBIDDEN, desc = "the wake-up was lost")
@State
public class LateWakeUpStress {
  private final Cancellation cancellation = new Cancellation();
  private final AtomicInteger woken = new AtomicInteger();

  /// Registers.
  @Actor
  public void register() {
    cancellation.onCancel(woken::incrementAndGet);
  }

  /// Asks.
  @Actor
  public void ask() {
    cancellation.cancel();
  }

  /// How often it was woken.
  @Arbiter
  public void look(I_Result result) {
    result.r1 = woken.get();
  }
}
