// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

class PageRunsTest {
  private static MemorySegment run(int pages, int first) {
    MemorySegment run = MemorySegment.ofArray(new byte[pages * Wire.PAGE_SIZE]);
    for (int i = 0; i < pages; i++) {
      run.asSlice((long) i * Wire.PAGE_SIZE, Wire.PAGE_SIZE).fill((byte) (first + i));
    }
    return run;
  }

  @Test
  void findsEachPageAcrossRuns() {
    PageRuns runs = new PageRuns(List.of(run(2, 0), run(1, 2), run(3, 3)));
    assertEquals(6L * Wire.PAGE_SIZE, runs.byteSize());
    for (int i = 0; i < 6; i++) {
      MemorySegment page = runs.page(i);
      assertEquals(Wire.PAGE_SIZE, page.byteSize());
      assertEquals(i, page.get(ValueLayout.JAVA_BYTE, 0));
      assertEquals(i, page.get(ValueLayout.JAVA_BYTE, Wire.PAGE_SIZE - 1));
    }
  }

  @Test
  void saysThatThereIsNoSuchPage() {
    PageRuns runs = new PageRuns(List.of(run(2, 0)));
    assertEquals(
        "page 2 of 2",
        assertThrows(IndexOutOfBoundsException.class, () -> runs.page(2)).getMessage());
  }

  @Test
  void noOctetsAreNoRun() {
    assertSame(PageRuns.NONE, PageRuns.of(MemorySegment.ofArray(new byte[0])));
    assertEquals(0, PageRuns.NONE.byteSize());
  }
}
