// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.testkit.ChunkedChannel;
import org.xenstream.testkit.Expect;
import org.xenstream.testkit.FailingChannel;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.Samples;
import org.xenstream.testkit.StreamBuilder;
import org.xenstream.testkit.Trace;

/// Compressed images of each kind for which there is a codec, and of those for which there is none.
class DecompressionTest {
  private static OctetInput input(byte[] octets) {
    return new ChannelInput("a.img", ChunkedChannel.of(octets, 5000, 11));
  }

  static Stream<Arguments> codecs() {
    return Stream.of(
        codec("gzip", Layers::gzip), codec("zstd", Layers::zstd), codec("xz", Layers::xz));
  }

  private static Arguments codec(String name, UnaryOperator<byte[]> compress) {
    return Arguments.of(name, compress);
  }

  private static final byte[] IMAGE = Layers.xl(Layers.libxl(Samples.hvm()));

  @ParameterizedTest
  @MethodSource("codecs")
  void givesWhatWasCompressed(String codec, UnaryOperator<byte[]> compress) throws IOException {
    try (ImageReader image = ImageReader.of(input(compress.apply(IMAGE)), Limits.DEFAULT)) {
      assertEquals(new ImageItem.LayerFound(0, 0, new Layer.Compressed(codec)), image.next());
      assertEquals("a.img [" + codec + "]", image.name());
      assertEquals(-1, image.input().size());
      assertEquals(Trace.of(input(IMAGE)), Trace.of(image));
    }
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void readsConcatenatedFiles(String codec, UnaryOperator<byte[]> compress) {
    byte[] two =
        StreamBuilder.join(
            compress.apply(Arrays.copyOf(IMAGE, 1000)),
            compress.apply(Arrays.copyOfRange(IMAGE, 1000, IMAGE.length)));
    Trace trace = Trace.of(input(two));
    assertEquals("@0x0 +0 " + codec + " compression", trace.lines().getFirst());
    assertEquals(Trace.of(input(IMAGE)).lines(), trace.lines().subList(1, trace.lines().size()));
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void readsNestedCompression(String codec, UnaryOperator<byte[]> compress) {
    List<String> plain = Trace.of(input(IMAGE)).lines();
    String own = "@0x0 +0 " + codec + " compression";
    String gzip = "@0x0 +0 gzip compression";
    Trace inside = Trace.of(input(Layers.gzip(compress.apply(IMAGE))));
    assertEquals(List.of(gzip, own), inside.lines().subList(0, 2));
    assertEquals(plain, inside.lines().subList(2, inside.lines().size()));
    Trace around = Trace.of(input(compress.apply(Layers.gzip(IMAGE))));
    assertEquals(List.of(own, gzip), around.lines().subList(0, 2));
    assertEquals(plain, around.lines().subList(2, around.lines().size()));
  }

  @Test
  void doesNotUnwrapWithoutEnd() {
    byte[] deep = IMAGE;
    for (int i = 0; i < 3; i++) {
      deep = Layers.gzip(deep);
    }
    Trace trace = Trace.of(input(deep));
    assertEquals(2, trace.lines().size());
    assertNotNull(trace.fault());
    assertEquals(
        "a.img [gzip] [gzip] @0x0 (gzip frame): expected at most 2 layers of compression, found "
            + "more",
        trace.fault().getMessage());
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void yieldsNoMoreThanTheLimit(String codec, UnaryOperator<byte[]> compress) throws IOException {
    byte[] bomb = compress.apply(StreamBuilder.join(Samples.hvm(), new byte[8 << 20]));
    Limits limits = new Limits(1 << 20, 1 << 20, 1 << 20);
    try (ImageReader image = ImageReader.of(input(bomb), limits)) {
      StreamFormatException thrown =
          assertThrows(
              StreamFormatException.class,
              () -> {
                while (image.next() != null) {
                  assertTrue(image.input().position() <= 1 << 20);
                }
              });
      assertEquals(Fault.DECOMPRESSION, thrown.fault());
      assertEquals("at most 1048576 octets when decompressed", thrown.expected());
      assertEquals("more", thrown.found());
      assertEquals(codec + " frame", thrown.location().what());
      assertEquals("a.img", thrown.location().source());
    }
  }

  /// Cut anywhere, a compressed image is cut: never shorter in silence.
  @ParameterizedTest
  @MethodSource("codecs")
  void saysThatItIsCut(String codec, UnaryOperator<byte[]> compress) {
    byte[] whole = compress.apply(IMAGE);
    for (int at = 6; at < whole.length; at++) {
      StreamFormatException fault = Trace.of(input(Arrays.copyOf(whole, at))).fault();
      assertNotNull(fault, codec + " cut at " + at);
      assertEquals(Fault.TRUNCATED, fault.fault(), fault.getMessage());
    }
  }

  /// Any octet of the compressed file changed: an error of the format, or the image as it was
  /// (where the octet means nothing, such as the time in a gzip header), never another image.
  @ParameterizedTest
  @MethodSource("codecs")
  void saysThatItIsDamaged(String codec, UnaryOperator<byte[]> compress) {
    byte[] whole = compress.apply(IMAGE);
    Trace good = Trace.of(input(whole));
    int damaged = 0;
    for (int at = 0; at < whole.length; at++) {
      byte[] odd = whole.clone();
      odd[at] ^= 0x10;
      Trace trace = Trace.of(input(odd));
      if (trace.fault() == null) {
        assertEquals(good.lines(), trace.lines(), codec + " changed at " + at);
      } else {
        damaged++;
      }
    }
    assertTrue(damaged > whole.length * 9 / 10, () -> codec + " noticed too little");
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void passesOnThatTheLineBroke(String codec, UnaryOperator<byte[]> compress) throws IOException {
    byte[] twice = StreamBuilder.join(compress.apply(IMAGE), compress.apply(IMAGE));
    for (int at = 20; at < twice.length; at += 13) {
      int breaksAt = at;
      try (ImageReader image =
          ImageReader.of(
              new ChannelInput("a.img", new FailingChannel(twice, breaksAt)), Limits.DEFAULT)) {
        IOException thrown =
            assertThrows(
                IOException.class,
                () -> {
                  while (image.next() != null) {
                    assertNotNull(image.name());
                  }
                },
                codec + " broke at " + breaksAt);
        assertEquals("the line broke at octet " + breaksAt, thrown.getMessage());
      }
    }
  }

  @Test
  void refusesWhatFollowsAGzipMember() {
    byte[] odd = StreamBuilder.join(Layers.gzip(Samples.hvm()), new byte[] {1, 2, 3, 4});
    Trace trace = Trace.of(input(odd));
    assertNotNull(trace.fault());
    assertEquals(Fault.DECOMPRESSION, trace.fault().fault());
    assertEquals("octets that begin no gzip member", trace.fault().found());
    assertEquals(
        Trace.of(input(Layers.gzip(Samples.hvm()))),
        Trace.of(input(StreamBuilder.join(Layers.gzip(Samples.hvm()), new byte[700]))));
  }

  @Test
  void namesACompressionForWhichThereIsNoCodec() {
    byte[] lz4 = StreamBuilder.stream().u32(0x184D2204).raw(new byte[20]).octets();
    Expect.fault(
        Fault.DECOMPRESSION,
        "a.img @0x0 (lz4 frame.magic): expected what is decompressed already (as by lz4 -d), found"
            + " lz4, which is not decoded here",
        () -> {
          try (ImageReader image = ImageReader.of(input(lz4), Limits.DEFAULT)) {
            image.next();
          }
        });
  }

  @Test
  void readsZstdFilesThatBeginWithASkippableFrame() {
    byte[] skippable = StreamBuilder.stream().u32(0x184D2A53).u32(5).raw(new byte[5]).octets();
    Trace trace = Trace.of(input(StreamBuilder.join(skippable, Layers.zstd(IMAGE))));
    assertEquals("@0x0 +0 zstd compression", trace.lines().getFirst());
    assertEquals(Trace.of(input(IMAGE)).lines(), trace.lines().subList(1, trace.lines().size()));
  }
}
