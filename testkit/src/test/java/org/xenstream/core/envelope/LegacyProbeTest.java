// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.Samples;
import org.xenstream.testkit.StreamBuilder;

class LegacyProbeTest {
  @ParameterizedTest
  @CsvSource({
    "8, true, legacy image (Xen 4.5 or older) of a PV guest by a 64-bit toolstack",
    "4, true, legacy image (Xen 4.5 or older) of a PV guest by a 32-bit toolstack",
    "8, false, legacy image (Xen 4.5 or older) of an HVM guest by a 64-bit toolstack",
    "4, false, legacy image (Xen 4.5 or older) of an HVM guest by a 32-bit toolstack"
  })
  void knowsEachKind(int width, boolean pv, String title) {
    Layer.@Nullable LegacyImage image =
        LegacyProbe.probe(MemorySegment.ofArray(Layers.legacy(width, pv)));
    assertEquals(new Layer.LegacyImage(width, pv, 0x400), image);
    assertNotNull(image);
    assertEquals(title, image.title());
  }

  @Test
  void knowsEachBlockOfExtendedInfo() {
    for (int id : new int[] {0x75706376, 0x76747865, 0x746e6378}) {
      byte[] image =
          StreamBuilder.stream().u64(9).u64(-1).u32(8).u32(id).raw(new byte[16]).octets();
      assertEquals(
          new Layer.LegacyImage(8, true, 9), LegacyProbe.probe(MemorySegment.ofArray(image)));
    }
  }

  private static Layer.@Nullable LegacyImage probe(StreamBuilder image) {
    return LegacyProbe.probe(MemorySegment.ofArray(image.octets()));
  }

  private static StreamBuilder words(int width, long... values) {
    return words(StreamBuilder.stream(), width, values);
  }

  private static StreamBuilder words(StreamBuilder image, int width, long... values) {
    for (long value : values) {
      if (width == 8) {
        image.u64(value);
      } else {
        image.u32(value);
      }
    }
    return image;
  }

  /// A restore passes over blocks that it does not know (`load_p2m_frame_list`).
  @ParameterizedTest
  @ValueSource(ints = {4, 8})
  void knowsExtendedInfoWhoseFirstBlockIsUnknown(int width) {
    Layer.LegacyImage pv = new Layer.LegacyImage(width, true, 9);
    StreamBuilder image = words(width, 9, -1).u32(5200).u32(0x41414141).u32(16);
    assertEquals(pv, probe(image.raw(new byte[40])));
    assertEquals(pv, probe(words(width, 9, -1).u32(0).raw(new byte[40])));
  }

