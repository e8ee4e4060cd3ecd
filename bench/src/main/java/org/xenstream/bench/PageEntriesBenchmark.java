// SPDX-License-Identifier: Apache-2.0
package org.xenstream.bench;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.xenstream.core.format.PageEntries;
import org.xenstream.core.format.Wire;

/// The one pass over the entries of a batch of 1024 pages; the octets are those of the entries.
@State(Scope.Benchmark)
public class PageEntriesBenchmark extends QuickBenchmark {
  /// The orders in which pfns come.
  public enum Pfns {
    /// As in the first pass of a save.
    ASCENDING,
    /// As no saver writes them: the check for a pfn that comes twice has to sort.
    SHUFFLED
  }

  /// The order of the pfns.
  @Param public Pfns pfns = Pfns.ASCENDING;

  private MemorySegment entries = MemorySegment.NULL;

  /// Makes the batch.
  @Setup
  public void make() {
    long[] all = new long[Wire.MAX_BATCH];
    SplittableRandom chance = new SplittableRandom(1);
    for (int i = 0; i < all.length; i++) {
      int from = pfns == Pfns.SHUFFLED ? chance.nextInt(i + 1) : i;
      all[i] = all[from];
      all[from] = i;
    }
    ByteBuffer octets = ByteBuffer.allocateDirect(8 * all.length).order(ByteOrder.LITTLE_ENDIAN);
    octets.asLongBuffer().put(all);
    entries = MemorySegment.ofBuffer(octets);
  }

  /// The pass, and the question for a pfn that comes twice.
  @Benchmark
  public long scan(Rate rate) {
    rate.count(entries.byteSize(), Wire.MAX_BATCH);
    PageEntries batch = new PageEntries(entries);
    return batch.repeated().length() + batch.highestPfn();
  }
}
