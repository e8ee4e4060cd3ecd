// SPDX-License-Identifier: Apache-2.0
package org.xenstream.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.xenstream.core.format.PageEntries;
import org.xenstream.core.format.PageRuns;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.StreamWriter;
import org.xenstream.core.format.Wire;

/// Writes a batch of 1024 pages to a channel that takes all and touches nothing: the writer's own
/// cost, in octets that it framed.
@State(Scope.Benchmark)
public class StreamWriterBenchmark extends QuickBenchmark {
  /// In how many runs the pages lie: one, as a reader gives them, or each by itself, as a guest's
  /// memory may.
  @Param({"1", "1024"})
  public int runs;

  private StreamRecord batch = new StreamRecord.End();
  private final NullChannel channel = new NullChannel();
  private final StreamWriter writer = StreamWriter.resume(channel, ByteOrder.LITTLE_ENDIAN);

  /// Makes the batch.
  @Setup
  public void make() {
    byte[] entries = new byte[8 * Wire.MAX_BATCH];
    for (int i = 0; i < Wire.MAX_BATCH; i++) {
      Wire.putU64(MemorySegment.ofArray(entries), 8L * i, i, ByteOrder.LITTLE_ENDIAN);
    }
    long each = (long) Wire.MAX_BATCH / runs * Wire.PAGE_SIZE;
    List<MemorySegment> pages = new ArrayList<>();
    for (int i = 0; i < runs; i++) {
      pages.add(Arena.global().allocate(each, Wire.PAGE_SIZE));
    }
    batch =
        new StreamRecord.PageData(
            new PageEntries(MemorySegment.ofArray(entries)), new PageRuns(List.copyOf(pages)));
  }

  /// One PAGE_DATA record.
  @Benchmark
  public void pageData(Rate rate) throws IOException {
    long before = channel.written();
    writer.accept(batch);
    rate.count(channel.written() - before, Wire.MAX_BATCH);
  }
}
