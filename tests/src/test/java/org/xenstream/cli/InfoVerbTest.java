// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.Samples;
import org.xenstream.testkit.legacy.LegacyImageBuilder;

/// The screen that `info` shows.
class InfoVerbTest {
  @TempDir private static Path folder;

  private static String golden(String name) throws IOException {
    try (InputStream in = InfoVerbTest.class.getResourceAsStream(name)) {
      assertNotNull(in, name);
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static String info(int code, Object... arguments) {
    Object[] all = new Object[arguments.length + 1];
    all[0] = "info";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    return Tool.run(all)
        .quiet()
        .exits(code)
        .out()
        .replace(Tool.sample("").toString(), "samples")
        .replace(folder.toString(), "F");
  }

  @ParameterizedTest
  @CsvSource({
    "info-pv32.txt, pv32.xlsave.zst, ''",
    "info-hvm.txt, hvm.xlsave.zst, --digest --zero-pages",
    "info-remus-pv64.txt, remus-pv64.wire.zst, ''",
  })
  void theWholeScreenOfASample(String golden, String sample, String options) throws IOException {
    Object[] arguments = (options + " " + Tool.sample(sample)).strip().split(" ");
    assertEquals(golden(golden), info(0, arguments));
  }

  @Test
  void aDamagedImageIsShownAsFarAsItGoes() throws IOException {
    Pv32 files = Pv32.in(folder);
    assertEquals(
        """
        F/cut
          layers      xl save file › libxl stream v2 › libxc stream v3
          made by     Xen 4.17
          guest       x86 PV, 32 bits, 0 vCPUs, named pv32
          memory      0 pages (0 octets), p2m of 1,024
                      sent:
          policies    CPUID of 49 leaves (AMD EPYC Processor), 2 MSRs
          digest      none: the image's structure cannot be followed to its end
          size        2.14 KiB
            X86_CPUID_POLICY               1.16 KiB ×1       █████████████
            X86_MSR_POLICY                40 octets ×1       ▌
            X86_PV_P2M_FRAMES             24 octets ×1       ▍
            X86_PV_INFO                   16 octets ×1       ▎
            libxl LIBXC_CONTEXT            8 octets ×1       ▏
            STATIC_DATA_END                8 octets ×1       ▏
          verdict     unsound (1 error)
            error @0x1e8480 (record #5 PAGE_DATA): expected 4202512 octets of header, body and \
        padding, found 1997807 octets before the end [XS0002-truncated]
        """,
        info(1, "--digest", files.cut()));
    assertEquals(
        """
        F/text
          layers      none recognised
          verdict     no image (1 error)
            error @0x0 (image.signature): expected an image of a known kind, found octets that no \
        kind of image begins with [XS0001-not-an-image]
        """,
        info(2, files.text()));
  }

  private static String layers(byte[] image) throws IOException {
    Path file = Files.write(folder.resolve("layers"), image);
    return Tool.run("info", file)
        .out()
        .lines()
        .skip(1)
        .takeWhile(line -> line.startsWith("  layers") || line.startsWith("    "))
        .collect(Collectors.joining("\n"));
  }

  /// Either order can be told of each layer by itself.
  @Test
  void aBigEndianLayerIsMarked() throws IOException {
    byte[] little = Samples.hvm();
    byte[] big = Samples.hvm(3, ByteOrder.BIG_ENDIAN, false);
    assertEquals(
        "  layers      libxl stream v2 (big-endian) › libxc stream v3",
        layers(Layers.libxl(ByteOrder.BIG_ENDIAN, little)));
    assertEquals(
        "  layers      xl save file › libxl stream v2 (big-endian) › libxc stream v3 (big-endian)",
        layers(Layers.xl(Layers.libxl(ByteOrder.BIG_ENDIAN, big))));
  }

  /// Parts that follow each other are not inside each other.
  @Test
  void whatIsInsideAXenServerImage() throws IOException {
    String suspend = "  layers      XenServer/XCP-ng suspend image (XenSavedDomv2-)";
    byte[] whole = Layers.xenServer(Samples.hvm());
    assertEquals(
        suspend
            + " › part Libxc › libxc stream v3\n              beside it: part Xenops, part Qemu_xen",
        layers(whole));
    assertEquals(
        suspend + " › part Libxc\n              beside it: part Xenops",
        layers(Arrays.copyOf(whole, 15 + 16 + 4 + 16 + 20)));
  }

  @Test
  void aReleaseIsNamedInTheVerdict() {
    assertEquals(
        "  verdict     sound for Xen 4.17",
        info(0, "--for", "4.17", Tool.sample("pv32.xlsave.zst")).lines().toList().getLast());
    assertTrue(
        info(1, "--for", "4.13", Tool.sample("pv32.xlsave.zst"))
            .contains("  verdict     unsound for Xen 4.13 (4 errors, 1 note)\n"));
  }

  @Test
  void severalImagesAreKeptApart() {
    Path sample = Tool.sample("pv32.xlsave.zst");
    String one = info(0, sample);
    assertEquals(one + "\n" + one, info(0, sample, sample));
  }

  /// Its layer is named, and the rest is told of its translation.
  @Test
  void aLegacyImage() throws IOException {
    byte[] image =
        LegacyImageBuilder.image(4)
            .words(0x1000)
            .filledBatch(0, 1, 2)
            .tscInfo(1, 5_000_000_000L, 2_000_000, 7)
            .endOfBody()
            .hvmTail(0xFE, 0xFD, 0xFC, new byte[24])
            .deviceModel(LegacyImageBuilder.QEMU_WITH_LENGTH, new byte[100])
            .octets();
    Path file = Files.write(folder.resolve("legacy"), Layers.xend(image));
    assertEquals(
        """
        F/legacy
          layers      xend save file › legacy image (Xen 4.5 or older) of an HVM guest by a 32-bit toolstack
          made by     Xen 4.5 or older; what follows is told of its translation
          guest       x86 HVM, 0 vCPUs
          memory      3 pages (12.0 KiB), highest pfn 0x2
                      sent: NOTAB 3
          passes      1: 3 pages in 1 batch
          policies    none: the toolstack has to supply them
          tsc         mode always_emulate, 2.000 GHz, incarnation 7, 5.0 s old
          device      unknown (legacy): 100 octets of state
        """,
        info(1, file).lines().limit(10).map(line -> line + "\n").collect(Collectors.joining()));
  }

  @Test
  void boldAndFaintAreForTerminals() {
    Path sample = Tool.sample("pv32.xlsave.zst");
    String first = Tool.inColour("info", sample).quiet().exits(0).lines().getFirst();
    assertEquals("\033[1m" + sample + "\033[0m", first);
  }

  @Test
  void theDigestIsTheSameFromAPipe() throws Exception {
    String line = "  digest      e8e13a4b8982c881 over 1,024 pages of the stream (XXH64)";
    byte[] image = Tool.pv32();
    Path file = Files.write(folder.resolve("pv32"), image);
    assertTrue(info(0, "--digest", file).lines().toList().contains(line));
    assertTrue(info(0, "--digest", Tool.sample("pv32.xlsave.zst")).contains(line));
    Tool.Run piped = Tool.piped(image, "info", "--digest", "--scratch", folder, "-");
    assertTrue(piped.quiet().exits(0).lines().contains(line), piped.out());
  }

  @Test
  void aDigestWithoutAPlaceForPagesSaysSo() {
    Path absent = folder.resolve("absent");
    Path sample = Tool.sample("pv32.xlsave.zst");
    Tool.Run run = Tool.run("info", "--digest", "--scratch", absent, sample).exits(2);
    assertEquals("", run.out());
    assertEquals("xenstream: " + absent + ": no such folder\n", run.err());
  }
}
