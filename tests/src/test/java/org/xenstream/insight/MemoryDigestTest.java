// SPDX-License-Identifier: Apache-2.0
package org.xenstream.insight;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.testkit.ChunkedChannel;
import org.xenstream.testkit.Corpus;
import org.xenstream.testkit.CorpusImage;
import org.xenstream.testkit.Expect;
import org.xenstream.testkit.StreamBuilder;

/// The digest of a stream's memory: by its definition, and by what Xen's own restore made of it.
class MemoryDigestTest {
  @TempDir private static Path folder;

  private static String digest(ImageReader image) throws IOException {
    try (image;
        MemoryDigest digest = new MemoryDigest(folder)) {
      for (ImageItem item = image.next(); item != null; item = image.next()) {
        digest.see(item, image.input());
      }
      long pages = digest.pages();
      long[] told = new long[1];
      MemoryDigest.Result result =
          digest.finish(hashed -> {
            assertTrue(hashed > told[0]);
            told[0] = hashed;
          });
      assertEquals(result.pages(), pages);
      assertEquals(pages, told[0]);
      return result.toString();
    }
  }

  private static String digest(byte[] stream) throws IOException {
    Path file = Files.write(folder.resolve("stream"), stream);
    String mapped = digest(ImageReader.open(file, Limits.DEFAULT));
    ChannelInput pipe = new ChannelInput("pipe", ChunkedChannel.of(stream, 1000, 3));
    assertEquals(mapped, digest(ImageReader.of(pipe, Limits.DEFAULT)));
    return mapped;
  }

  private static StreamBuilder hvm() {
    return StreamBuilder.stream().imageHeader(3).domainHeader(2);
  }

  @ParameterizedTest
  @CsvSource({
    "'', pages=0 xxh64=ef46db3751d8e999",
    "E000000000000000, pages=1 xxh64=f2feaeed0ee2fa2c",
    "AA:1, pages=1 xxh64=49ed8116a6a39c3b",
    "AA:1 E000000000000000, pages=2 xxh64=20592303d19ce815",
    "E000000000000000 AA:1, pages=2 xxh64=20592303d19ce815",
    // The last copy counts, XTAB and BROKEN remove, XALLOC is a page of zeros.
    "BB:1 AA:1, pages=1 xxh64=49ed8116a6a39c3b",
    "AA:1 BB:0 F000000000000000, pages=1 xxh64=49ed8116a6a39c3b",
    "AA:1 BB:0 D000000000000000, pages=1 xxh64=49ed8116a6a39c3b",
    "AA:1 BB:0 E000000000000000, pages=2 xxh64=20592303d19ce815",
    "F000000000000001 AA:1, pages=1 xxh64=49ed8116a6a39c3b",
    // The type does not enter.
    "AA:9000000000000001, pages=1 xxh64=49ed8116a6a39c3b",
    // What comes behind VERIFY does not count.
    "AA:1 V BB:1 BB:7, pages=1 xxh64=49ed8116a6a39c3b",
  })
  void theTestValuesOfTheDefinition(String entries, String expected) throws IOException {
    StreamBuilder stream = hvm();
    for (String entry : entries.isEmpty() ? new String[0] : entries.split(" ")) {
      if (entry.equals("V")) {
        stream.record(0xD);
        continue;
      }
      int colon = entry.indexOf(':');
      StreamBuilder batch = StreamBuilder.stream().u32(1).u32(0);
      batch.u64(Long.parseUnsignedLong(entry.substring(colon + 1), 16));
      if (colon > 0) {
        batch.raw(StreamBuilder.page(Integer.parseInt(entry.substring(0, colon), 16)));
      }
      stream.record(1, batch.octets());
    }
    assertEquals(expected, digest(stream.end().octets()));
  }

  @Test
  void aPfnThatNoAddressHasIsRefused() throws IOException {
    byte[] stream = hvm().pageData(5, 1L << 40).end().octets();
    Path file = Files.write(folder.resolve("far"), stream);
    Expect.fault(
        org.xenstream.core.format.Fault.MALFORMED_BODY,
        file + " @0x38 (record #0 PAGE_DATA.pfn): expected pfns below 2^40, found 0x10000000000",
        () -> digest(ImageReader.open(file, Limits.DEFAULT)));
  }

