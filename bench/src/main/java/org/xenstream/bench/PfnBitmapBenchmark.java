// SPDX-License-Identifier: Apache-2.0
package org.xenstream.bench;

import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.xenstream.core.format.Wire;
import org.xenstream.transfer.PfnBitmap;
import org.xenstream.transfer.PfnScan;

/// The bookkeeping of pre-copy for a guest of 1 TiB: 2^28 pfns, a bitmap of 32 MiB. `gigaoctets`
/// are those of the bitmap, `pages` the pfns that were found.
public class PfnBitmapBenchmark extends QuickBenchmark {
  /// Two bitmaps.
  @State(Scope.Benchmark)
  @SuppressWarnings("NullAway.Init") // JMH calls the set-up
  public static class Bitmaps {
    private static final long PFNS = 1L << 28;

    /// One pfn in so many is dirty.
    @Param({"1048576", "65536", "1024"})
    public int oneIn;

    private final PfnScan scan = new PfnScan();
    private final long[] pfns = new long[Wire.MAX_BATCH];
    private Arena arena;
    private PfnBitmap dirty;
    private PfnBitmap other;

    /// Makes them.
    @Setup(Level.Trial)
    @SuppressWarnings("MustBeClosedChecker") // JMH calls the end
    public void make() {
      arena = Arena.ofShared();
      dirty = new PfnBitmap(arena, PFNS);
      other = new PfnBitmap(arena, PFNS);
      SplittableRandom chance = new SplittableRandom(oneIn);
      for (long i = 0; i < PFNS / oneIn; i++) {
        dirty.set(chance.nextLong(PFNS));
      }
    }

    /// Gives the memory back.
    @TearDown(Level.Trial)
    public void release() {
      arena.close();
    }

    private long octets() {
      return dirty.words().byteSize();
    }
  }

  /// Finds every dirty pfn, a batch of them at a time, as a pass of a save does.
  @Benchmark
  public long scan(Bitmaps bitmaps, Rate rate, ProcessorRate processor) {
    bitmaps.scan.begin(bitmaps.dirty);
    long found = 0;
    for (int count = bitmaps.scan.next(bitmaps.pfns); count > 0; ) {
      found += count;
      count = bitmaps.scan.next(bitmaps.pfns);
    }
    rate.count(bitmaps.octets(), found);
    processor.count(bitmaps.octets());
    return found;
  }

  /// Counts the dirty pfns.
  @Benchmark
  public long count(Bitmaps bitmaps, Rate rate, ProcessorRate processor) {
    long found = bitmaps.dirty.count();
    rate.count(bitmaps.octets(), found);
    processor.count(bitmaps.octets());
    return found;
  }

  /// Adds what is dirty in another, as deferred pages and COLO's are.
  @Benchmark
  public void merge(Bitmaps bitmaps, Rate rate, ProcessorRate processor) {
    bitmaps.other.or(bitmaps.dirty);
    rate.count(bitmaps.octets(), 0);
    processor.count(bitmaps.octets());
  }
}
