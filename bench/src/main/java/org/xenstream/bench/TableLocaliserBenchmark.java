// SPDX-License-Identifier: Apache-2.0
package org.xenstream.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.xenstream.transfer.restore.TableLocaliser;
import org.xenstream.x86.PageTableEntry;

/// Turns pfns into frames in page tables, in place.
public class TableLocaliserBenchmark extends QuickBenchmark {
  private static final int TABLES = 2048;
  private static final int ENTRIES = 512;
  private static final int FLAGS = 0x67;

  /// The tables, and the frames of all pfns. Frames are pfns, too, so that a table can be turned as
  /// often as one likes.
  @State(Scope.Benchmark)
  @SuppressWarnings("NullAway.Init") // JMH calls the set-up
  public static class Tables {
    /// `RUNS`: a table names pfns that follow each other, as a kernel's mapping of its memory does;
    /// `SCATTERED`: any, as those of a program that ran for long; `LINUX`: as [LinuxTables] have
    /// them.
    @Param({"RUNS", "SCATTERED", "LINUX"})
    public String pfns;

    /// The guest's memory in MiB.
    @Param({"1024", "10240"})
    public int mebibytes;

    private int count;
    private final TableLocaliser localiser = new TableLocaliser();
    private Arena arena;
    private MemorySegment memory;
    private MemorySegment complements;

    /// For the yardstick: the complements, and what each entry looks up in them.
    private long[] plainComplements;

    private final int[] named = new int[TABLES * ENTRIES];

    /// Makes them.
    @Setup(Level.Trial)
    @SuppressWarnings("MustBeClosedChecker") // JMH calls the end
    public void make() throws IOException {
      arena = Arena.ofShared();
      count = mebibytes << 8;
      memory = arena.allocate((long) TABLES * ENTRIES * 8, 4096);
      complements = arena.allocate(count * 8L, 4096);
      for (long pfn = 0; pfn < count; pfn++) {
        // 2 MiB runs, as a hypervisor with superpages gives them.
        complements.setAtIndex(ValueLayout.JAVA_LONG, pfn, ~((pfn + 512 * 777) % count));
      }
      plainComplements = complements.toArray(ValueLayout.JAVA_LONG);
      SplittableRandom chance = new SplittableRandom(1);
      LinuxTables linux = LinuxTables.of(count, chance);
      for (int table = 0; table < TABLES; table++) {
        long[] entries =
            switch (pfns) {
              case "RUNS" -> run(chance.nextLong(count / ENTRIES) * ENTRIES);
              case "LINUX" -> linux.entries(table);
              default -> chance.longs(ENTRIES, 0, count).map(pfn -> pfn << 12 | FLAGS).toArray();
            };
        for (int slot = 0; slot < ENTRIES; slot++) {
          memory.setAtIndex(ValueLayout.JAVA_LONG, (long) table * ENTRIES + slot, entries[slot]);
          named[table * ENTRIES + slot] = (int) PageTableEntry.frame(entries[slot]);
        }
      }
    }

    private static long[] run(long first) {
      return LongStream.range(first, first + ENTRIES).map(pfn -> pfn << 12 | FLAGS).toArray();
    }

    /// Gives the memory back.
    @TearDown(Level.Trial)
    public void release() {
      arena.close();
    }
  }

  /// Every entry of every table.
  @Benchmark
  public int localise(Tables tables, Rate rate, ProcessorRate processor) {
    int done = 0;
    for (long table = 0; table < TABLES; table++) {
      done +=
          tables.localiser.localise(
              tables.memory, table * ENTRIES * 8, 0, tables.complements, tables.count - 1);
    }
    if (done != TABLES * ENTRIES) {
      throw new IllegalStateException("a pfn without a frame");
    }
    rate.count((long) TABLES * ENTRIES * 8, TABLES);
    processor.count((long) TABLES * ENTRIES * 8);
    return done;
  }

  /// A yardstick: what the lookups alone cost in a plain array.
  @Benchmark
  public long gather(Tables tables, Rate rate, ProcessorRate processor) {
    long sum = 0;
    for (int pfn : tables.named) {
      sum += tables.plainComplements[pfn];
    }
    rate.count((long) TABLES * ENTRIES * 8, TABLES);
    processor.count((long) TABLES * ENTRIES * 8);
    return sum;
  }
}