  @Test
  void theScratchFileIsTakenAway(@TempDir Path scratch) throws IOException {
    byte[] stream = hvm().pageData(1, 2, 3).end().octets();
    try (ImageReader image =
            ImageReader.of(
                new ChannelInput("pipe", ChunkedChannel.of(stream, 500, 5)), Limits.DEFAULT);
        MemoryDigest digest = new MemoryDigest(scratch)) {
      for (ImageItem item = image.next(); item != null; item = image.next()) {
        digest.see(item, image.input());
      }
      try (Stream<Path> files = Files.list(scratch)) {
        List<Path> kept = files.toList();
        assertEquals(1, kept.size());
        assertEquals(3 * 4096, Files.size(kept.getFirst()));
      }
    }
    try (Stream<Path> files = Files.list(scratch)) {
      assertEquals(List.of(), files.toList());
    }
  }

  /// Every genuine stream, as a file, as a pipe and compressed, against a plain computation.
  @TestFactory
  Stream<DynamicTest> theDigestIsThatOfThePlainMemory() {
    return Corpus.here().images(Corpus.REAL, Corpus.MODERN).stream()
        .map(image ->
            dynamicTest(
                image.path(),
                () -> {
                  String expected = PlainMemory.of(image.file()).digest();
                  assertEquals(expected, digest(ImageReader.open(image.file(), Limits.DEFAULT)));
                  assertEquals(
                      expected, digest(ImageReader.open(image.compressed(), Limits.DEFAULT)));
                  assertEquals(expected, digest(ImageReader.of(pipe(image), Limits.DEFAULT)));
                }));
  }

  private static ChannelInput pipe(CorpusImage image) throws IOException {
    return new ChannelInput("pipe", FileChannel.open(image.file(), StandardOpenOption.READ));
  }

  /// Xen's restore clears an HVM guest's special pages and drops what is behind the last
  /// CHECKPOINT. With that done to the image, its digest is that of the memory which Xen's code
  /// left to the hypervisor.
  @TestFactory
  Stream<DynamicTest> theDigestOfAnHvmImageIsThatOfTheGuestThatXenRestored() {
    List<CorpusImage> images =
        Corpus.here().images(Corpus.REAL, Corpus.MODERN).stream()
            .filter(image -> image.lines("c_restore", "result").contains("guest hvm width=8"))
            .toList();
    assertTrue(images.size() >= 15, () -> "only " + images);
    return images.stream().map(image -> dynamicTest(image.path(), () -> restored(image)));
  }

  private static void restored(CorpusImage image) throws IOException {
    PlainMemory memory = PlainMemory.of(image.file());
    assertTrue(memory.isHvm());
    List<Long> cleared = memory.clearedByRestore();
    List<String> reference = image.lines("c_restore", "result");
    assertEquals(
        cleared.size() * memory.paramRecords(),
        reference.stream()
            .filter(line -> line.contains("cleared_pages"))
            .mapToInt(line -> Integer.parseInt(line.replaceAll(".*cleared_pages (\\d+).*", "$1")))
            .sum());
    Path copy = folder.resolve("cleared");
    Files.copy(image.file(), copy, StandardCopyOption.REPLACE_EXISTING);
    try (FileChannel channel = FileChannel.open(copy, StandardOpenOption.WRITE)) {
      for (long at : cleared) {
        assertFalse(at < 0);
        channel.write(ByteBuffer.allocate(4096), at);
      }
      if (memory.lastCheckpointEnd() > 0) {
        channel.truncate(memory.lastCheckpointEnd());
      }
    }
    assertTrue(
        reference.contains("memory " + untilTheEnd(copy)), () -> reference + " has another memory");
  }

  /// The digest of an image that may stop without END.
  private static String untilTheEnd(Path file) throws IOException {
    try (ImageReader image = ImageReader.open(file, Limits.DEFAULT);
        MemoryDigest digest = new MemoryDigest(folder)) {
      try {
        for (ImageItem item = image.next(); item != null; item = image.next()) {
          digest.see(item, image.input());
        }
      } catch (StreamFormatException cut) {
        assertEquals(Files.size(file), cut.location().offset());
      }
      return digest.finish().toString();
    }
  }
}
