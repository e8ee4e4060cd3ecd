// SPDX-License-Identifier: Apache-2.0
package org.xenstream.bench;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;
import org.xenstream.core.format.MappedInput;
import org.xenstream.testkit.legacy.LegacyImageBuilder;
import org.xenstream.testkit.legacy.LegacyRewriter;
import org.xenstream.testkit.legacy.LegacyVariety;
import org.xenstream.testkit.legacy.RemusCompressor;

/// Legacy images of any size for benchmarks.
final class LegacyImage {
  private static final int PAGE = 4096;
  private static final int BATCH = 1024;
  private static final long SEED = 1;
  private static final int BUFFER = 1 << 20;

  private LegacyImage() {}

  /// Writes the guest of a [SyntheticImage] as a 64-bit toolstack did.
  static void plain(Path file, SyntheticImage.Guest guest, long pages) throws IOException {
    Path modern = Files.createTempFile(file.toAbsolutePath().getParent(), "modern", ".img");
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), BUFFER)) {
      try (FileChannel channel = FileChannel.open(modern, StandardOpenOption.WRITE)) {
        SyntheticImage.write(channel, guest, pages, SEED);
      }
      LegacyRewriter.rewrite(() -> MappedInput.open(modern), LegacyVariety.reference(8), out);
    } finally {
      Files.delete(modern);
    }
  }

  /// Writes checkpoints of an HVM guest, compressed from the second on. In each, every page has
  /// changed in some words, as far as the sender remembers what it sent.
  ///
  /// @param pages how many pages the guest has
  /// @param checkpoints how many there are, of which the first is not compressed
  static void remus(Path file, int pages, int checkpoints) throws IOException {
    SplittableRandom chance = new SplittableRandom(SEED);
    byte[][] memory = new byte[pages][PAGE];
    for (byte[] page : memory) {
      chance.nextBytes(page);
    }
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), BUFFER)) {
      LegacyImageBuilder image = LegacyImageBuilder.to(out, 8).words(pages);
      image.tscInfo(0, 1, 3_000_000, 0);
      RemusCompressor compressor =
          new RemusCompressor(RemusCompressor.REFERENCE_PAGES, RemusCompressor.REFERENCE_PAGES);
      for (int set = 0; set < checkpoints; set++) {
        for (int first = 0; first < pages; first += BATCH) {
          int count = Math.min(BATCH, pages - first);
          long[] entries = new long[count];
          for (int i = 0; i < count; i++) {
            entries[i] = (long) first + i;
          }
          image.batch(entries);
          for (int i = 0; i < count; i++) {
            if (set == 0) {
              image.raw(memory[first + i]);
            } else {
              memory[first + i] = touched(memory[first + i], chance);
              if (compressor.add((long) first + i, memory[first + i], false)) {
                compressor.compress(BUFFER).forEach(image::compressed);
              }
            }
          }
        }
        compressor.compress(BUFFER).forEach(image::compressed);
        image.vcpuInfo(0, 0);
        if (set == 0) {
          image.chunk(LegacyImageBuilder.ENABLE_COMPRESSION);
        }
        image.endOfBody().hvmTail(pages - 3, pages - 2, pages - 1, SyntheticImage.hvmContext());
        image.deviceModel(LegacyImageBuilder.QEMU_OF_REMUS, new byte[] {'Q', 'E', 'V', 'M'});
      }
    }
  }

  private static byte[] touched(byte[] page, SplittableRandom chance) {
    byte[] now = page.clone();
    for (int left = 1 + chance.nextInt(16); left > 0; left--) {
      int at = chance.nextInt(PAGE / 64) * 64;
      for (int i = at; i < at + 16; i++) {
        now[i] = (byte) chance.nextInt();
      }
    }
    return now;
  }
}
