// SPDX-License-Identifier: Apache-2.0
package org.xenstream.bench;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.MappedInput;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.StreamWriter;
import org.xenstream.legacy.Checkpoints;
import org.xenstream.legacy.LegacyListener;
import org.xenstream.legacy.LegacyOptions;
import org.xenstream.legacy.LegacySource;

/// Legacy images translated record by record.
public class LegacyBenchmark extends QuickBenchmark {
  /// A plain HVM image of 96 MiB.
  @State(Scope.Benchmark)
  @SuppressWarnings("NullAway.Init") // JMH calls the set-up
  public static class Plain {
    private Path file;

    /// Makes the file.
    @Setup(Level.Trial)
    public void make() throws IOException {
      file = Files.createTempFile("xenstream-bench-", ".legacy");
      LegacyImage.plain(file, SyntheticImage.Guest.HVM, ImageFile.PAGES);
    }

    /// Deletes it.
    @TearDown(Level.Trial)
    public void delete() throws IOException {
      Files.delete(file);
    }
  }

  /// Nine checkpoints of a guest of 32 MiB, of which eight are compressed.
  @State(Scope.Benchmark)
  @SuppressWarnings("NullAway.Init") // JMH calls the set-up
  public static class Remus {
    private static final int PAGES = 8192;
    private static final int CHECKPOINTS = 9;

    private Path file;

    /// Makes the file.
    @Setup(Level.Trial)
    public void make() throws IOException {
      file = Files.createTempFile("xenstream-bench-", ".remus");
      LegacyImage.remus(file, PAGES, CHECKPOINTS);
    }

    /// Deletes it.
    @TearDown(Level.Trial)
    public void delete() throws IOException {
      Files.delete(file);
    }
  }

  /// From a mapped file; no page is touched.
  @Benchmark
  public void mappedFile(Plain image, Rate rate, Blackhole sink) throws IOException {
    translate(MappedInput.open(image.file), LegacyOptions.DEFAULT, sink);
    rate.count(Files.size(image.file), ImageFile.PAGES);
  }

  /// From a channel, so that every octet is copied once.
  @Benchmark
  public void channel(Plain image, Rate rate, Blackhole sink) throws IOException {
    FileChannel file = FileChannel.open(image.file, StandardOpenOption.READ);
    translate(new ChannelInput("image", file), LegacyOptions.DEFAULT, sink);
    rate.count(Files.size(image.file), ImageFile.PAGES);
  }

  /// Decompressed, and every checkpoint given: the octets in a second are those of pages.
  @Benchmark
  public void decompressAndKeep(Remus image, Rate rate, Blackhole sink) throws IOException {
    remus(image, rate, sink, Checkpoints.KEEP);
  }

  /// Decompressed, and the last state given: the octets in a second are those of all pages.
  @Benchmark
  public void decompressToLast(Remus image, Rate rate, Blackhole sink) throws IOException {
    remus(image, rate, sink, Checkpoints.LAST);
  }

  private static void remus(Remus image, Rate rate, Blackhole sink, Checkpoints which)
      throws IOException {
    translate(
        MappedInput.open(image.file), LegacyOptions.builder().checkpoints(which).build(), sink);
    long pages = (long) Remus.PAGES * (Remus.CHECKPOINTS - 1);
    rate.count(pages * 4096, pages);
  }

  private static void translate(OctetInput input, LegacyOptions options, Blackhole sink)
      throws IOException {
    try (LegacySource source = LegacySource.open(input, options, LegacyListener.NONE)) {
      NullChannel nowhere = new NullChannel();
      StreamWriter writer =
          StreamWriter.begin(nowhere, source.headers().image(), source.headers().domain());
      for (Framed framed = source.next(); framed != null; framed = source.next()) {
        writer.accept(framed.record());
      }
      sink.consume(nowhere.written());
    }
  }
}
