// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.io.IOException;
import java.lang.foreign.Arena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.xenstream.transfer.PfnBitmap;

/// A store whose mark a CLEAN has taken is seen by whoever reads the page behind it; else the mark
/// is still there.
@JCStressTest
@Outcome(id = "0, 0, 1", expect = Expect.ACCEPTABLE, desc = "marked after the clean")
@Outcome(id = "0, 1, 1", expect = Expect.ACCEPTABLE, desc = "stored before and marked after it")
@Outcome(id = "1, 1, 0", expect = Expect.ACCEPTABLE, desc = "marked before it")
@Outcome(expect = Expect.FORBIDDEN, desc = "a write was lost")
@State
public class LogDirtyStress {
  private final Arena arena = Arena.ofShared();
  private final SimLogDirty dirty;
  private final PfnBitmap bitmap = new PfnBitmap(arena, 64);
  private int page;

  /// A neighbour in the same word is marked, or a clean would pass the word over.
  public LogDirtyStress() {
    try {
      dirty = new SimLogDirty(64);
      dirty.enable();
      dirty.mark(8);
    } catch (IOException | XenError e) {
      throw new IllegalStateException(e);
    }
  }

  /// Writes to a page.
  @Actor
  public void guest() {
    page = 1;
    dirty.mark(7);
  }

  /// Takes the marks, then reads the page.
  @Actor
  public void saver(III_Result result) {
    var _ = dirty.read(bitmap, true);
    result.r1 = bitmap.get(7) ? 1 : 0;
    result.r2 = page;
  }

  /// What is marked for the next time.
  @Arbiter
  public void next(III_Result result) {
    var _ = dirty.read(bitmap, true);
    result.r3 = bitmap.get(7) ? 1 : 0;
    dirty.close();
    arena.close();
  }
}
