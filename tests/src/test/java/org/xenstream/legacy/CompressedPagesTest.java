// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xenstream.testkit.StreamBuilder.filled;
import static org.xenstream.testkit.StreamBuilder.join;
import static org.xenstream.testkit.StreamBuilder.page;
import static org.xenstream.testkit.legacy.LegacyImageBuilder.entry;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.PageType;
import org.xenstream.testkit.Expect;
import org.xenstream.testkit.legacy.LegacyImageBuilder;

/// Remus' compression: pages as differences from what they were.
class CompressedPagesTest {
  private static final LegacyOptions LAST = LegacyOptions.DEFAULT;
  private static final LegacyOptions KEEP =
      LegacyOptions.builder().checkpoints(Checkpoints.KEEP).build();
  private static final byte[] UNCHANGED = {0};

  private static byte[] whole(int octet) {
    return join(new byte[] {(byte) 0x80}, page(octet));
  }

  /// A page whose last 4 octets are others: 1,023 words are skipped.
  private static byte[] lastWord(int octet) {
    byte[] skips = filled(8, 0xFF); // 8 × 127 words
    return join(skips, new byte[] {(byte) (0x80 | 7), 1}, filled(4, octet));
  }

  private static LegacyImageBuilder begin() {
    return LegacyImageBuilder.image(8).words(32);
  }

  private static LegacyImageBuilder tail(LegacyImageBuilder image) {
    return image
        .endOfBody()
        .hvmTail(1, 2, 3, filled(64, 0xCC))
        .deviceModel(LegacyImageBuilder.QEMU_OF_REMUS);
  }

  /// A first state of pages 0 to 7, all 0xEE, behind which compression begins.
  private static LegacyImageBuilder first() {
    return tail(
        begin()
            .batch(0, 1, 2, 3, 4, 5, 6, 7)
            .raw(filled(8 * 4096, 0xEE))
            .chunk(LegacyImageBuilder.ENABLE_COMPRESSION));
  }

  private static List<String> pages(Reading read) {
    return read.records().stream()
        .filter(record -> record.startsWith("PAGE_DATA"))
        .skip(1)
        .toList();
  }

  @Test
  void wholePagesAndDifferences() throws IOException {
    byte[] image =
        tail(tail(first()
                    .batch(3, entry(PageType.XTAB, 4), 5)
                    .batch(6)
                    .compressed(join(whole(0x13), whole(0x15), whole(0x16))))
                .batch(3, 5)
                .compressed(lastWord(0x23))
                .compressed(UNCHANGED)
                .batch(6)
                .compressed(lastWord(0x26)))
            .octets();
    List<String> expected =
        List.of(
            "PAGE_DATA 0x3=13 0x4:XTAB 0x5=15 0x6=16",
            "PAGE_DATA 0x3=13..23",
            "PAGE_DATA 0x5=15",
            "PAGE_DATA 0x6=16..26");
    assertEquals(expected, pages(Reading.of(image, KEEP)));
    Reading last = Reading.of(image, LAST);
    assertEquals(expected, pages(last));
    assertTrue(last.facts().compressed());
    assertEquals(3, last.facts().checkpoints());
  }

