// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.MappedInput;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.testkit.Corpus;
import org.xenstream.testkit.CorpusImage;
import org.xenstream.testkit.PoisonedInput;
import org.xenstream.testkit.Trace;

/// Every image of the corpus is read to its end or refused with a place, and to the same effect
/// through every input.
class CorpusReadingTest {
  private static final String[] SMALL = {
    Corpus.FRAMED, Corpus.LEGACY_MUTATED, Corpus.MODERN, Corpus.MUTATED
  };

  /// What the names of those images of `legacy-mutated` hold that are of an HVM guest.
  private static final List<String> OF_HVM =
      List.of(
          "-cut-hvm-magic",
          "-fipwidth",
          "-hvmctx-0",
          "-pad-garbage",
          "-qemu-",
          "-toolstack-",
          "-wrongwidth-hvm");

  private static Stream<DynamicTest> each(Action action, String... folders) {
    return Corpus.here().images(folders).stream()
        .map(image -> dynamicTest(image.path(), () -> action.on(image)));
  }

  @FunctionalInterface
  private interface Action {
    void on(CorpusImage image) throws IOException;
  }

  private static Trace mapped(CorpusImage image) throws IOException {
    return Trace.of(
        MappedInput.of("image", FileChannel.open(image.file(), StandardOpenOption.READ)));
  }

  /// What Xen's own saver wrote has no fault in its structure, whatever layer it is in.
  @TestFactory
  Stream<DynamicTest> genuineImagesAreReadToTheirEnd() {
    return each(
        image -> {
          Trace trace = mapped(image);
          assertNull(trace.fault(), trace::toString);
          assertTrue(
              trace.lines().stream().noneMatch(line -> line.contains("expected")), trace::toString);
        },
        Corpus.REAL,
        Corpus.MODERN);
  }

  @TestFactory
  Stream<DynamicTest> compressedImagesAreReadTheSame() {
    return each(
        image -> {
          Trace plain = mapped(image);
          try (ImageReader reader =
              ImageReader.of(
                  MappedInput.of(
                      "image", FileChannel.open(image.compressed(), StandardOpenOption.READ)),
                  Limits.DEFAULT)) {
            Trace compressed = Trace.of(reader);
            assertEquals("@0x0 +0 zstd compression", compressed.lines().getFirst());
            Trace inside =
                new Trace(
                    compressed.lines().subList(1, compressed.lines().size()), compressed.fault());
            assertEquals(comparable(plain), comparable(inside).replace("image [zstd]", "image"));
          }
        },
        SMALL);
  }

  @TestFactory
  Stream<DynamicTest> aChannelGivesTheSameAsAFile() {
    return each(
        image -> {
          FileChannel channel = FileChannel.open(image.file(), StandardOpenOption.READ);
          assertEquals(
              comparable(mapped(image)), comparable(Trace.of(new ChannelInput("image", channel))));
        },
        SMALL);
  }

  @TestFactory
  Stream<DynamicTest> nobodyKeepsAView() {
    return each(
        image -> {
          FileChannel channel = FileChannel.open(image.file(), StandardOpenOption.READ);
          assertEquals(
              comparable(mapped(image)),
              comparable(Trace.of(new PoisonedInput(MappedInput.of("image", channel)))));
        },
        SMALL);
  }

  /// Only a file knows how much trails.
  private static String comparable(Trace trace) {
    return trace.toString().replaceAll("\\+-?\\d+ trailing", "trailing");
  }