  /// ENABLE_VERIFY_MODE has the id −1; no length of blocks follows it.
  @Test
  void knowsAFirstChunkOfTheIdOfExtendedInfo() {
    assertEquals(
        new Layer.LegacyImage(4, false, 9),
        probe(words(4, 9, -1).u32(1).u32(0).u32(0).raw(new byte[40])));
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 8})
  void knowsAListOfFramesWithoutExtendedInfo(int width) {
    long entries = 4096 / width;
    Layer.LegacyImage one = new Layer.LegacyImage(width, true, entries);
    assertEquals(one, probe(words(width, entries, 6).u32(-7).raw(new byte[40])));
    assertEquals(
        one,
        probe(
            words(width, entries, 6)
                .u32(2)
                .raw(words(width, 0, 1L << 28 | 5).octets())
                .raw(new byte[40])));
    long pfns = 3 * entries + 1;
    Layer.LegacyImage four = new Layer.LegacyImage(width, true, pfns);
    StreamBuilder list = words(width, pfns, 0x10, 0x11, 0x400, 0x12).u32(-2).raw(new byte[40]);
    assertEquals(four, probe(list));
    // The first frame says how many entries a batch would have: fewer than the list.
    assertEquals(four, probe(words(width, pfns, 2, 3, 4, 5).u32(-2).raw(new byte[40])));
  }

  /// A list that is longer than what is seen counts as far as it is seen.
  @ParameterizedTest
  @ValueSource(ints = {4, 8})
  void knowsAListThatDoesNotEnd(int width) {
    long pfns = 1L << 24;
    StreamBuilder list = words(width, pfns);
    for (int i = 0; i < LegacyProbe.WANTED / width; i++) {
      list.raw(words(width, pfns - 1 - i).octets());
    }
    assertEquals(new Layer.LegacyImage(width, true, pfns), probe(list));
  }

  /// An HVM image's first batch begins with pfn 0, a list of frames never does.
  @ParameterizedTest
  @ValueSource(ints = {4, 8})
  void aBatchIsNoListOfFrames(int width) {
    StreamBuilder batch = words(width, 0x900).u32(0x400);
    for (int i = 0; i < 0x400; i++) {
      batch.raw(words(width, i).octets());
    }
    assertEquals(new Layer.LegacyImage(width, false, 0x900), probe(batch.raw(new byte[4096])));
  }

  /// What is cut is known as far as it goes: two octets of what stands behind the size.
  @ParameterizedTest
  @ValueSource(ints = {4, 8})
  void knowsAnImageThatIsCut(int width) {
    byte[] whole = words(width, 0x80, -1).octets();
    for (int length = 0; length <= whole.length; length++) {
      assertEquals(
          length < width + 2 ? null : new Layer.LegacyImage(width, true, 0x80),
          LegacyProbe.probe(MemorySegment.ofArray(whole).asSlice(0, length)));
    }
  }

  @Test
  void knowsAnHvmImageByItsFirstChunk() {
    for (int chunk = -21; chunk < 0; chunk++) {
      byte[] image = StreamBuilder.stream().u64(9).u32(chunk).raw(new byte[40]).octets();
      assertEquals(
          new Layer.LegacyImage(8, false, 9), LegacyProbe.probe(MemorySegment.ofArray(image)));
    }
  }

  static Stream<byte[]> others() {
    return Stream.of(
        new byte[64],
        new byte[31],
        Samples.hvm(),
        StreamBuilder.stream().u64(9).u32(-22).raw(new byte[40]).octets(),
        StreamBuilder.stream().u64(9).u32(1025).raw(new byte[40]).octets(),
        StreamBuilder.stream().u64(9).u32(0).raw(new byte[40]).octets(),
        StreamBuilder.stream().u64(9).u32(2).u64(0).u64(9).raw(new byte[40]).octets(),
        StreamBuilder.stream().u64(9).u32(2).u64(0).u64(0x5000_0001L).raw(new byte[40]).octets(),
        // Lists of frames: of pfn 0, outside the guest, twice the same, too short, no chunk behind.
        StreamBuilder.stream().u64(0x200).u64(0).u32(-7).raw(new byte[40]).octets(),
        StreamBuilder.stream().u64(0x200).u64(0x200).u32(-7).raw(new byte[40]).octets(),
        StreamBuilder.stream().u64(0x400).u64(7).u64(7).u32(-7).raw(new byte[40]).octets(),
        StreamBuilder.stream().u64(0x200).u64(7).u32(-7).octets(),
        StreamBuilder.stream().u64(0x200).u64(7).u32(-22).raw(new byte[40]).octets(),
        StreamBuilder.stream().u64(0x200).u64(7).u32(1).u64(0x200).raw(new byte[40]).octets(),
        StreamBuilder.stream().u64((1L << 28) + 1).u32(2).raw(new byte[40]).octets());
  }

  @ParameterizedTest
  @MethodSource("others")
  void knowsNothingElse(byte[] octets) {
    assertNull(LegacyProbe.probe(MemorySegment.ofArray(octets)));
  }

  /// Few frames of a 32-bit toolstack look like a batch of an HVM guest, and so do many that are in
  /// order. That of an HVM guest would begin with pfn 0, or with nothing.
  @Test
  void aListWithABatchBehindItIsNoBatch() {
    StreamBuilder pv = words(4, 0x800, 3, 0x200).u32(4);
    assertEquals(new Layer.LegacyImage(4, true, 0x800), probe(words(pv, 4, 0, 1, 2, 3)));
    assertFalse(fitsBoth(pv));
    StreamBuilder ordered = words(4, 0x1400, 0x30, 0x31, 0x32, 0x33, 0x34, 0x40);
    words(ordered, 4, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48);
    assertEquals(new Layer.LegacyImage(4, true, 0x1400), probe(ordered));
    assertTrue(fitsBoth(ordered));
    for (long first : new long[] {0, 0xF000_0000L}) {
      StreamBuilder hvm = words(4, 0x800, 4, first, 1, 2, 3).raw(new byte[40]);
      assertEquals(new Layer.LegacyImage(4, false, 0x800), probe(hvm));
      assertFalse(fitsBoth(hvm));
    }
  }

  private static boolean fitsBoth(StreamBuilder image) {
    return LegacyProbe.fitsBothKinds(MemorySegment.ofArray(image.octets()));
  }
}