  /// The reference puts all data of a state together before it takes pages out of them.
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5, 8, 13, 14, 20, 4000, 4098, 4110})
  void aPageMayGoOnInTheNextChunk(int cut) throws IOException {
    byte[] data = join(whole(0x11), lastWord(0x12), whole(0x13));
    byte[] image =
        tail(tail(first().batch(2).compressed(whole(0x22)))
                .batch(1, 2, 3)
                .compressed(Arrays.copyOf(data, cut))
                .chunk(LegacyImageBuilder.VCPU_INFO)
                .u32(0)
                .u64(1)
                .compressed()
                .compressed(Arrays.copyOfRange(data, cut, data.length)))
            .octets();
    List<String> read = pages(Reading.of(image, KEEP));
    assertEquals(
        " 0x1=11 0x2=22..12 0x3=13",
        String.join("", read.subList(1, read.size())).replace("PAGE_DATA", ""));
  }

  @Test
  void dataLongerThanWhatIsHeldAtOnce() throws IOException {
    int count = 1000;
    LegacyImageBuilder image = LegacyImageBuilder.image(4).words(2048);
    long[] pfns = new long[count];
    byte[][] wholes = new byte[count][];
    byte[][] words = new byte[count][];
    for (int i = 0; i < count; i++) {
      pfns[i] = i * 2L;
      wholes[i] = whole(i);
      words[i] = lastWord(i + 1);
    }
    tail(image.filledBatch(1).chunk(LegacyImageBuilder.ENABLE_COMPRESSION));
    tail(image.batch(pfns).compressed(join(wholes)));
    tail(image.batch(pfns).compressed(join(words)));
    StringBuilder expected = new StringBuilder();
    for (int state = 0; state < 2; state++) {
      for (int i = 0; i < count; i++) {
        expected
            .append(" 0x%x=%02x".formatted(i * 2, (byte) i))
            .append(state == 0 ? "" : "..%02x".formatted((byte) (i + 1)));
      }
    }
    for (LegacyOptions options : List.of(LAST, KEEP)) {
      String all = String.join("", pages(Reading.of(image.octets(), options)));
      assertEquals(expected.toString(), all.replace("PAGE_DATA", ""));
    }
  }

  /// Where the image is a file, or all its pages are kept, a difference may be from any page that
  /// came before.
  @Test
  void differencesFromPagesThatCameBeforeCompression() throws IOException {
    byte[] image =
        tail(tail(first().batch(1).compressed(whole(0x11)))
                .batch(1, 2)
                .compressed(join(lastWord(0x21), lastWord(0x22))))
            .octets();
    List<String> expected = List.of("PAGE_DATA 0x1=11", "PAGE_DATA 0x1=11..21 0x2=ee..22");
    assertEquals(expected, pages(Reading.ofFile(image, LAST)));
    assertEquals(expected, pages(Reading.of(image, LAST.toBuilder().keepPages(true).build())));
    long chunk = tail(first().batch(1).compressed(whole(0x11))).size() + 4 + 16;
    Expect.fault(
        Fault.MALFORMED_BODY,
        "old.img @0x%x (legacy COMPRESSED_DATA.pfn 0x2): expected a page that came whole since compression began (or the image in a plain file, or --keep-pages), found a difference from what came before"
            .formatted(chunk),
        () -> Reading.of(image, LAST));
  }

  @Test
  void anIncompleteCompressedStateIsLeftOut() throws IOException {
    byte[] complete = tail(first().batch(1).compressed(whole(0x11))).octets();
    LegacyImageBuilder image = begin().raw();
    byte[] rest = image.batch(1, 2).compressed(join(lastWord(0x21), whole(0x22))).octets();
    byte[] all = join(complete, Arrays.copyOfRange(rest, 8, rest.length));
    for (int end :
        new int[] {complete.length + 3, complete.length + 21, all.length - 1, all.length}) {
      Reading read = Reading.of(Arrays.copyOf(all, end), LAST);
      assertEquals(List.of("PAGE_DATA 0x1=11"), pages(read));
      assertEquals(2, read.facts().checkpoints());
    }
  }

  private static void refused(
      String field, String expected, String found, Consumer<LegacyImageBuilder> state) {
    LegacyImageBuilder image = first();
    state.accept(image);
    byte[] octets = tail(image).octets();
    var thrown =
        org.junit.jupiter.api.Assertions.assertThrows(
            org.xenstream.core.format.StreamFormatException.class, () -> Reading.of(octets, LAST));
    assertEquals("legacy " + field, thrown.location().what());
    assertEquals(expected, thrown.expected());
    assertEquals(found, thrown.found());
    assertEquals(Fault.MALFORMED_BODY, thrown.fault());
  }

  @Test
  void whatIsNoPageIsRefused() {
    String runs = "runs of at least a word that make up a page";
    refused(
        "COMPRESSED_DATA.run",
        runs,
        "a run of none",
        image -> image.batch(1).compressed(join(filled(2, 0xFF), UNCHANGED)));
    refused(
        "COMPRESSED_DATA.run",
        runs,
        "more than a page",
        image -> image.batch(1).compressed(filled(9, 0xFF)));
    refused(
        "COMPRESSED_DATA.data",
        "pages for the entries that came before",
        "4097 octets more",
        image -> image.batch(1).compressed(join(whole(1), whole(2))));
    refused(
        "COMPRESSED_DATA.data",
        "pages for the entries that came before",
        "1 octets more",
        image -> image.compressed(UNCHANGED));
    refused(
        "body",
        "compressed data for 2 more entries",
        "the end of the body",
        image -> image.batch(1, 2, 3).compressed(join(whole(1), Arrays.copyOf(whole(2), 4096))));
  }

  @Test
  void compressedDataBeforeCompressionBegins() {
    LegacyImageBuilder image = begin().filledBatch(1);
    long at = image.size();
    Expect.fault(
        Fault.MISPLACED,
        "old.img @0x%x (legacy COMPRESSED_DATA): expected pages as they are, found compressed ones"
            .formatted(at),
        () -> Reading.of(tail(image.compressed(whole(1))).octets()));
  }

  /// Against the reference's own algorithm, written down once more: marker by marker.
  @Test
  void anyRuns() {
    Random chance = new Random(7);
    for (int round = 0; round < 500; round++) {
      byte[] before = new byte[4096];
      chance.nextBytes(before);
      byte[] after = before.clone();
      ByteBuffer delta = ByteBuffer.allocate(PageDelta.LONGEST);
      for (int word = 0; word < 1024; ) {
        int run = Math.min(1024 - word, 1 + chance.nextInt(round % 3 == 0 ? 1 : 127));
        boolean copies = chance.nextInt(4) != 0 || round % 3 == 0;
        delta.put((byte) (run | (copies ? 0 : 0x80)));
        if (copies) {
          byte[] fresh = new byte[4 * run];
          chance.nextBytes(fresh);
          delta.put(fresh);
          System.arraycopy(fresh, 0, after, 4 * word, fresh.length);
        }
        word += run;
      }
      byte[] octets = Arrays.copyOf(delta.array(), delta.position());
      assertEquals(octets.length, PageDelta.length(octets, 0, octets.length));
      for (int end = 0; end < octets.length; end += 1 + end / 7) {
        assertEquals(PageDelta.CUT, PageDelta.length(octets, 0, end));
      }
      ByteBuffer page = MemorySegment.ofArray(before).asByteBuffer();
      PageDelta.apply(octets, 0, page, 0);
      assertArrayEquals(after, before);
    }
  }
}
