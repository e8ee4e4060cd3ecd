// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.xenstream.transfer.PfnBitmap;

/// What the log-dirty bitmap of a simulated domain tells while its guest writes.
@Timeout(60)
class SimLogDirtyTest {
  /// A saver that is told of no dirty page does not look at the bitmap, whose bits are gone then.
  @Test
  void theCountIsThatOfTheBitsGiven() throws IOException, InterruptedException, XenError {
    int pfns = 256;
    try (SimLogDirty dirty = new SimLogDirty(pfns);
        Arena arena = Arena.ofConfined()) {
      dirty.enable();
      AtomicBoolean over = new AtomicBoolean();
      Thread guest =
          Thread.ofPlatform()
              .start(() -> {
                for (long pfn = 0; !over.get(); pfn++) {
                  dirty.mark(pfn % pfns);
                }
              });
      PfnBitmap bitmap = new PfnBitmap(arena, pfns);
      long found = 0;
      try {
        for (int i = 0; i < 200_000 || found == 0; i++) {
          long told = dirty.read(bitmap, true).dirtyCount();
          assertEquals(bitmap.count(), told);
          found += told;
        }
      } finally {
        over.set(true);
        guest.join();
      }
      assertTrue(found > 0);
    }
  }
}
