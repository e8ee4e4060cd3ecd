// SPDX-License-Identifier: Apache-2.0
package org.xenstream.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.xenstream.core.format.PageType;
import org.xenstream.transfer.save.Pseudophysmap;
import org.xenstream.transfer.save.TableNormaliser;
import org.xenstream.x86.PageTableEntry;

/// Turns mfns into pfns in page tables, in the order in which a save meets the tables: that of
/// their pfns, so that neighbours map neighbours. Each entry is held against m2p and p2m.
public class TableNormaliserBenchmark extends QuickBenchmark {
  private static final int ENTRIES = 512;

  /// The tables, and the guest whose they are: half of the host's memory.
  @State(Scope.Benchmark)
  @SuppressWarnings("NullAway.Init") // JMH calls the set-up
  public static class Tables {
    /// What the tables hold.
    public enum Content {
      /// A kernel's mapping of all memory, which lies in pieces of 2 MiB, as a hypervisor gives it.
      DIRECT_MAP,
      /// The same with one half of each table empty.
      HALF_EMPTY,
      /// Programs: pieces of eight pages, one in eight of them missing.
      PIECES,
      /// No two neighbours anywhere.
      SCATTERED,
      /// What tables of all levels of a real Linux hold, see [LinuxTables].
      LINUX
    }

    /// What the tables hold.
    @Param public Content content = Content.DIRECT_MAP;

    /// The guest's memory in MiB.
    @Param({"1024", "8192"})
    public int mebibytes;

    private Arena arena;
    private MemorySegment tables;
    private MemorySegment target;
    private MemorySegment m2p;
    private MemorySegment p2m;
    private final long[] copy = new long[ENTRIES];
    private TableNormaliser normaliser;
    private int[] levels;
    private int count;

    /// For the yardstick: the m2p, and what each entry looks up in it.
    private long[] plainM2p;

    private int[] mfns;

    /// Makes them.
    @Setup(Level.Trial)
    @SuppressWarnings("MustBeClosedChecker") // JMH calls the end
    public void make() throws IOException {
      arena = Arena.ofShared();
      int pfns = mebibytes << 8;
      count = pfns / ENTRIES;
      p2m = arena.allocate(8L * pfns, 4096);
      m2p = arena.allocate(16L * pfns, 4096);
      m2p.fill((byte) 0xFF);
      SplittableRandom chance = new SplittableRandom(1);
      int piece = content == Content.SCATTERED ? 1 : ENTRIES;
      int[] places = shuffled(2 * pfns / piece, chance);
      for (int pfn = 0; pfn < pfns; pfn++) {
        long mfn = (long) places[pfn / piece] * piece + pfn % piece;
        p2m.setAtIndex(ValueLayout.JAVA_LONG, pfn, mfn);
        m2p.setAtIndex(ValueLayout.JAVA_LONG, mfn, pfn);
      }
      long[] leaves = new long[count];
      for (int i = 0; i < count; i++) {
        leaves[i] = 4096L * i;
      }
      plainM2p = m2p.toArray(ValueLayout.JAVA_LONG);
      mfns = new int[pfns];
      normaliser =
          new TableNormaliser(new Pseudophysmap(m2p, 2L * pfns - 1, p2m, leaves, 8, pfns - 1), -1);
      tables = arena.allocate(4096L * count, 4096);
      target = arena.allocate(4096L * 1024, 4096);
      levels = new int[count];
      if (content == Content.LINUX) {
        fillAsLinux(LinuxTables.of(pfns, chance));
      } else {
        Arrays.fill(levels, 1);
        for (int slot = 0; slot < pfns; slot++) {
          fill(slot, chance);
        }
      }
    }

    private void fillAsLinux(LinuxTables linux) {
      for (int table = 0; table < count; table++) {
        levels[table] = PageType.level(linux.type(table));
        long[] entries = linux.entries(table);
        for (int i = 0; i < ENTRIES; i++) {
          put(table * ENTRIES + i, entries[i]);
        }
      }
    }

