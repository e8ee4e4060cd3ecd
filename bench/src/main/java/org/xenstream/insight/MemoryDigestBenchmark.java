// SPDX-License-Identifier: Apache-2.0
package org.xenstream.insight;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.openjdk.jmh.annotations.Benchmark;
import org.xenstream.bench.ImageFile;
import org.xenstream.bench.QuickBenchmark;
import org.xenstream.bench.Rate;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.Wire;

/// The digest of a guest's memory, and the hash alone.
public class MemoryDigestBenchmark extends QuickBenchmark {
  private static final long BATCH = (long) Wire.MAX_BATCH * Wire.PAGE_SIZE;
  private static final long[] PFNS = new long[64];
  private static final long BLOCK = (long) PFNS.length * Wire.PAGE_SIZE;
  private static final MemorySegment MEMORY = Arena.global().allocate(BATCH, Wire.PAGE_SIZE);

  /// Of a mapped file.
  @Benchmark
  public long image(ImageFile image, Rate rate) throws IOException {
    rate.count(image.octets(), ImageFile.PAGES);
    try (ImageReader reader = ImageReader.open(image.path(), Limits.DEFAULT);
        MemoryDigest digest = new MemoryDigest(Path.of(System.getProperty("java.io.tmpdir")))) {
      for (ImageItem item = reader.next(); item != null; item = reader.next()) {
        digest.see(item, reader.input());
      }
      return digest.finish().xxh64();
    }
  }

  /// XXH64 over 4 MiB, with the pfn before each page, block by block as the digest is made.
  @Benchmark
  public long xxh64(Rate rate) {
    rate.count(BATCH, Wire.MAX_BATCH);
    PageHash hash = new PageHash();
    for (long at = 0; at < BATCH; at += BLOCK) {
      hash.update(MEMORY.asSlice(at, BLOCK), PFNS, PFNS.length);
    }
    return hash.digest();
  }
}
