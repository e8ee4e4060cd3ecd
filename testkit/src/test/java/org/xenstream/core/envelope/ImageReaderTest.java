// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xenstream.testkit.StreamBuilder.join;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.testkit.ChunkedChannel;
import org.xenstream.testkit.Expect;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.Samples;
import org.xenstream.testkit.StreamBuilder;

class ImageReaderTest {
  @TempDir private Path folder;

  private static ImageReader over(byte[] octets) {
    return ImageReader.of(
        new ChannelInput("a.img", ChunkedChannel.of(octets, 700, 5)), Limits.DEFAULT);
  }

  /// What is met, records of libxc by their names alone.
  private static List<String> items(ImageReader image) throws IOException {
    List<String> items = new ArrayList<>();
    for (ImageItem item = image.next(); item != null; item = image.next()) {
      items.add(
          switch (item) {
            case ImageItem.LayerFound(long offset, long length, var layer) ->
                "@%d +%d %s".formatted(offset, length, layer.title());
            case ImageItem.LibxcBegins begins -> "@%d libxc".formatted(begins.offset());
            case ImageItem.Libxc(var framed, _) -> framed.frame().typeName();
            case ImageItem.Libxl(var frame, _) ->
                "@%d libxl %s".formatted(frame.offset(), frame.typeName());
            case ImageItem.Remarked(var remark) -> remark.toString();
            case ImageItem.Trailing(long offset, long length) ->
                "@%d trailing %d".formatted(offset, length);
          });
    }
    assertNull(image.next());
    return items;
  }

  private static List<String> items(byte[] octets) throws IOException {
    try (ImageReader image = over(octets)) {
      return items(image);
    }
  }

  private static final List<String> HVM =
      List.of(
          "X86_CPUID_POLICY",
          "X86_MSR_POLICY",
          "STATIC_DATA_END",
          "PAGE_DATA",
          "X86_TSC_INFO",
          "HVM_CONTEXT",
          "HVM_PARAMS",
          "END");

  private static List<String> around(List<String> before, List<String> after) {
    return Stream.of(before, HVM, after).flatMap(List::stream).toList();
  }

