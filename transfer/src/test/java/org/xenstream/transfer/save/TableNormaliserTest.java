// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TableNormaliserTest {
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int PFNS = 5000;
  private static final int MFNS = 20_000;
  private static final long COMPAT = 0x7_7777;

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment m2p = arena.allocate(8L * MFNS);
  private final MemorySegment p2m = arena.allocate(64 << 10);
  private final MemorySegment source = arena.allocate(8192);
  private final MemorySegment target = arena.allocate(8192);
  private final long[] mfns = new long[PFNS];

  @AfterEach
  void free() {
    arena.close();
  }

  /// Pieces of `piece` neighbours at places by chance; the frames of the p2m in reverse order.
  private Pseudophysmap map(int width, int piece, Random chance) {
    m2p.fill((byte) 0xFF);
    int perLeaf = 4096 / width;
    int leafCount = (PFNS + perLeaf - 1) / perLeaf;
    long[] leaves = new long[leafCount];
    for (int i = 0; i < leafCount; i++) {
      leaves[i] = (leafCount - 1L - i) * 4096;
    }
    int places = MFNS / piece;
    boolean[] used = new boolean[places];
    int place = 0;
    for (int pfn = 0; pfn < PFNS; pfn++) {
      if (pfn % piece == 0) {
        do {
          place = chance.nextInt(places);
        } while (used[place]);
        used[place] = true;
      }
      mfns[pfn] = (long) place * piece + pfn % piece;
      m2p.set(U64, 8 * mfns[pfn], pfn);
      long at = leaves[pfn / perLeaf] + (long) (pfn % perLeaf) * width;
      if (width == 8) {
        p2m.set(U64, at, mfns[pfn]);
      } else {
        p2m.set(U32, at, (int) mfns[pfn]);
      }
    }
    return new Pseudophysmap(m2p, MFNS - 1, p2m, leaves, width, PFNS - 1);
  }

  private void entry(int slot, long entry) {
    source.set(U64, 4096 + 8L * slot, entry);
  }

  private long result(int slot) {
    return target.get(U64, 4096 + 8L * slot);
  }

  private int normalise(Pseudophysmap map, int level) {
    target.fill((byte) 0x55);
    return new TableNormaliser(map, COMPAT).normalise(level, source, 4096, target, 4096);
  }

  /// Each entry on its own, as the reference goes: the frame's pfn and the same flags.
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 8, 100, 512, 2048})
  void everyEntryNamesThePfnOfItsFrame(int piece) {
    for (int width = 4; width <= 8; width += 4) {
      for (int seed = 0; seed < 20; seed++) {
        Random chance = new Random(seed);
        Pseudophysmap map = map(width, piece, chance);
        long[] wanted = new long[512];
        int pfn = chance.nextInt(PFNS - 512);
        for (int slot = 0; slot < 512; slot++) {
          if (chance.nextInt(40) == 0) {
            pfn = chance.nextInt(PFNS - 512);
          }
          boolean present = chance.nextInt(20) != 0;
          long flags = chance.nextLong() & 0xFFF0_0000_0000_0F7EL;
          if (present) {
            entry(slot, mfns[pfn + slot] << 12 | flags | 1);
            wanted[slot] = (long) (pfn + slot) << 12 | flags | 1;
          } else {
            // What is not present is the guest's own, whatever it looks like.
            wanted[slot] = chance.nextLong() & ~1L;
            entry(slot, wanted[slot]);
          }
        }
        assertEquals(-1, normalise(map, 1));
        for (int slot = 0; slot < 512; slot++) {
          assertEquals(wanted[slot], result(slot), "seed " + seed + " slot " + slot);
        }
        assertEquals(0x5555_5555_5555_5555L, target.get(U64, 4088));
      }
    }
  }

  @Test
  void theXenHolesAreEmptied() {
    Pseudophysmap map = map(8, 512, new Random(1));
    for (int slot = 0; slot < 512; slot++) {
      entry(slot, mfns[slot] << 12 | 0x67);
    }
    entry(256, 0x1234_5000L | 3);
    entry(271, 0x1234_5000L | 0x83);
    assertEquals(-1, normalise(map, 4));
    for (int slot = 0; slot < 512; slot++) {
      assertEquals(slot >= 256 && slot <= 271 ? 0 : (long) slot << 12 | 0x67, result(slot));
    }
    // Only in the top level.
    assertEquals(256, normalise(map, 3));
  }

  @Test
  void theXenHolesOf32Bits() {
    Pseudophysmap map = map(4, 512, new Random(1));
    for (int slot = 0; slot < 512; slot++) {
      entry(slot, mfns[slot] << 12 | 0x67);
    }
    entry(4, 0x1234_5000L | 3);
    entry(511, 0x1234_5000L | 3);
    assertEquals(-1, normalise(map, 3));
    for (int slot = 0; slot < 512; slot++) {
      assertEquals(slot >= 4 ? 0 : (long) slot << 12 | 0x67, result(slot));
    }
    // A table of level 2 has a hole where it maps the m2p, and nowhere else.
    assertEquals(4, normalise(map, 2));
    entry(4, 0);
    entry(511, 0);
    assertEquals(-1, normalise(map, 2));
    assertEquals(430L << 12 | 0x67, result(430));
    entry(428, COMPAT << 12 | 3);
    entry(500, 0x1234_5000L | 3);
    assertEquals(-1, normalise(map, 2));
    for (int slot = 428; slot < 512; slot++) {
      assertEquals(0, result(slot));
    }
    assertEquals(427L << 12 | 0x67, result(427));
    assertEquals(428, normalise(map, 1));
  }

  @Test
  void theFirstBadEntryIsTold() {
    Pseudophysmap map = map(8, 512, new Random(1));
    for (int slot = 0; slot < 512; slot++) {
      entry(slot, mfns[slot] << 12 | 0x67);
    }
    // Not the guest's; beyond the host; the m2p agrees but not the p2m; the p2m agrees but not the
    // m2p.
    long foreign = MFNS - 1;
    while (map.pfnOf(foreign) >= 0) {
      foreign--;
    }
    entry(300, foreign << 12 | 1);
    assertEquals(300, normalise(map, 1));
    assertEquals(0x5555_5555_5555_5555L, result(0));
    entry(200, (long) MFNS << 12 | 1);
    assertEquals(200, normalise(map, 1));
    m2p.set(U64, 8 * foreign, 7);
    entry(100, foreign << 12 | 1);
    assertEquals(100, normalise(map, 1));
    m2p.set(U64, 8 * mfns[50], PFNS);
    assertEquals(50, normalise(map, 1));
    m2p.set(U64, 8 * mfns[50], -1);
    assertEquals(50, normalise(map, 1));
    m2p.set(U64, 8 * mfns[50], 50);
    m2p.set(U64, 8 * mfns[33], 34);
    assertEquals(33, normalise(map, 1));
  }

  @Test
  void aSuperpageIsTold() {
    Pseudophysmap map = map(8, 512, new Random(1));
    for (int slot = 0; slot < 512; slot++) {
      entry(slot, mfns[slot] << 12 | 0x67);
    }
    entry(77, mfns[77] << 12 | 0xE7);
    TableNormaliser tables = new TableNormaliser(map, COMPAT);
    assertEquals(77, tables.normalise(2, source, 4096, target, 4096));
    assertEquals(mfns[77] << 12 | 0xE7, tables.entry(77));
    // At level 1 the bit is another one; and what is not present maps nothing.
    assertEquals(-1, tables.normalise(1, source, 4096, target, 4096));
    assertEquals(77L << 12 | 0xE7, result(77));
    entry(77, mfns[77] << 12 | 0xE6);
    assertEquals(-1, tables.normalise(2, source, 4096, target, 4096));
  }

  @Test
  void bothTablesAreDescribed() {
    Pseudophysmap map = map(8, 1, new Random(1));
    long mfn = mfns[3];
    assertEquals(
        "mfn 0x%x (m2p[0x%x] = 0x3, p2m[0x3] = 0x%x)".formatted(mfn, mfn, mfn), map.describe(mfn));
    assertEquals("mfn 0x4e20 (the highest is 0x4e1f)", map.describe(MFNS));
    assertTrue(map.describe(-1).startsWith("mfn 0xffffffffffffffff"));
  }

  /// Runs of any length, that end anywhere, among entries that are not present and single ones,
  /// with what is bad anywhere: as it is done entry by entry.
  @Test
  void runsAndSingleEntriesAreRewrittenAsOneByOne() {
    for (int seed = 0; seed < 3000; seed++) {
      Random chance = new Random(seed);
      int width = chance.nextBoolean() ? 8 : 4;
      boolean faults = chance.nextBoolean();
      Pseudophysmap map = map(width, 1 + chance.nextInt(chance.nextBoolean() ? 70 : 2048), chance);
      for (int i = chance.nextInt(4); faults && i > 0; i--) {
        m2p.set(U64, 8 * mfns[chance.nextInt(PFNS)], chance.nextInt(PFNS + 3) - 1L);
      }
      int level = 1 + chance.nextInt(width == 8 ? 4 : 3);
      long[] wanted = new long[512];
      int slot = 0;
      while (slot < 512) {
        int length = 1 + chance.nextInt(chance.nextInt(4) == 0 ? 512 : 70);
        int kind = chance.nextInt(4);
        int pfn = chance.nextInt(PFNS);
        for (int i = 0; i < length && slot < 512; i++) {
          long flags = chance.nextLong() & 0xFFF0_0000_0000_0F7EL;
          if (faults && chance.nextInt(1500) == 0) {
            flags |= 0x80;
          }
          long mfn = faults && chance.nextInt(1500) == 0 ? chance.nextInt(MFNS + 5) : mfns[pfn];
          long entry =
              switch (kind) {
                case 0 -> chance.nextLong() & ~1L;
                case 1 -> mfns[chance.nextInt(PFNS)] << 12 | flags | 1;
                default -> mfn << 12 | flags | 1;
              };
          entry(slot, entry);
          wanted[slot++] = entry;
          pfn = (pfn + 1) % PFNS;
        }
      }
      String what = "seed " + seed;
      TableNormaliser tables = new TableNormaliser(map, COMPAT);
      target.fill((byte) 0x55);
      int bad = oneByOne(map, width, level, wanted);
      assertEquals(bad, tables.normalise(level, source, 4096, target, 4096), what);
      if (bad >= 0) {
        assertEquals(wanted[bad], tables.entry(bad), what);
      }
      for (int i = 0; i < 512; i++) {
        assertEquals(bad < 0 ? wanted[i] : 0x5555_5555_5555_5555L, result(i), what);
      }
    }
  }

  private static int oneByOne(Pseudophysmap map, int width, int level, long[] entries) {
    for (int slot = 0; slot < 512; slot++) {
      boolean xens =
          width == 8 ? (level == 4 && slot >= 256 && slot <= 271) : (level == 3 && slot > 3);
      if (xens) {
        entries[slot] = 0;
      } else if ((entries[slot] & 1) != 0) {
        long pfn = map.pfnOf(entries[slot] >>> 12 & 0xFF_FFFF_FFFFL);
        if (pfn < 0 || (level > 1 && (entries[slot] & 0x80) != 0)) {
          return slot;
        }
        entries[slot] = (entries[slot] & ~0x000F_FFFF_FFFF_F000L) | pfn << 12;
      }
    }
    return -1;
  }
}
