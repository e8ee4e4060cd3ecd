// SPDX-License-Identifier: Apache-2.0
package org.xenstream.bench;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.infra.Blackhole;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.InferStaticDataEnd;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.MappedInput;
import org.xenstream.core.format.RecordSource;
import org.xenstream.core.format.StreamReader;

/// Reads a stream record by record. Over a mapping, pages are passed by and never touched: its
/// octets in a second are those of the image, not of what was read.
public class StreamReaderBenchmark extends QuickBenchmark {
  /// Over a mapped file.
  @Benchmark
  public void mappedFile(ImageFile image, Rate rate, Blackhole sink) throws IOException {
    read(StreamReader.open(MappedInput.open(image.path()), Limits.DEFAULT), sink);
    rate.count(image.octets(), ImageFile.PAGES);
  }

  /// Over a channel, so that every octet is copied once.
  @Benchmark
  public void channel(ImageFile image, Rate rate, Blackhole sink) throws IOException {
    FileChannel file = FileChannel.open(image.path(), StandardOpenOption.READ);
    read(StreamReader.open(new ChannelInput("image", file), Limits.DEFAULT), sink);
    rate.count(image.octets(), ImageFile.PAGES);
  }

  /// Over a mapped file, seen as a version 3 stream.
  @Benchmark
  public void inferStaticDataEnd(ImageFile image, Rate rate, Blackhole sink) throws IOException {
    StreamReader reader = StreamReader.open(MappedInput.open(image.path()), Limits.DEFAULT);
    read(new InferStaticDataEnd(reader), sink);
    rate.count(image.octets(), ImageFile.PAGES);
  }

  private static void read(RecordSource opened, Blackhole sink) throws IOException {
    try (RecordSource source = opened) {
      for (Framed framed = source.next(); framed != null; framed = source.next()) {
        sink.consume(framed);
      }
    }
  }
}
