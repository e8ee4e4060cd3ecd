// SPDX-License-Identifier: Apache-2.0
package org.xenstream.bench;

import java.io.IOException;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.infra.Blackhole;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.Limits;
import org.xenstream.core.verify.Judge;
import org.xenstream.core.verify.Verdict;
import org.xenstream.insight.Survey;

/// A whole image from a mapped file: read, judged, surveyed.
public class ImageReaderBenchmark extends QuickBenchmark {
  /// Read alone.
  @Benchmark
  public void read(ImageFile image, Rate rate, Blackhole sink) throws IOException {
    try (ImageReader reader = ImageReader.open(image.path(), Limits.DEFAULT)) {
      for (ImageItem item = reader.next(); item != null; item = reader.next()) {
        sink.consume(item);
      }
    }
    rate.count(image.octets(), ImageFile.PAGES);
  }

  /// Read and judged by every rule.
  @Benchmark
  public Verdict judge(ImageFile image, Rate rate) throws IOException {
    rate.count(image.octets(), ImageFile.PAGES);
    try (ImageReader reader = ImageReader.open(image.path(), Limits.DEFAULT)) {
      Verdict verdict = Judge.judge(reader, Judge.Options.DEFAULT);
      if (!verdict.findings().isEmpty()) {
        throw new IllegalStateException("expected a sound image, found " + verdict.findings());
      }
      return verdict;
    }
  }

  /// Read and surveyed, no page touched.
  @Benchmark
  public Object survey(ImageFile image, Rate rate) throws IOException {
    return survey(image, rate, false);
  }

  /// Read and surveyed, pages of zeros counted.
  @Benchmark
  public Object surveyWithZeroPages(ImageFile image, Rate rate) throws IOException {
    return survey(image, rate, true);
  }

  private static Object survey(ImageFile image, Rate rate, boolean zeroPages) throws IOException {
    rate.count(image.octets(), ImageFile.PAGES);
    Survey survey = new Survey("image", zeroPages);
    try (ImageReader reader = ImageReader.open(image.path(), Limits.DEFAULT)) {
      for (ImageItem item = reader.next(); item != null; item = reader.next()) {
        survey.see(item);
      }
    }
    return survey.summary();
  }
}