  @Test
  void readsABareStream() throws IOException {
    assertEquals(around(List.of("@0 libxc"), List.of()), items(Samples.hvm()));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void readsALibxlStreamOfEitherOrder(boolean big) throws IOException {
    int end = 24 + Samples.hvm().length;
    assertEquals(
        around(
            List.of(
                "@0 +16 libxl stream v2" + (big ? " (big-endian)" : ""),
                "@16 libxl LIBXC_CONTEXT",
                "@24 libxc"),
            List.of(
                "@%d libxl EMULATOR_XENSTORE_DATA".formatted(end),
                "@%d libxl EMULATOR_CONTEXT".formatted(end + 32),
                "@%d libxl END".formatted(end + 64))),
        items(Layers.libxl(big ? BIG_ENDIAN : LITTLE_ENDIAN, Samples.hvm())));
  }

  @Test
  void namesACompressionInsideALayer() throws IOException {
    byte[] libxl = Layers.libxl(Samples.hvm());
    byte[] xl = Layers.xl(LITTLE_ENDIAN, 3, Layers.gzip(libxl));
    try (ImageReader image = over(xl)) {
      long at = Objects.requireNonNull(image.next()).end();
      assertEquals(
          "a.img @0x%x (libxl header.ident): expected 0x4c6962786c466d74, found gzip compression inside"
                  .formatted(at)
              + " a layer: decompress it first",
          assertThrows(StreamFormatException.class, image::next).getMessage());
    }
  }

  @Test
  void readsAnXlFile() throws IOException {
    byte[] xl = Layers.xl(Layers.libxl(Samples.hvm()));
    try (ImageReader image = over(xl)) {
      var found = assertInstanceOf(ImageItem.LayerFound.class, image.next());
      var layer = assertInstanceOf(Layer.XlSave.class, found.layer());
      int config = Layers.CONFIG.getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
      assertEquals(0, found.offset());
      assertEquals(48 + 4 + config, found.length());
      assertEquals("xl save file", layer.title());
      assertEquals(LITTLE_ENDIAN, layer.order());
      assertEquals(0x01020304, layer.byteOrderWord());
      assertEquals(Layer.XlSave.JSON | Layer.XlSave.STREAM_V2, layer.mandatoryFlags());
      assertEquals(0, layer.optionalFlags());
      assertEquals(4 + config, layer.optionalData().byteSize());
      assertEquals(config, layer.configLength());
      assertEquals(Layers.CONFIG, layer.config());
      assertEquals(
          List.of(
              "@%d +16 libxl stream v2".formatted(found.length()),
              "@%d libxl LIBXC_CONTEXT".formatted(found.length() + 16),
              "@%d libxc".formatted(found.length() + 24)),
          items(image).subList(0, 3));
    }
  }

  @Test
  void readsAnXlFileOfABigEndianHost() throws IOException {
    byte[] xl = Layers.xl(BIG_ENDIAN, 3, Layers.libxl(BIG_ENDIAN, Samples.hvm()));
    try (ImageReader image = over(xl)) {
      var found = assertInstanceOf(ImageItem.LayerFound.class, image.next());
      var layer = assertInstanceOf(Layer.XlSave.class, found.layer());
      assertEquals(BIG_ENDIAN, layer.order());
      assertEquals(0x04030201, layer.byteOrderWord());
      assertEquals(Layers.CONFIG, layer.config());
      assertTrue(items(image).containsAll(HVM));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'',-1,''",
    "030000,-1,''",
    "00000000,0,''",
    "0900000061626364,9,abcd",
    "020000006162636465,2,ab"
  })
  void readsAnyOptionalDataOfAnXlFile(String hex, long configLength, String config)
      throws IOException {
    byte[] data = java.util.HexFormat.of().parseHex(hex);
    byte[] xl =
        StreamBuilder.stream()
            .raw("Xen saved domain, xl format\n \0 \r".getBytes(ISO_8859_1))
            .u32(0x01020304)
            .u32(3)
            .u32(0)
            .u32(data.length)
            .raw(data)
            .raw(Layers.libxl(Samples.hvm()))
            .octets();
    try (ImageReader image = over(xl)) {
      var found = assertInstanceOf(ImageItem.LayerFound.class, image.next());
      var layer = assertInstanceOf(Layer.XlSave.class, found.layer());
      assertEquals(configLength, layer.configLength());
      assertEquals(config, layer.config());
      assertTrue(items(image).containsAll(HVM));
    }
  }

  @Test
  void readsTheWireOfAMigration() throws IOException {
    byte[] wire = Layers.wire(Layers.libxl(Samples.hvm()));
    List<String> items = items(wire);
    assertEquals("@%d +44 xl migrate: GO message".formatted(wire.length - 44), items.getLast());
    List<String> cut = items(java.util.Arrays.copyOf(wire, wire.length - 1));
    assertEquals("@%d trailing -1".formatted(wire.length - 44), cut.getLast());
  }

  @Test
  void readsLibvirtsSaveFile() throws IOException {
    byte[] file = Layers.libvirt(2, Layers.libxl(Samples.hvm()));
    try (ImageReader image = over(file)) {
      assertEquals(
          new ImageItem.LayerFound(
              0, 64 + Layers.XML.length() + 1, new Layer.Libvirt(2, Layers.XML)),
          image.next());
      assertTrue(items(image).containsAll(HVM));
    }
  }

  @Test
  void readsXenServersSuspendImage() throws IOException {
    byte[] image = Layers.xenServer(Samples.hvm());
    int end = 15 + 20 + 16 + Samples.hvm().length;
    assertEquals(
        around(
            List.of(
                "@0 +15 XenServer/XCP-ng suspend image (XenSavedDomv2-)",
                "@15 +20 part Xenops",
                "@35 +16 part Libxc",
                "@51 libxc"),
            List.of(
                "@%d +26 part Qemu_xen".formatted(end),
                "@%d +16 part End_of_image".formatted(end + 26))),
        items(image));
  }

  @Test
  void readsALibxlPartOfXenServer() throws IOException {
    byte[] image =
        join(
            "XenSavedDomv2-\n".getBytes(ISO_8859_1),
            Layers.xenServerPart(0xF1, 0, Layers.libxl(Samples.hvm())),
            Layers.xenServerPart(0xFFFF, 0, new byte[0]));
    assertTrue(items(image).containsAll(HVM));
  }

  @Test
  void knowsXenServersText() throws IOException {
    try (ImageReader image = over(Layers.xenServer(Samples.hvm()))) {
      assertEquals(
          new ImageItem.LayerFound(0, 15, new Layer.XenServer("XenSavedDomv2-\n")), image.next());
      assertEquals(
          new ImageItem.LayerFound(15, 20, new Layer.XenServerPart(0x0F, 4, "xeno")), image.next());
    }
  }

  static Stream<Arguments> legacies() {
    byte[] legacy = Layers.legacy(8, true);
    return Stream.of(
        Arguments.of(new byte[0], legacy, 0),
        Arguments.of(Layers.xl(LITTLE_ENDIAN, 1, new byte[0]), legacy, 1),
        Arguments.of(Layers.libvirt(1, new byte[0]), legacy, 1),
        Arguments.of(Layers.xend(new byte[0]), legacy, 1),
        Arguments.of("XenSavedDomain\n".getBytes(ISO_8859_1), legacy, 1),
        Arguments.of(
            join(
                "XenSavedDomv2-\n".getBytes(ISO_8859_1),
                Layers.xenServerPart(0xF2, 0, new byte[0])),
            legacy,
            2));
  }

  @ParameterizedTest
  @MethodSource("legacies")
  void namesALegacyImageInAnyLayer(byte[] before, byte[] legacy, int layers) throws IOException {
    try (ImageReader image = over(join(before, legacy))) {
      for (int i = 0; i < layers; i++) {
        image.next();
      }
      assertEquals(
          new ImageItem.LayerFound(before.length, 0, new Layer.LegacyImage(8, true, 0x400)),
          image.next());
      // What comes next is translated: the beginning of an image is not enough for that.
      assertThrows(StreamFormatException.class, () -> items(image));
    }
  }

  @Test
  void readsXendsConfiguration() throws IOException {
    try (ImageReader image = over(Layers.xend(Layers.legacy(4, false)))) {
      assertEquals(
          new ImageItem.LayerFound(0, 41, new Layer.Xend("(domain (name guest))")), image.next());
      assertEquals(
          new ImageItem.LayerFound(41, 0, new Layer.LegacyImage(4, false, 0x400)), image.next());
    }
  }

  @Test
  void readsABackChannel() throws IOException {
    byte[] back = StreamBuilder.stream().record(0x0F, new byte[16]).record(0x0F).octets();
    assertEquals(
        List.of(
            "@0 +0 COLO back channel", "CHECKPOINT_DIRTY_PFN_LIST", "CHECKPOINT_DIRTY_PFN_LIST"),
        items(back));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 8})
  void readsABackChannelInWhichLibxlSpeaks(int stray) throws IOException {
    assertEquals(
        List.of(
            "@0 +0 COLO back channel",
            "@0 libxl CHECKPOINT_STATE",
            "@16 libxl CHECKPOINT_STATE",
            "@32 libxl CHECKPOINT_STATE",
            "CHECKPOINT_DIRTY_PFN_LIST",
            "@%d libxl CHECKPOINT_STATE".formatted(72 + stray),
            "@%d libxl CHECKPOINT_STATE".formatted(88 + stray)),
        items(Layers.backChannel(stray, new long[] {0, 3})));
  }

