// SPDX-License-Identifier: Apache-2.0
package org.xenstream.insight;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.core.format.Wire;

/// Runs of pages against a plain map of pages.
class RunIndexTest {
  private static final int MOST_RUNS = 1 << 22;

  private final RunIndex index = new RunIndex();
  private final TreeMap<Long, Long> expected = new TreeMap<>();

  private void add(long pfn, long offset) throws IOException {
    index.add(pfn, offset);
    if (offset == RunIndex.ABSENT) {
      expected.remove(pfn);
    } else {
      expected.put(pfn, offset);
    }
  }

  /// What the index says of each pfn. Its runs must be disjoint and ascending.
  private Map<Long, Long> pages() {
    Map<Long, Long> pages = new TreeMap<>();
    long end = 0;
    for (int run = 0; run < index.size(); run++) {
      assertTrue(index.count(run) > 0, "a run has pages");
      assertTrue(index.start(run) >= end, "a run begins behind the one before");
      end = index.start(run) + index.count(run);
      long offset = index.offset(run);
      for (long i = 0; i < index.count(run); i++) {
        pages.put(index.start(run) + i, offset < 0 ? offset : offset + i * Wire.PAGE_SIZE);
      }
    }
    return pages;
  }

  @Test
  void pagesThatFollowEachOtherAreOneRun() throws IOException {
    for (long i = 0; i < 1024; i++) {
      add(0x100 + i, 0x2008 + i * Wire.PAGE_SIZE);
    }
    for (long i = 0; i < 10; i++) {
      add(0x500 + i, RunIndex.ZEROS);
    }
    index.settle();
    assertEquals(2, index.size());
    assertEquals(expected, pages());
  }

  @Test
  void absenceOfWhatWasNeverThereTakesNoRoom() throws IOException {
    for (long pfn = 0; pfn < 1 << 20; pfn++) {
      add(pfn, RunIndex.ABSENT);
    }
    index.settle();
    assertEquals(0, index.size());
  }

  @Test
  void aRunIsSplitByALaterPageAndByAHole() throws IOException {
    for (long i = 0; i < 100; i++) {
      add(i, i * Wire.PAGE_SIZE);
    }
    add(50, 0x100_0000);
    add(70, RunIndex.ABSENT);
    add(99, RunIndex.ZEROS);
    index.settle();
    assertEquals(5, index.size());
    assertEquals(expected, pages());
    assertEquals(51 * Wire.PAGE_SIZE, index.offset(2));
  }

  /// Runs of every length that cover each other many times over, holes, pages of zeros; settled in
  /// between as a full log is.
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void theLastCopyRemains(long seed) throws IOException {
    Random random = new Random(seed);
    int pfns = 1 << (4 + random.nextInt(9));
    long offset = 0;
    for (int batch = 0; batch < 400; batch++) {
      long pfn = random.nextInt(pfns);
      int length = 1 + random.nextInt(1 + random.nextInt(pfns));
      int kind = random.nextInt(10);
      for (int i = 0; i < length; i++) {
        long where = kind == 0 ? RunIndex.ABSENT : kind == 1 ? RunIndex.ZEROS : offset;
        add(pfn + i, where);
        offset += where < 0 ? 0 : Wire.PAGE_SIZE;
        pfn += random.nextInt(40) == 0 ? 1 : 0;
      }
      offset += random.nextInt(3) * 8L;
      if (random.nextInt(100) == 0) {
        index.settle();
      }
    }
    index.settle();
    assertEquals(expected, pages());
    index.settle();
    assertEquals(expected, pages(), "settled again");
  }

  /// Two passes over every second pfn fill the log; what remains of them is exactly half of it, as
  /// much as is kept and as long as the arrays are.
  @Test
  void aFullLogIsSettledOnTheWay() throws IOException {
    for (long pass = 0; pass < 2; pass++) {
      for (long i = 0; i < MOST_RUNS / 2; i++) {
        index.add(2 * i, pass * 0x10_0000_0000L + i * Wire.PAGE_SIZE);
      }
    }
    assertEquals(MOST_RUNS, index.size());
    index.add(1, RunIndex.ZEROS);
    assertEquals(MOST_RUNS / 2 + 1, index.size());
    index.settle();
    assertEquals(MOST_RUNS / 2 + 1, index.size());
    assertEquals(0, index.start(0));
    assertEquals(0x10_0000_0000L, index.offset(0));
    assertEquals(1, index.start(1));
    assertEquals(RunIndex.ZEROS, index.offset(1));
    assertEquals(MOST_RUNS - 2, index.start(MOST_RUNS / 2));
    assertEquals(
        0x10_0000_0000L + (MOST_RUNS / 2 - 1L) * Wire.PAGE_SIZE, index.offset(MOST_RUNS / 2));
  }

  @Test
  void aGuestScatteredTooWideIsRefused() throws IOException {
    for (long i = 0; i < MOST_RUNS; i++) {
      index.add(2 * i, i * Wire.PAGE_SIZE);
    }
    IOException refused = assertThrows(IOException.class, () -> index.add(1, RunIndex.ZEROS));
    assertEquals(
        "the guest's pages are scattered over more than 2097152 runs of the image, which is more"
            + " than a digest keeps in memory",
        refused.getMessage());
  }
}
