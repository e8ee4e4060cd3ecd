// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.MappedInput;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.testkit.CapturingChannel;
import org.xenstream.testkit.ChunkedChannel;
import org.xenstream.testkit.Expect;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.PoisonedInput;
import org.xenstream.testkit.Samples;
import org.xenstream.testkit.StreamBuilder;

/// Copies against images that were laid by hand.
class ImageCopyTest {
  /// As xl reads it: up to a NUL.
  private static final String ENDED_CONFIG = Layers.CONFIG + "\0";

  @TempDir private Path folder;

  private static final byte[] HVM = Samples.hvm();
  private static final byte[] LIBXL = Layers.libxl(LITTLE_ENDIAN, HVM);
  private static final byte[] PLAIN_LIBXL = Layers.libxl(HVM);

  private static ImageCopy.Options layers(ImageCopy.Layers layers) {
    return new ImageCopy.Options(0, null, layers, false, Layers.CONFIG);
  }

  private static ImageCopy.Options version(int version, boolean dropPolicies) {
    return new ImageCopy.Options(version, null, ImageCopy.Layers.SAME, dropPolicies, null);
  }

  private static ImageCopy.Options order(@Nullable ByteOrder order) {
    return new ImageCopy.Options(0, order, ImageCopy.Layers.SAME, false, null);
  }

  /// The copy through a file, a channel and a poisoned input: the same.
  private byte[] copy(byte[] image, ImageCopy.Options options) throws IOException {
    byte[] copied = copy(new ChannelInput("a.img", ChunkedChannel.of(image, 500, 9)), options);
    Path file = Files.write(folder.resolve("image"), image);
    assertArrayEquals(copied, copy(MappedInput.open(file), options));
    assertArrayEquals(copied, copy(new PoisonedInput(MappedInput.open(file)), options));
    assertArrayEquals(copied, copyToFile(file, options));
    return copied;
  }

  private static byte[] copy(OctetInput input, ImageCopy.Options options) throws IOException {
    CapturingChannel out = CapturingChannel.shortWrites(300, 4);
    try (ImageReader image = ImageReader.of(input, Limits.DEFAULT)) {
      copy(image, new ImageCopy(image, out, options));
    }
    return out.octets();
  }