  @Test
  void namesWhatIsBehindTheEnd() throws IOException {
    Path file = Files.write(folder.resolve("a"), join(Samples.hvm(), new byte[7]));
    try (ImageReader image = ImageReader.open(file, Limits.DEFAULT)) {
      assertEquals(file.toString(), image.name());
      assertEquals(Files.size(file), image.input().size());
      assertEquals("@%d trailing 7".formatted(Samples.hvm().length), items(image).getLast());
    }
    assertEquals(
        "@%d trailing -1".formatted(Samples.hvm().length),
        items(join(Samples.hvm(), new byte[7])).getLast());
  }

  /// Whoever looks at items may take their octets, or leave them to the reader.
  @Test
  void aReaderGoesOnWhereSomebodyTookTheOctets() throws IOException {
    byte[] octets = Layers.wire(Layers.libxl(Samples.hvm()));
    List<String> left = items(octets);
    List<String> taken = new ArrayList<>();
    try (ImageReader image = over(octets)) {
      for (ImageItem item = image.next(); item != null; item = image.next()) {
        taken.add(item.offset() + " " + item.end());
        assertEquals(item.offset(), image.input().position());
        image.input().advance(item.end() - item.offset());
      }
    }
    assertEquals(left.size(), taken.size());
  }

  private static void refused(Fault fault, String message, byte[] octets) {
    Expect.fault(fault, message, () -> items(octets));
  }

  @Test
  void refusesWhatIsNoImage() {
    refused(
        Fault.NOT_AN_IMAGE,
        "a.img @0x0 (image.signature): expected an image, found nothing",
        new byte[0]);
    refused(
        Fault.NOT_AN_IMAGE,
        "a.img @0x0 (image.signature): expected an image of a known kind, found octets that no "
            + "kind of image begins with",
        "#!/bin/sh\necho This is no image of any kind.\n".getBytes(ISO_8859_1));
    refused(
        Fault.NOT_AN_IMAGE,
        "a.img @0x0 (image.signature): expected a domain's image, found xenstore's own migration "
            + "stream",
        join("xenstore".getBytes(ISO_8859_1), new byte[8]));
  }

