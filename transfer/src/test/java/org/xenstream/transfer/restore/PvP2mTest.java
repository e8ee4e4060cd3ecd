// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
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
      p2m.setFrames(new long[] {LAST}, new long[] {0}, 1);
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
      p2m.setTypes(new long[] {3}, new byte[] {PageType.XTAB}, 1);
      assertEquals(-1, p2m.nextTyped(0));
      List<Long> typed = List.of(0L, 7L, 8L, 15L, 900L);
      for (long pfn : typed) {
        p2m.setFrames(new long[] {pfn}, new long[] {0x1000 + pfn}, 1);
        p2m.setTypes(new long[] {pfn}, new byte[] {PageType.L1TAB | PageType.PINNED}, 1);
        assertEquals(PageType.L1TAB | PageType.PINNED, p2m.type(pfn));
      }
      assertEquals(typed, typed(p2m));
      p2m.setTypes(new long[] {900}, new byte[] {PageType.NOTAB}, 1);
      assertEquals(-1, p2m.nextTyped(16));
    }
  }

  /// Far apart, at the ends of what is kept together, and one that is an ordinary page again.
  @Test
  void typesAreFoundHoweverFarApart() throws IOException {
    List<Long> typed = List.of(7L, 4095L, 4096L, 3L << 30, LAST - 4096, LAST);
    try (PvP2m p2m = new PvP2m()) {
      p2m.expand(LAST);
      for (long pfn : typed) {
        p2m.setFrames(new long[] {pfn}, new long[] {5}, 1);
        p2m.setTypes(new long[] {pfn}, new byte[] {PageType.L1TAB}, 1);
      }
      assertEquals(LAST, p2m.highestTyped());
      assertEquals(typed, typed(p2m));
      p2m.setTypes(new long[] {3L << 30}, new byte[] {PageType.NOTAB}, 1);
      assertEquals(LAST - 4096, p2m.nextTyped(4097));
      assertEquals(LAST, p2m.nextTyped(LAST - 4095));
      assertEquals(LAST, p2m.nextTyped(LAST));
      assertEquals(-1, p2m.nextTyped(LAST + 1));
    }
  }

  private static List<Long> typed(PvP2m p2m) {
    List<Long> found = new ArrayList<>();
    for (long pfn = p2m.nextTyped(0); pfn >= 0; pfn = p2m.nextTyped(pfn + 1)) {
      found.add(pfn);
    }
    return found;
  }

  /// Entries of 8 octets that name nothing, each in another page of the p2m: also where the kernel
  /// takes memory for what is only read, they do not cost 4096 each.
  @Test
  void pfnsFarApartWithoutFramesTakeLittleMemory() throws IOException {
    try (PvP2m p2m = new PvP2m()) {
      p2m.expand(LAST);
      byte[] types = new byte[1024];
      Arrays.fill(types, (byte) PageType.XTAB);
      long before = anonymousKibibytes();
      for (int batch = 0; batch < 256; batch++) {
        long first = (long) batch << 19;
        p2m.setTypes(LongStream.range(0, 1024).map(i -> first + 512 * i).toArray(), types, 1024);
      }
      long taken = anonymousKibibytes() - before;
      assertTrue(taken < 256 << 10, () -> taken + " KiB for 262,144 entries");
    }
  }

  private static long anonymousKibibytes() throws IOException {
    String line =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(one -> one.startsWith("RssAnon:"))
            .findFirst()
            .orElseThrow();
    return Long.parseLong(line.replaceAll("\\D", ""));
  }

  /// A pfn sent as no page, to which a page table gave a frame later, is no ordinary page.
  @Test
  void aPageOfNoTypeStaysSoWhenItGetsAFrame() throws IOException {
    try (PvP2m p2m = new PvP2m()) {
      p2m.expand(LAST);
      long[] pfns = {3, 4, 5, LAST};
      p2m.setTypes(pfns, new byte[] {PageType.XTAB, 0, PageType.BROKEN, PageType.XTAB}, 4);
      p2m.setFrames(pfns, new long[] {1, 2, 3, 4}, 4);
      assertEquals(PageType.XTAB, p2m.type(3));
      assertEquals(PageType.NOTAB, p2m.type(4));
      assertEquals(PageType.XTAB, p2m.type(5));
      assertEquals(LAST, p2m.nextTyped(6));
      p2m.setTypes(pfns, new byte[4], 4);
      assertEquals(-1, p2m.nextTyped(0));
    }
  }

  /// A run that all has frames and lies in two pages of types, with any two of them typed.
  @Test
  void typesOfARunAreFoundWhereverTheyStand() throws IOException {
    long[] pfns = LongStream.range(4088, 4104).toArray();
    for (int one = 0; one < pfns.length; one++) {
      for (int other = one; other < pfns.length; other++) {
        try (PvP2m p2m = new PvP2m()) {
          p2m.expand(LAST);
          p2m.setFrames(pfns, pfns, pfns.length);
          byte[] types = new byte[pfns.length];
          types[one] = PageType.L1TAB;
          types[other] = PageType.L4TAB | PageType.PINNED;
          p2m.setTypes(pfns, types, pfns.length);
          assertEquals(
              LongStream.of(pfns[one], pfns[other]).distinct().boxed().toList(), typed(p2m));
          assertEquals(pfns[other], p2m.highestTyped());
        }
      }
    }
  }

  @Test
  void aMarkLastsUntilTheNextType() throws IOException {
    try (PvP2m p2m = new PvP2m()) {
      p2m.expand(LAST);
      p2m.setFrames(new long[] {7}, new long[] {5}, 1);
      p2m.setTypes(new long[] {7}, new byte[] {PageType.L4TAB | PageType.PINNED}, 1);
      assertFalse(p2m.isMarked(7));
      p2m.mark(7);
      assertTrue(p2m.isMarked(7));
      assertEquals(PageType.L4TAB | PageType.PINNED, p2m.type(7));
      assertEquals(List.of(7L), typed(p2m));
      p2m.setTypes(new long[] {7}, new byte[] {PageType.L1TAB}, 1);
      assertFalse(p2m.isMarked(7));
    }
  }

  /// Runs, single pfns and pfns out of order, of which some have no frame.
  @Test
  void manyAtOnceAreAsOneByOne() throws IOException {
    long[] pfns = {10, 11, 12, 13, 500, 7, 8, 1L << 31};
    long[] frames = {0x20, 0x21, 0x30, 0, 0x5, 0x6, 0x9, 0x7};
    byte[] types = {0, 9, 1, 0, 12, 0, 0, 2};
    try (PvP2m p2m = new PvP2m()) {
      p2m.expand(LAST);
      p2m.setFrames(pfns, frames, 7);
      p2m.setTypes(pfns, types, 8);
      long[] found = new long[8];
      p2m.frames(pfns, found, 8);
      for (int i = 0; i < 7; i++) {
        assertEquals(frames[i], p2m.frame(pfns[i]));
        assertEquals(frames[i], found[i]);
        assertEquals(types[i], p2m.type(pfns[i]));
      }
      assertEquals(Hypervisor.INVALID_FRAME, found[7]);
      assertEquals(0, p2m.type(1L << 31), "no type without a frame");
      p2m.setTypes(new long[] {9, 10, 11, 12}, new byte[] {4, 3, 0, 0}, 4);
      assertEquals(0, p2m.type(9), "no type without a frame");
      assertEquals(3, p2m.type(10));
      assertEquals(10, p2m.nextTyped(0));
      assertEquals(500, p2m.nextTyped(11));
    }
  }
}
