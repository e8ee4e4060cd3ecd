// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.envelope.Layer;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.PageEntries;
import org.xenstream.core.format.StreamHeaders;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.testkit.Corpus;
import org.xenstream.testkit.CorpusImage;

/// What the reader sees in images, against what others saw: the list of records that an independent
/// reader made, and what Xen's own restore code gave to the hypervisor.
class ReferenceTest {
  /// The images of a real Xen have a list of their records with offsets and lengths.
  @TestFactory
  Stream<DynamicTest> recordsStandWhereAnotherReaderSawThem() {
    return Corpus.here().images(Corpus.REAL).stream()
        .map(image ->
            dynamicTest(
                image.path(), () -> assertEquals(expectedRecords(image), new Listing().of(image))));
  }

  private static String expectedRecords(CorpusImage image) {
    return image.lines("records").stream()
        .filter(line -> !line.contains("(stream ends after a checkpoint)"))
        .map(line -> line.startsWith("xl header") ? line.replaceAll(" \\(.*", "") : line)
        .map(line -> line.startsWith("total=") ? line.replaceAll(" b'.*", "") : line)
        .collect(Collectors.joining("\n"));
  }

  /// The list in the other reader's manner: successive PAGE_DATA records are one line.
  private static final class Listing {
    private final List<String> lines = new ArrayList<>();
    private final Map<Integer, Integer> types = new TreeMap<>();
    private int batches;
    private long libxlBegin;
    private long end;
    private long trailing;

    String of(CorpusImage image) throws IOException {
      try (ImageReader reader = ImageReader.open(image.file(), Limits.DEFAULT)) {
        for (ImageItem item = reader.next(); item != null; item = reader.next()) {
          see(item);
        }
      }
      lines.add(
          "total=%d libxl stream 0x%x..0x%x trailing=%d"
              .formatted(image.size(), libxlBegin, end, trailing));
      return String.join("\n", lines);
    }

    private void see(ImageItem item) {
      if (item instanceof ImageItem.Libxc(Framed(var frame, StreamRecord.PageData data), _)) {
        batches++;
        PageEntries entries = data.entries();
        for (int type = 0; type < 16; type++) {
          if (entries.countOf(type) > 0) {
            types.merge(type, entries.countOf(type), Integer::sum);
          }
        }
        end = frame.end();
        return;
      }
      pages();
      switch (item) {
        case ImageItem.LayerFound(_, _, Layer.XlSave xl) ->
            lines.add(
                "xl header: endian=0x%x mandatory=0x%x optional=0x%x optlen=%d"
                    .formatted(
                        xl.byteOrderWord(),
                        xl.mandatoryFlags(),
                        xl.optionalFlags(),
                        xl.optionalData().byteSize()));
        case ImageItem.LayerFound(long offset, _, Layer.LibxlStream libxl) -> {
          libxlBegin = offset;
          lines.add(
              "@0x%x libxl hdr ident=0x4c6962786c466d74 version=%d options=0x%x"
                  .formatted(offset, libxl.version(), libxl.options()));
        }
        case ImageItem.LayerFound(_, long length, Layer.MigrateGo _) -> trailing = length;
        case ImageItem.LayerFound other -> lines.add(other.layer().title());
        case ImageItem.LibxcBegins(StreamHeaders(long offset, var header, var domain)) -> {
          lines.add(
              ("  @0x%x libxc image hdr marker=0xffffffffffffffff id=0x58454e46 "
                      + "version=%d options=0x%x")
                  .formatted(offset, header.version(), header.options()));
          lines.add(
              "  @0x%x domain hdr type=%d page_shift=%d xen %d.%d"
                  .formatted(
                      offset + 24,
                      domain.type(),
                      domain.pageShift(),
                      domain.xenMajor(),
                      domain.xenMinor()));
        }
        case ImageItem.Libxc(Framed(var frame, _), _) -> {
          lines.add(
              "    @0x%x %s len=%d".formatted(frame.offset(), frame.typeName(), frame.length()));
          end = frame.end();
        }
        case ImageItem.Libxl(var frame, _) -> {
          lines.add(
              "@0x%x libxl %s len=%d".formatted(frame.offset(), frame.typeName(), frame.length()));
          end = item.end();
        }
        case ImageItem.Remarked _ -> {}
        case ImageItem.Trailing(_, long length) -> trailing = length;
      }
    }

    private void pages() {
      if (batches == 0) {
        return;
      }
      int all = types.values().stream().mapToInt(Integer::intValue).sum();
      int withData =
          types.entrySet().stream()
              .filter(e -> e.getKey() < 0xD)
              .mapToInt(Map.Entry::getValue)
              .sum();
      lines.add(
          "    PAGE_DATA x%d: pfns=%d with-data=%d types={%s}"
              .formatted(
                  batches,
                  all,
                  withData,
                  types.entrySet().stream()
                      .map(e -> "'0x%x': %d".formatted(e.getKey(), e.getValue()))
                      .collect(Collectors.joining(", "))));
      batches = 0;
      types.clear();
    }
  }

  /// What Xen's restore code gave to the hypervisor is what the records say: TSC, HVM parameters,
  /// contexts and policies by size and hash; for HVM guests all of memory as well.
  @TestFactory
  Stream<DynamicTest> recordsSayWhatXensRestoreTookFromThem() {
    return Corpus.here().images(Corpus.REAL, Corpus.MODERN).stream()
        .map(image -> dynamicTest(image.path(), () -> agrees(image)));
  }

  /// The lines that do not depend on where the stand-in for the hypervisor put a PV guest's memory.
  private static final Pattern COMPARED =
      Pattern.compile(
          "trailing_bytes|guest|memory|tsc|hvmparam|hvmctx|vcpu.(extd|xsave|msrs)|cpuid_policy|"
              + "msr_policy");

  private static void agrees(CorpusImage image) throws IOException {
    List<String> reference = image.lines("c_restore", "result");
    assertFalse(reference.isEmpty());
    RestoredGuest guest = RestoredGuest.of(image.file());
    boolean hvm = reference.contains("guest hvm width=8");
    // A real Xen writes 64 octets of the 128 that are hashed; what lay behind them is nowhere.
    boolean real = image.path().startsWith(Corpus.REAL);
    List<String> expected =
        reference.stream()
            .map(line -> line.replaceAll(" set=\\d+$", ""))
            .filter(line -> COMPARED.matcher(line).lookingAt())
            .filter(line -> hvm || !line.startsWith("memory"))
            .filter(line -> !real || !line.startsWith("vcpu.extd"))
            .toList();
    List<String> found =
        guest.lines().stream().filter(line -> !real || !line.startsWith("vcpu.extd")).toList();
    assertEquals(String.join("\n", expected), String.join("\n", found));
  }
}