  @Test
  void refusesALayerWithAnythingButTheLegacyImageItPromises() {
    refused(
        Fault.MALFORMED_LAYER,
        "a.img @0x29 (image.signature): expected a legacy image in an xend save file, found "
            + "octets that no kind of image begins with",
        Layers.xend(new byte[64]));
    refused(
        Fault.MALFORMED_LAYER,
        "a.img @0x29 (image.signature): expected a legacy image in an xend save file, found "
            + "a libxl stream",
        Layers.xend(Layers.libxl(Samples.hvm())));
    refused(
        Fault.TRUNCATED,
        "a.img @0x29 (image.signature): expected a legacy image in an xend save file, found "
            + "the end",
        Layers.xend(new byte[0]));
  }

  /// A file that was sent as text, and a single damaged octet, are told from what is no image.
  @Test
  void refusesADamagedSignatureAsOne() {
    byte[] xl = Layers.xl(Layers.libxl(Samples.hvm()));
    String text = new String(xl, ISO_8859_1).replace("\n", "\r\n");
    refused(
        Fault.MARKER,
        "a.img @0x0 (image.signature): expected \"Xen saved domain, xl format\\n"
            + " \\x00 \\r\", found \"Xen saved domain, xl format\\r\\n"
            + " \\x00 \"",
        text.getBytes(ISO_8859_1));
    byte[] libxl = Layers.libxl(Samples.hvm());
    libxl[0] ^= 0x14;
    refused(
        Fault.MARKER,
        "a.img @0x0 (image.signature): expected \"LibxlFmt\", found \"XibxlFmt\"",
        libxl);
    libxl[1] = 'I';
    refused(
        Fault.NOT_AN_IMAGE,
        "a.img @0x0 (image.signature): expected an image of a known kind, found octets that no "
            + "kind of image begins with",
        libxl);
    refused(
        Fault.TRUNCATED,
        "a.img @0xa (image.signature): expected \"Xen saved domain, xl format\\n"
            + " \\x00 \\r\", found the first 10 octets of it before the end",
        java.util.Arrays.copyOf(xl, 10));
  }

  @Test
  void refusesADamagedMarkerAsAStream() {
    byte[] stream = Samples.hvm();
    stream[3] = 0x7F;
    refused(
        Fault.MARKER,
        "a.img @0x0 (image header.marker): expected 0xffffffffffffffff, found 0xffffff7fffffffff",
        stream);
  }

  @Test
  void refusesAnXlFileOfAnUnknownOrder() {
    byte[] xl = Layers.xl(Layers.libxl(Samples.hvm()));
    xl[32] = 9;
    refused(
        Fault.MALFORMED_LAYER,
        "a.img @0x20 (xl header.byteorder): expected 0x01020304, found 0x01020309",
        xl);
  }

  @Test
  void refusesTextsOverTheLimit() {
    byte[] xl = Layers.xl(new byte[0]);
    xl[47] = (byte) 0xFF;
    refused(
        Fault.TOO_LONG,
        "a.img @0x2c (xl header.optional_data_len): expected at most 4194304, found 4278190132",
        xl);
    byte[] libvirt = Layers.libvirt(2, new byte[0]);
    libvirt[23] = (byte) 0xFF;
    refused(
        Fault.TOO_LONG,
        "a.img @0x14 (libvirt header.xmlLen): expected at most 4194304, found 4278190127",
        libvirt);
    byte[] xend = Layers.xend(new byte[0]);
    xend[16] = (byte) 0x80;
    refused(
        Fault.TOO_LONG,
        "a.img @0x10 (xend header.length): expected at most 4194304, found -2147483627",
        xend);
    refused(
        Fault.TOO_LONG,
        "a.img @0x17 (xenserver part Xenops.length): expected at most 4194304, found 16777217",
        join(
            "XenSavedDomv2-\n".getBytes(ISO_8859_1),
            Layers.xenServerPart(0x0F, 0x100_0001, new byte[9])));
    refused(
        Fault.TOO_LONG,
        "a.img @0x17 (xenserver part Xenops.length): expected at most 4194304, found"
            + " 9223372036854775808",
        join(
            "XenSavedDomv2-\n".getBytes(ISO_8859_1),
            Layers.xenServerPart(0x0F, Long.MIN_VALUE, new byte[9])));
  }