  /// Faults of structure stop the reader; everything else is the business of rules. Which of the
  /// mutated images have which is asserted whole, with where the reader stopped.
  @Test
  void theStructureOfMutatedImages() throws IOException {
    TreeSet<String> found = new TreeSet<>();
    for (CorpusImage image : Corpus.here().images(Corpus.MUTATED, Corpus.FRAMED)) {
      StreamFormatException fault = mapped(image).fault();
      if (fault != null) {
        found.add(folded(image, String.valueOf(fault.getMessage())));
      }
    }
    assertEquals(
        """
        ckpt-cut.bin
          @0x36460 (record #8 PAGE_DATA)
          expected 90304 octets of header, body and padding
          found 87856 octets before the end
        ihdr-marker.bin
          @0x0 (image header.marker)
          expected 0xffffffffffffffff
          found 0x00ffffffffffffff
        ihdr-opt-be.bin
          @0x43ee0 (record #0 MANDATORY_0x02000000)
          expected 134217736 octets of header, body and padding
          found 278200 octets before the end
        ihdr-ver-1.bin
          @0xc (image header.version)
          expected 2 or 3
          found 1
        ihdr-ver-2000000.bin
          @0xc (image header.version)
          expected 2 or 3
          found 33554432
        ihdr-ver-4.bin
          @0xc (image header.version)
          expected 2 or 3
          found 4
        len-exact128M.bin
          @0x43ee8 (record #0 X86_CPUID_POLICY)
          expected 134217736 octets of header, body and padding
          found 278208 octets before the end
        len-ffffffff.bin
          @0x2c (record #0 X86_CPUID_POLICY.body_length)
          expected at most 134217728
          found 4294967295
        neg-hdr-be.libxl
          @0x1c (libxl record #1 OPTIONAL_0xffffffff.body_length)
          expected at most 134217728
          found 4294967295
        neg-hdr-ident.libxl
          @0x0 (image.signature)
          expected "LibxlFmt"
          found "LibxlFmX"
        neg-noend.libxl
          @0x82b38 (libxl record #1 record header)
          expected a record, END at the latest
          found the end
        trunc-0.bin
          @0x0 (image.signature)
          expected an image
          found nothing
        trunc-ihdr.bin
          @0x14 (image header)
          expected 24 octets
          found 20 octets before the end
        trunc-noend.bin
          @0x43ed8 (record #16 record header)
          expected a record, END at the latest
          found the end
        trunc-rhdr.bin
          @0x2c (record #0 record header)
          expected 8 octets
          found 4 octets before the end
        """,
        String.join("", found));
  }

  /// The bodies that contradict themselves, in the same images.
  @Test
  void theMalformedRecordsOfMutatedImages() throws IOException {
    TreeSet<String> found = new TreeSet<>();
    for (CorpusImage image : Corpus.here().images(Corpus.MUTATED, Corpus.FRAMED)) {
      for (String line : mapped(image).lines()) {
        if (line.contains(": expected ")) {
          found.add(folded(image, line.substring(line.indexOf("image @"))));
        }
      }
    }
    assertEquals(
        """
        hvmp-count+1.bin
          @0x20cc0 (record #6 HVM_PARAMS.count)
          expected 120 octets for 7 parameters
          found 104
        neg-emu-short.libxl
          @0x8104c (libxl record #1 EMULATOR_CONTEXT.body_length)
          expected at least 8
          found 4
        p2mf-odd.bin
          @0x23c (record #4 X86_PV_P2M_FRAMES.body_length)
          expected whole p2m_pfn entries of 8 octets
          found 12 octets
        p2mf-short.bin
          @0x23c (record #4 X86_PV_P2M_FRAMES.body_length)
          expected at least 8
          found 4
        pd-count+1.bin
          @0x468 (record #5 PAGE_DATA.page_data)
          expected 266240 octets for 65 pages
          found 262136
        pd-count-2^29.bin
          @0x258 (record #5 PAGE_DATA.count)
          expected at most 32832 entries in a body of 262664 octets
          found 536870912
        pd-counthuge.bin
          @0x258 (record #5 PAGE_DATA.count)
          expected at most 32832 entries in a body of 262664 octets
          found 4294967295
        pd-empty.bin
          @0x254 (record #5 PAGE_DATA.body_length)
          expected at least 8
          found 0
        pd-longpage.bin
          @0x460 (record #5 PAGE_DATA.page_data)
          expected 262144 octets for 64 pages
          found 266240
        pd-short4.bin
          @0x254 (record #5 PAGE_DATA.body_length)
          expected at least 8
          found 4
        pd-type-d.bin
          @0x460 (record #5 PAGE_DATA.page_data)
          expected 258048 octets for 63 pages
          found 262144
        pd-type-e.bin
          @0x460 (record #5 PAGE_DATA.page_data)
          expected 258048 octets for 63 pages
          found 262144
        pd-type-f.bin
          @0x460 (record #5 PAGE_DATA.page_data)
          expected 258048 octets for 63 pages
          found 262144
        pvinfo-short.bin
          @0x2c (record #0 X86_PV_INFO.body_length)
          expected at least 8
          found 2
        tsc-short.bin
          @0x2033c (record #4 X86_TSC_INFO.body_length)
          expected 24
          found 20
        vcpu-basic-short4.bin
          @0x4148c (record #8 X86_PV_VCPU_BASIC.body_length)
          expected at least 8
          found 4
        vcpu-extd-short4.bin
          @0x428cc (record #9 X86_PV_VCPU_EXTENDED.body_length)
          expected at least 8
          found 4
        vcpu-msrs-short4.bin
          @0x42994 (record #11 X86_PV_VCPU_MSRS.body_length)
          expected at least 8
          found 4
        vcpu-xsave-short4.bin
          @0x4291c (record #10 X86_PV_VCPU_XSAVE.body_length)
          expected at least 8
          found 4
        """,
        String.join("", found));
  }

