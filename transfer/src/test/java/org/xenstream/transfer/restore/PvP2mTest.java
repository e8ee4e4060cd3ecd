// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.xenstream.core.format.PageType;
import org.xenstream.transfer.Hypervisor;

class PvP2mTest {
  private static final long LAST = (1L << 32) - 1;

  @Test
  void whatNobodyWroteIsNoFrameAndNoType() throws IOException {
    try (PvP2m p2m = new PvP2m()) {
      assertEquals(-1, p2m.maxPfn());
      assertEquals(Hypervisor.INVALID_FRAME, p2m.frame(0));
      p2m.expand(LAST);
      p2m.expand(5);
      assertEquals(LAST, p2m.maxPfn());
      assertEquals(Hypervisor.INVALID_FRAME, p2m.frame(LAST));
      assertEquals(Hypervisor.INVALID_FRAME, p2m.frame(LAST + 1));
      assertEquals(-1, p2m.leaf(LAST / 512));
      assertEquals(-1, p2m.nextTyped(0));
      p2m.setFrame(LAST, 0);
      assertEquals(0, p2m.frame(LAST), "a frame like any other");
      p2m.setLeaf(LAST / 512, 7);
      assertEquals(7, p2m.leaf(LAST / 512));
    }
  }

  /// A type without a frame is not kept: it would cost a stream less than us.
  @Test
  void typesAreThoseOfPagesWithFrames() throws IOException {
    try (PvP2m p2m = new PvP2m()) {
      p2m.expand(1000);
      p2m.setType(3, PageType.XTAB);
      assertEquals(-1, p2m.nextTyped(0));
      List<Long> typed = List.of(0L, 7L, 8L, 15L, 900L);
      for (long pfn : typed) {
        p2m.setFrame(pfn, 0x1000 + pfn);
        p2m.setType(pfn, PageType.L1TAB | PageType.PINNED);
        assertEquals(PageType.L1TAB | PageType.PINNED, p2m.type(pfn));
      }
      List<Long> found = new ArrayList<>();
      for (long pfn = p2m.nextTyped(0); pfn >= 0; pfn = p2m.nextTyped(pfn + 1)) {
        found.add(pfn);
      }
      assertEquals(typed, found);
      p2m.setType(900, PageType.NOTAB);
      assertEquals(-1, p2m.nextTyped(16));
    }
  }
}