  @Test
  void refusesAnotherVersionOfLibvirt() {
    refused(
        Fault.VERSION,
        "a.img @0x10 (libvirt header.version): expected 1 or 2, found 3",
        Layers.libvirt(3, new byte[0]));
  }

  @Test
  void refusesAnotherSignatureOfXenServer() {
    refused(
        Fault.MARKER,
        "a.img @0x0 (xenserver signature): expected XenSavedDomv2- or XenSavedDomain and a line's "
            + "end, found XenSavedDomv3-.",
        "XenSavedDomv3-\n and so on".getBytes(ISO_8859_1));
  }

  @ParameterizedTest
  @ValueSource(longs = {0x11, 0x1_0000_000FL, -1, 0x8000_0000_0000_00F0L, 0x1_0000_FFFFL})
  void refusesAnUnknownPartOfXenServer(long type) {
    refused(
        Fault.MALFORMED_LAYER,
        "a.img @0xf (xenserver part header.type): expected a known type, found 0x%x"
            .formatted(type),
        join("XenSavedDomv2-\n".getBytes(ISO_8859_1), Layers.xenServerPart(type, 0, new byte[9])));
  }

  @ParameterizedTest
  @CsvSource({"-1,18446744073709551615", "1152921504606846977,1152921504606846977"})
  void refusesAPartOfXenServerLongerThanAnyFile(long length, String found) {
    refused(
        Fault.TOO_LONG,
        "a.img @0x17 (xenserver part Qemu_xen.length): expected at most 1152921504606846976, found "
            + found,
        join(
            "XenSavedDomv2-\n".getBytes(ISO_8859_1),
            Layers.xenServerPart(0xF01, length, new byte[9])));
  }

  @Test
  void saysThatAPartOfXenServerIsCut() {
    refused(
        Fault.TRUNCATED,
        "a.img @0x28 (image): expected octets up to @0x1000001f, found the end",
        join(
            "XenSavedDomv2-\n".getBytes(ISO_8859_1),
            Layers.xenServerPart(0xF01, 0x1000_0000, new byte[9])));
  }

  static Stream<Arguments> cuts() {
    byte[] libxl = Layers.libxl(Samples.hvm());
    return Stream.of(
        Arguments.of(
            Layers.xl(libxl),
            40,
            "@0x28 (xl header): expected 48 octets, found 40 octets before the end"),
        Arguments.of(
            Layers.xl(libxl),
            60,
            "@0x3c (xl optional data): expected 100 octets, found 60 octets before the end"),
        Arguments.of(
            Layers.libvirt(2, libxl),
            60,
            "@0x3c (libvirt header): expected 64 octets, found 60 octets before the end"),
        Arguments.of(
            Layers.libvirt(2, libxl),
            70,
            "@0x46 (libvirt xml): expected 111 octets, found 70 octets before the end"),
        Arguments.of(
            Layers.xend(libxl),
            17,
            "@0x11 (xend header): expected 20 octets, found 17 octets before the end"),
        Arguments.of(
            Layers.xend(libxl),
            30,
            "@0x1e (xend config): expected 41 octets, found 30 octets before the end"),
        Arguments.of(
            Layers.xenServer(libxl),
            14,
            "@0xe (xenserver signature): expected 15 octets, found 14 octets before the end"),
        Arguments.of(
            Layers.xenServer(libxl),
            30,
            "@0x1e (xenserver part header): expected 16 octets, found 15 octets before the end"),
        Arguments.of(
            libxl, 15, "@0xf (libxl header): expected 16 octets, found 15 octets before the end"));
  }

  @ParameterizedTest
  @MethodSource("cuts")
  void saysWhichPartOfALayerIsCut(byte[] octets, int at, String message) {
    refused(Fault.TRUNCATED, "a.img " + message, java.util.Arrays.copyOf(octets, at));
  }

  @Test
  void readsWhatIsNoRegularFileAsAStream() throws IOException {
    try (ImageReader image = ImageReader.open(Path.of("/dev/null"), Limits.DEFAULT)) {
      assertEquals(-1, image.input().size());
      Expect.fault(
          Fault.NOT_AN_IMAGE,
          "/dev/null @0x0 (image.signature): expected an image, found nothing",
          image::next);
    }
  }

  @Test
  void closesItsInput() throws IOException {
    ChunkedChannel channel = ChunkedChannel.of(Layers.gzip(Samples.hvm()), 100, 1);
    try (ImageReader image = ImageReader.of(new ChannelInput("a", channel), Limits.DEFAULT)) {
      assertNotNull(image.next());
      assertNotNull(image.next());
    }
    assertFalse(channel.isOpen());
  }
}