  /// The image's name and the message, in lines that a person can read.
  private static String folded(CorpusImage image, String message) {
    return message
        .replaceFirst("^image ", image.text("file").replace(".zst", "") + "\n  ")
        .replaceFirst(": expected ", "\n  expected ")
        .replaceFirst(", found ", "\n  found ")
        .concat("\n");
  }

  private static String legacy(boolean hvm, boolean narrow) {
    return "legacy image (Xen 4.5 or older) of %s guest by a %s-bit toolstack"
        .formatted(hvm ? "an HVM" : "a PV", narrow ? "32" : "64");
  }

  /// Width of the toolstack and kind of guest as the image's name has them: `x44-t32-hvm-1v`. What
  /// follows is read to its end.
  @TestFactory
  Stream<DynamicTest> legacyImagesAreNamedAndRead() {
    return each(
        image -> {
          List<String> name = Arrays.asList(image.text("file").split("[-.]"));
          Trace trace = mapped(image);
          assertEquals(
              "@0x0 +0 " + legacy(name.contains("hvm"), name.contains("t32")),
              trace.lines().getFirst());
          assertNull(trace.fault(), trace::toString);
          assertTrue(
              trace.lines().stream().anyMatch(line -> line.contains(" END +0 ")), trace::toString);
        },
        Corpus.LEGACY);
  }

  /// Whatever its fault, a legacy image is named rightly as soon as its beginning tells: all but
  /// those that are cut within their first word, and those whose wrapper is none.
  @TestFactory
  Stream<DynamicTest> legacyImagesWithFaultsAreNamed() {
    return each(
        image -> {
          Trace trace = mapped(image);
          String file = image.text("file");
          if (file.contains("-cut-p2m") || file.contains("-xl-badmagic")) {
            assertNotNull(trace.fault(), trace::toString);
            assertEquals(
                file.contains("-xl-badmagic") ? Fault.MARKER : Fault.NOT_AN_IMAGE,
                trace.fault().fault(),
                trace::toString);
            return;
          }
          // The images were made of one PV guest and one HVM guest, of 128 and of 64 pages.
          boolean hvm = OF_HVM.stream().anyMatch(file::contains);
          String named = " " + legacy(hvm, file.startsWith("t32"));
          assertTrue(
              trace.lines().stream().anyMatch(line -> line.endsWith(named)), trace::toString);
        },
        Corpus.LEGACY_MUTATED);
  }
}