  private byte[] copyToFile(Path file, ImageCopy.Options options) throws IOException {
    Path copy = folder.resolve("copy");
    try (ImageReader image = ImageReader.open(file, Limits.DEFAULT);
        FileChannel out =
            FileChannel.open(
                copy,
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
      copy(image, new ImageCopy(image, out, options));
    }
    return Files.readAllBytes(copy);
  }

  private static long copy(ImageReader image, ImageCopy copy) throws IOException {
    for (ImageItem item = image.next(); item != null; item = image.next()) {
      copy.see(item);
    }
    return copy.end();
  }

  static Stream<byte[]> images() {
    return Stream.of(
        HVM,
        LIBXL,
        Samples.remus(),
        Samples.hvm(2, BIG_ENDIAN, true),
        Samples.everyRecord(3, LITTLE_ENDIAN),
        Layers.xl(LIBXL),
        Layers.wire(LIBXL),
        Layers.xl(BIG_ENDIAN, 3, LIBXL),
        Layers.libvirt(2, LIBXL),
        Layers.xenServer(HVM),
        Layers.xend(Layers.legacy(8, true)),
        Layers.legacy(4, false),
        StreamBuilder.join(Layers.legacy(4, false), new byte[300_000]),
        StreamBuilder.stream().record(0x0F, new byte[16]).record(0x0F).octets(),
        Layers.backChannel(0, new long[] {4, 5}, new long[] {0, 7}),
        Layers.backChannel(8, new long[] {4, 5}, new long[] {0, 7}),
        StreamBuilder.join(HVM, new byte[99]));
  }

  @ParameterizedTest
  @MethodSource("images")
  void passesAnImageOnToTheOctet(byte[] image) throws IOException {
    assertArrayEquals(image, copy(image, ImageCopy.Options.SAME));
  }

  @Test
  void passesStrayOctetsOfABackChannelOn() throws IOException {
    byte[] back =
        StreamBuilder.stream().u32(0x0F).u32(8).u64(0).u64(5).u32(0x0F).u32(0).u64(0).octets();
    assertArrayEquals(back, copy(back, ImageCopy.Options.SAME));
  }

  @Test
  void takesCompressionOff() throws IOException {
    for (byte[] compressed :
        new byte[][] {Layers.gzip(LIBXL), Layers.zstd(LIBXL), Layers.xz(LIBXL)}) {
      assertArrayEquals(LIBXL, copy(compressed, ImageCopy.Options.SAME));
    }
  }

  static Stream<Arguments> layers() {
    return Stream.of(
        Arguments.of(HVM, ImageCopy.Layers.LIBXC, HVM),
        Arguments.of(LIBXL, ImageCopy.Layers.LIBXC, HVM),
        Arguments.of(Layers.wire(LIBXL), ImageCopy.Layers.LIBXC, HVM),
        Arguments.of(Layers.xenServer(HVM), ImageCopy.Layers.LIBXC, HVM),
        Arguments.of(Layers.libvirt(2, LIBXL), ImageCopy.Layers.LIBXC, HVM),
        Arguments.of(HVM, ImageCopy.Layers.LIBXL, PLAIN_LIBXL),
        Arguments.of(LIBXL, ImageCopy.Layers.LIBXL, LIBXL),
        Arguments.of(Layers.wire(LIBXL), ImageCopy.Layers.LIBXL, LIBXL),
        Arguments.of(Layers.libvirt(2, LIBXL), ImageCopy.Layers.LIBXL, LIBXL),
        Arguments.of(HVM, ImageCopy.Layers.XL, Layers.xl(ENDED_CONFIG, PLAIN_LIBXL)),
        Arguments.of(LIBXL, ImageCopy.Layers.XL, Layers.xl(ENDED_CONFIG, LIBXL)),
        Arguments.of(Layers.wire(LIBXL), ImageCopy.Layers.XL, Layers.xl(ENDED_CONFIG, LIBXL)),
        Arguments.of(StreamBuilder.join(HVM, new byte[9]), ImageCopy.Layers.LIBXC, HVM));
  }

  @ParameterizedTest
  @MethodSource("layers")
  void givesTheLayersThatAreAskedFor(byte[] image, ImageCopy.Layers layers, byte[] expected)
      throws IOException {
    assertArrayEquals(expected, copy(image, layers(layers)));
  }

  @Test
  void makesTheCheckpointsOfBothLayersTakeTurns() throws IOException {
    byte[] bare = copy(Samples.remus(), layers(ImageCopy.Layers.LIBXC));
    byte[] wrapped = copy(bare, layers(ImageCopy.Layers.LIBXL));
    assertArrayEquals(bare, copy(wrapped, layers(ImageCopy.Layers.LIBXC)));
    // What stops behind a checkpoint has no END in either layer.
    assertArrayEquals(
        Layers.libxlRecord(LITTLE_ENDIAN, 0x04),
        Arrays.copyOfRange(wrapped, wrapped.length - 8, wrapped.length));
    byte[] ended = Samples.hvm(3, LITTLE_ENDIAN, true);
    assertArrayEquals(
        ended, copy(copy(ended, layers(ImageCopy.Layers.LIBXL)), layers(ImageCopy.Layers.LIBXC)));
  }

  @ParameterizedTest
  @MethodSource("orders")
  void writesTheOtherOrder(ByteOrder from, ByteOrder to) throws IOException {
    assertArrayEquals(Samples.everyRecord(3, to), copy(Samples.everyRecord(3, from), order(to)));
    assertArrayEquals(
        Layers.libxl(to, Samples.hvm(3, to, false)),
        copy(Layers.libxl(from, Samples.hvm(3, from, false)), order(to)));
  }

  static Stream<Arguments> orders() {
    return Stream.of(
        Arguments.of(LITTLE_ENDIAN, BIG_ENDIAN),
        Arguments.of(BIG_ENDIAN, LITTLE_ENDIAN),
        Arguments.of(BIG_ENDIAN, BIG_ENDIAN));
  }

  /// Reserved numbers, padding, and bodies where none belong: a saver must not write them, and a
  /// copy must not lose them.
  @Test
  void losesNothingInTheOtherOrder() throws IOException {
    StreamBuilder b = StreamBuilder.stream();
    byte[] libxc =
        StreamBuilder.stream()
            .imageHeader(3)
            .domainHeader(1)
            .record(0x02, new byte[] {4, 3, 1, 0, 0, 0, 0, 0, 0, 9})
            .record(0x10, 5, StreamBuilder.filled(5, 0x21), StreamBuilder.filled(3, 0x22))
            .record(0x01, b.part().u32(1).u32(0x0102).u64(4).octets(), StreamBuilder.page(0x23))
            .record(0x04, b.part().u32(1).u32(0x0304).octets(), StreamBuilder.filled(9, 0x24))
            .record(0x09, b.part().u32(1).u32(2).u64(3).u32(4).u32(0x0506).octets())
            .record(0x0A, b.part().u32(1).u32(0x0708).u64(1).u64(2).octets())
            .record(0x0D, StreamBuilder.filled(8, 0x25))
            .record(0x13, new byte[8])
            .record(0x80000077, StreamBuilder.filled(6, 0x26))
            .record(0x00, new byte[] {0, 1})
            .octets();
    byte[] little =
        StreamBuilder.join(
            Layers.libxlHeader(LITTLE_ENDIAN),
            Layers.libxlRecord(LITTLE_ENDIAN, 0x01, new byte[] {7}),
            libxc,
            Layers.libxlRecord(LITTLE_ENDIAN, 0x05, b.part().u32(2).u32(0x0900).octets()),
            Layers.libxlRecord(LITTLE_ENDIAN, 0x04, new byte[] {8, 8}),
            Layers.libxlRecord(LITTLE_ENDIAN, 0x77, new byte[3]),
            Layers.libxlRecord(LITTLE_ENDIAN, 0x00, StreamBuilder.filled(16, 9)));
    byte[] big = copy(little, order(BIG_ENDIAN));
    assertEquals(little.length, big.length);
    assertArrayEquals(little, copy(big, order(LITTLE_ENDIAN)));
    try (ImageReader image =
        ImageReader.of(new ChannelInput("a", ChunkedChannel.of(little, 50, 1)), Limits.DEFAULT)) {
      ImageCopy copy = new ImageCopy(image, CapturingChannel.whole(), order(BIG_ENDIAN));
      copy(image, copy);
      assertEquals(
          "{libxl LIBXC_CONTEXT=1, X86_PV_INFO=2, STATIC_DATA_END=5, VERIFY=8,"
              + " OPTIONAL_0x80000077=6, END=2, libxl CHECKPOINT_STATE=4, libxl CHECKPOINT_END=2,"
              + " libxl END=16}",
          copy.unswapped().toString());
      assertEquals("{}", copy.leftOut().toString());
    }
  }

  private static String leftOutOfBareCopy(byte[] libxl, int version) throws IOException {
    try (ImageReader image =
        ImageReader.of(new ChannelInput("a", ChunkedChannel.of(libxl, 50, 1)), Limits.DEFAULT)) {
      ImageCopy copy =
          new ImageCopy(
              image,
              CapturingChannel.whole(),
              new ImageCopy.Options(version, null, ImageCopy.Layers.LIBXC, false, null));
      copy(image, copy);
      return copy.leftOut().toString();
    }
  }

  @Test
  void namesWhatOtherLayersAndVersionsHaveNoPlaceFor() throws IOException {
    byte[] libxl =
        StreamBuilder.join(
            Layers.libxlHeader(LITTLE_ENDIAN),
            Layers.libxlRecord(LITTLE_ENDIAN, 0x01),
            StreamBuilder.stream()
                .imageHeader(3)
                .domainHeader(2)
                .record(0x10, StreamBuilder.filled(5, 0x21))
                .end()
                .octets(),
            Layers.libxlRecord(LITTLE_ENDIAN, 0x80000055, new byte[3]),
            Layers.libxlRecord(LITTLE_ENDIAN, 0x05, new byte[4]),
            Layers.libxlRecord(LITTLE_ENDIAN, 0x00));
    assertEquals(
        "{the body of STATIC_DATA_END=5, libxl OPTIONAL_0x80000055=3}",
        leftOutOfBareCopy(libxl, 2));
  }

  /// The bare stream ends at a CHECKPOINT, as one does whose sender died behind a complete one.
  @ParameterizedTest
  @CsvSource({
    "4, {}",
    "0x80000055, {that the last checkpoint has no CHECKPOINT_END=-1}",
  })
  void namesThatTheLastCheckpointIsNotComplete(String behind, String expected) throws IOException {
    byte[] libxl =
        StreamBuilder.join(
            Layers.libxlHeader(LITTLE_ENDIAN),
            Layers.libxlRecord(LITTLE_ENDIAN, 0x01),
            StreamBuilder.stream()
                .imageHeader(3)
                .domainHeader(2)
                .record(0x10, new byte[0])
                .record(0x0E, new byte[0])
                .octets(),
            Layers.libxlRecord(LITTLE_ENDIAN, Long.decode(behind).intValue()));
    assertEquals(expected, leftOutOfBareCopy(libxl, 0));
  }

  @Test
  void writesVersionThree() throws IOException {
    byte[] two = Samples.pv64(2, LITTLE_ENDIAN);
    byte[] three = two.clone();
    three[15] = 3;
    assertArrayEquals(
        StreamBuilder.join(
            Arrays.copyOf(three, 56),
            StreamBuilder.stream().record(0x10).octets(),
            Arrays.copyOfRange(three, 56, three.length)),
        copy(two, version(3, false)));
  }

  @Test
  void writesVersionTwoWithoutThePolicies() throws IOException {
    byte[] three = Samples.pv64(3, BIG_ENDIAN);
    assertArrayEquals(Samples.pv64(2, BIG_ENDIAN), copy(three, version(2, true)));
    try (ImageReader image =
        ImageReader.of(new ChannelInput("a", ChunkedChannel.of(three, 50, 1)), Limits.DEFAULT)) {
      assertEquals(
          2, copy(image, new ImageCopy(image, CapturingChannel.whole(), version(2, true))));
    }
  }

  @Test
  void losesNoPolicyUnasked() {
    Expect.fault(
        Fault.MISPLACED,
        "a.img @0x28 (record #0 X86_CPUID_POLICY): expected a record that version 2 has, found"
            + " X86_CPUID_POLICY",
        () -> copy(HVM, version(2, false)));
  }

  @Test
  void tellsWhetherItWasRefusedForAPolicy() throws IOException {
    assertTrue(refused(HVM, version(2, false)).wantsPoliciesDropped());
    assertFalse(refused(Layers.xenServer(HVM), layers(ImageCopy.Layers.XL)).wantsPoliciesDropped());
  }

  private static ImageCopy refused(byte[] octets, ImageCopy.Options options) throws IOException {
    try (ImageReader image =
        ImageReader.of(new ChannelInput("a", ChunkedChannel.of(octets, 50, 1)), Limits.DEFAULT)) {
      ImageCopy copy = new ImageCopy(image, CapturingChannel.whole(), options);
      assertThrows(StreamFormatException.class, () -> copy(image, copy));
      return copy;
    }
  }

  @Test
  void refusesToTurnALegacyImageIntoAnything() {
    Expect.fault(
        Fault.MISPLACED,
        "a.img @0x0 (copy): expected a modern stream, as convert makes one, found legacy image (Xen"
            + " 4.5 or older) of a PV guest by a 64-bit toolstack",
        () -> copy(Layers.legacy(8, true), layers(ImageCopy.Layers.LIBXC)));
  }

  @Test
  void refusesToLoseADeviceModel() {
    Expect.fault(
        Fault.MISPLACED,
        "a.img @0x117b (copy): expected no device model's state, which a copy in other layers "
            + "would lose, found part Qemu_xen of 10 octets",
        () -> copy(Layers.xenServer(HVM), layers(ImageCopy.Layers.LIBXL)));
  }

  @Test
  void wantsAConfigurationForAnXlFile() {
    Expect.fault(
        Fault.MISPLACED,
        "a.img @0x0 (copy): expected a configuration for the xl save file, found none in the image",
        () -> copy(HVM, new ImageCopy.Options(0, null, ImageCopy.Layers.XL, false, null)));
  }
}
