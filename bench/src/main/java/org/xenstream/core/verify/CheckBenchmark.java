// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.xenstream.bench.HeldInput;
import org.xenstream.bench.ImageFile;
import org.xenstream.bench.QuickBenchmark;
import org.xenstream.bench.Rate;
import org.xenstream.core.envelope.ImageItem;

/// The judge's parts over an image that was read before: each with the state that all share, whose
/// own cost `state` tells.
public class CheckBenchmark extends QuickBenchmark {
  /// The items of the image.
  @State(Scope.Benchmark)
  public static class Items {
    private List<ImageItem> items = List.of();

    /// Reads them.
    @Setup(Level.Trial)
    public void read(ImageFile image) throws IOException {
      items = HeldInput.items(image.path());
    }
  }

  /// The shared state alone.
  @Benchmark
  public Object state(ImageFile image, Items items, Rate rate) {
    return run(null, image, items, rate);
  }

  /// PAGE_DATA: the batches, and page tables of a PV guest.
  @Benchmark
  public Object pages(ImageFile image, Items items, Rate rate) {
    return run(new PageCheck(), image, items, rate);
  }

  /// The order of records.
  @Benchmark
  public Object sequence(ImageFile image, Items items, Rate rate) {
    return run(new SequenceCheck(), image, items, rate);
  }

  /// What all records have in common.
  @Benchmark
  public Object records(ImageFile image, Items items, Rate rate) {
    return run(new RecordCheck(), image, items, rate);
  }

  /// HVM_CONTEXT and HVM_PARAMS.
  @Benchmark
  public Object hvm(ImageFile image, Items items, Rate rate) {
    return run(new HvmCheck(null), image, items, rate);
  }

  /// The frames of a PV guest's p2m.
  @Benchmark
  public Object pvRecords(ImageFile image, Items items, Rate rate) {
    return run(new PvRecordCheck(), image, items, rate);
  }

  /// The vCPUs of a PV guest.
  @Benchmark
  public Object vcpus(ImageFile image, Items items, Rate rate) {
    return run(new VcpuCheck(null), image, items, rate);
  }

  /// Everything.
  @Benchmark
  public Verdict judge(ImageFile image, Items items, Rate rate) {
    rate.count(image.octets(), ImageFile.PAGES);
    Judge judge = new Judge("image", Judge.Options.DEFAULT);
    for (ImageItem item : items.items) {
      judge.see(item);
    }
    return judge.end();
  }

  private static Object run(@Nullable Check check, ImageFile image, Items items, Rate rate) {
    rate.count(image.octets(), ImageFile.PAGES);
    StreamState state = new StreamState();
    Report report = new Report("image", Judge.Options.DEFAULT.ignored(), 1);
    for (ImageItem item : items.items) {
      if (check != null) {
        check.see(item, state, report);
      }
      state.take(item);
    }
    if (!report.findings().isEmpty()) {
      throw new IllegalStateException("expected no finding, found " + report.findings());
    }
    return state;
  }
}
