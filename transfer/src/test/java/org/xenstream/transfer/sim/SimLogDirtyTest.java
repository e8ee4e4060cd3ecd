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

  @Test
  void theCountHasWhatTheBitmapIsTooShortFor() throws IOException, XenError {
    try (SimLogDirty dirty = new SimLogDirty(1 << 20);
        Arena arena = Arena.ofConfined()) {
      dirty.enable();
      dirty.mark(5);
      dirty.mark(131);
      dirty.mark(900_000);
      PfnBitmap few = new PfnBitmap(arena, 130);
      PfnBitmap more = new PfnBitmap(arena, 2 << 20);
      few.setAll();
      more.setAll();
      assertEquals(3, dirty.read(more, false).dirtyCount());
      assertEquals(3, more.count());
      assertEquals(3, dirty.read(few, true).dirtyCount());
      assertEquals(1, few.count());
      assertTrue(few.get(5));
      assertEquals(0, dirty.read(few, true).dirtyCount());
      assertEquals(0, few.count());
    }
  }
}
