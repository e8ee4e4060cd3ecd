// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.xenstream.core.verify.StartInfoPages.Names;

class StartInfoPagesTest {
  private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final long MAX_PFN = 1 << 20;

  private final PvMemory memory = new PvMemory();
  private final StartInfoPages pages = new StartInfoPages(memory);

  @BeforeEach
  void aGuest() {
    memory.grow(MAX_PFN);
  }

  private static MemorySegment page(boolean magic, long store, long console) {
    MemorySegment page = MemorySegment.ofArray(new byte[4096]);
    page.set(U32, 0, magic ? 0x2D6E6578 : 0);
    page.set(U64, 56, store);
    page.set(U64, 72, console);
    return page;
  }

  @Test
  void aPageThatWasNeverSentNamesZeros() {
    assertEquals(new Names(0, 0), pages.of(5, MAX_PFN));
  }

  @Test
  void theLastCopyCounts() {
    pages.take(5, page(false, 3, 4), 8, MAX_PFN);
    assertEquals(new Names(3, 4), pages.of(5, MAX_PFN));
    pages.take(5, page(true, -1, 4), 8, MAX_PFN);
    assertEquals(new Names(-1, 4), pages.of(5, MAX_PFN));
    pages.take(5, page(false, 0, MAX_PFN + 1), 8, MAX_PFN);
    assertEquals(StartInfoPages.BEYOND, pages.of(5, MAX_PFN));
    pages.take(5, page(true, 0, 0), 8, MAX_PFN);
    assertEquals(new Names(0, 0), pages.of(5, MAX_PFN));
  }

  @Test
  void aGuestOf32BitsHasThemElsewhere() {
    MemorySegment page = MemorySegment.ofArray(new byte[4096]);
    page.set(U32, 44, 7);
    page.set(U32, 52, 8);
    page.set(U64, 56, -1);
    pages.take(5, page, 4, MAX_PFN);
    assertEquals(new Names(7, 8), pages.of(5, MAX_PFN));
  }

  @Test
  void nothingIsKnownOfAPageThatTheGuestMayHaveGrownAround() {
    pages.take(5, page(false, 10, 1), 8, 9);
    assertEquals(StartInfoPages.BEYOND, pages.of(5, 9));
    assertNull(pages.of(5, 12));
  }

  /// A guest of many such pages takes no more memory, and a real start info page is known even so.
  @Test
  void noMoreThanANumberOfPagesIsKept() {
    for (int pfn = 0; pfn < StartInfoPages.MOST; pfn++) {
      pages.take(pfn, page(false, 1, 2), 8, MAX_PFN);
    }
    int more = StartInfoPages.MOST;
    pages.take(more, page(false, 1, 2), 8, MAX_PFN);
    assertNull(pages.of(more, MAX_PFN));
    pages.take(more, page(true, 1, 2), 8, MAX_PFN);
    assertEquals(new Names(1, 2), pages.of(more, MAX_PFN));
    pages.take(0, page(false, 0, 0), 8, MAX_PFN);
    pages.take(more, page(false, 3, 4), 8, MAX_PFN);
    assertEquals(new Names(3, 4), pages.of(more, MAX_PFN));
  }
}
