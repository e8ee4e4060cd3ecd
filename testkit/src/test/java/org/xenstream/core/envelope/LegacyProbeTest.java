// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.lang.foreign.MemorySegment;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
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
        StreamBuilder.stream().u64((1L << 28) + 1).u32(2).raw(new byte[40]).octets());
  }

  @ParameterizedTest
  @MethodSource("others")
  void knowsNothingElse(byte[] octets) {
    assertNull(LegacyProbe.probe(MemorySegment.ofArray(octets)));
  }
}