    /// @param entry names a pfn
    private void put(int slot, long entry) {
      long there =
          PageTableEntry.isPresent(entry)
              ? PageTableEntry.withFrame(
                  entry, p2m.getAtIndex(ValueLayout.JAVA_LONG, PageTableEntry.frame(entry)))
              : entry;
      tables.setAtIndex(ValueLayout.JAVA_LONG, slot, there);
      mfns[slot] = (int) (PageTableEntry.frame(there) & -(there & PageTableEntry.PRESENT));
    }

    private void fill(int slot, SplittableRandom chance) {
      int pfn = slot;
      boolean present = true;
      switch (content) {
        case DIRECT_MAP, SCATTERED, LINUX -> {}
        case HALF_EMPTY -> present = slot % ENTRIES < ENTRIES / 2;
        case PIECES -> {
          int piece = slot / 8;
          present = piece % 8 != 0;
          pfn = (int) (piece * 2_654_435_761L % (count * 64L)) * 8 + slot % 8;
        }
      }
      // Accessed and dirty as it comes.
      long flags = 0x8000_0000_0000_0007L | chance.nextInt(4) << 5;
      put(slot, present ? (long) pfn << 12 | flags : 0);
    }

    private static int[] shuffled(int count, SplittableRandom chance) {
      int[] all = new int[count];
      for (int i = 0; i < count; i++) {
        int from = chance.nextInt(i + 1);
        all[i] = all[from];
        all[from] = i;
      }
      return all;
    }

    /// Gives the memory back.
    @TearDown(Level.Trial)
    public void release() {
      arena.close();
    }
  }

  /// Every table, into the scratch pages of a batch.
  @Benchmark
  public int normalise(Tables tables, Rate rate, ProcessorRate processor) {
    int bad = 0;
    for (int i = 0; i < tables.count; i++) {
      bad +=
          tables.normaliser.normalise(
              tables.levels[i], tables.tables, 4096L * i, tables.target, 4096L * (i & 1023));
    }
    if (bad != -tables.count) {
      throw new IllegalStateException("a table that is bad");
    }
    rate.count(4096L * tables.count, tables.count);
    processor.count(4096L * tables.count);
    return bad;
  }

  /// A yardstick: what the lookups in the m2p alone cost in a plain array.
  @Benchmark
  public long gather(Tables tables, Rate rate, ProcessorRate processor) {
    long sum = 0;
    for (int mfn : tables.mfns) {
      sum += tables.plainM2p[mfn];
    }
    rate.count(4096L * tables.count, tables.count);
    processor.count(4096L * tables.count);
    return sum;
  }

  /// A yardstick for the direct map: what it takes to copy each table from where it lies to where
  /// it goes, and as much of m2p and of p2m as it names.
  @Benchmark
  public long copy(Tables tables, Rate rate, ProcessorRate processor) {
    long[] copy = tables.copy;
    long sum = 0;
    for (int i = 0; i < tables.count; i++) {
      long piece = tables.mfns[i * ENTRIES] & -ENTRIES;
      MemorySegment.copy(tables.m2p, ValueLayout.JAVA_LONG, 8L * piece, copy, 0, ENTRIES);
      sum += copy[i % ENTRIES];
      MemorySegment.copy(tables.p2m, ValueLayout.JAVA_LONG, 4096L * i, copy, 0, ENTRIES);
      sum += copy[i % ENTRIES];
      MemorySegment.copy(tables.tables, ValueLayout.JAVA_LONG, 4096L * i, copy, 0, ENTRIES);
      MemorySegment.copy(
          copy, 0, tables.target, ValueLayout.JAVA_LONG, 4096L * (i & 1023), ENTRIES);
    }
    rate.count(4096L * tables.count, tables.count);
    processor.count(4096L * tables.count);
    return sum;
  }
}
