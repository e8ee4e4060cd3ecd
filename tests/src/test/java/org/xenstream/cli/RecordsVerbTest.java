// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.Samples;
import org.xenstream.testkit.StreamBuilder;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/// What `records` shows and selects.
class RecordsVerbTest {
  @TempDir private static Path folder;
  private static Path pv32;

  @BeforeAll
  static void make() throws IOException {
    pv32 = Files.write(folder.resolve("pv32"), Tool.pv32());
  }

  private static String records(Object... arguments) {
    Object[] all = new Object[arguments.length + 1];
    all[0] = "records";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    return Tool.run(all).quiet().exits(0).out();
  }

  @Test
  void brevityIsALineARecord() {
    assertEquals(
        """
        @0x00000000  xl save file
        @0x00000359  libxl stream v2
        @0x00000369  libxl #0 LIBXC_CONTEXT  0 octets
        @0x00000371  libxc stream v3, x86 PV, page shift 12, Xen 4.17
        @0x00000399  #0     X86_PV_INFO  8 octets
        @0x000003a9  #1     X86_CPUID_POLICY  1,176 octets
        @0x00000849  #2     X86_MSR_POLICY  32 octets
        @0x00000871  #3     STATIC_DATA_END  0 octets
        @0x00000879  #4     X86_PV_P2M_FRAMES  16 octets
        @0x00000891  #5     PAGE_DATA  4,202,504 octets
        @0x004028a1  #6     X86_TSC_INFO  24 octets
        @0x004028c1  #7     SHARED_INFO  4,096 octets
        @0x004038c9  #8     X86_PV_VCPU_BASIC  2,808 octets
        @0x004043c9  #9     X86_PV_VCPU_EXTENDED  72 octets
        @0x00404419  #10    X86_PV_VCPU_XSAVE  24 octets
        @0x00404439  #11    END  0 octets
        @0x00404441  libxl #1 END  0 octets
        """,
        records("--brief", pv32));
  }

  @Test
  void fieldsStandBelowTheirRecord() {
    assertEquals(
        """
        @0x00000879  #4     X86_PV_P2M_FRAMES  16 octets
            p2m_start_pfn=0x00000000
            p2m_end_pfn=0x000003ff
            frames=1
            p2m_pfn:
              0: first=0x000000000000010e count=1
        @0x00000891  #5     PAGE_DATA  4,202,504 octets
            count=1024
            pages=1024
            pfn:
              0: type="NOTAB" pfn=0x0000000000000000 pages=274
              1: type="L3TAB_PIN" pfn=0x0000000000000112 pages=1
              2: type="L2TAB" pfn=0x0000000000000113 pages=4
              3: type="L1TAB" pfn=0x0000000000000117 pages=2
              4: type="NOTAB" pfn=0x0000000000000119 pages=1
              5: type="L1TAB" pfn=0x000000000000011a pages=1
              6: type="NOTAB" pfn=0x000000000000011b pages=741
        @0x004028a1  #6     X86_TSC_INFO  24 octets
            mode=0x00000000 (default)
            khz=2596141
            nsec=15075940705
            incarnation=1
        """,
        records("--range", "4..6", pv32));
  }

  @ParameterizedTest
  @CsvSource({
    "3..5, 3 4 5",
    "..1, 0 1",
    "10.., 10 11",
    "7, 7",
    "99.., ''",
    "8..99, 8 9 10 11",
  })
  void aRangeSelectsLibxcRecords(String range, String numbers) {
    String found =
        String.join(
            " ",
            records("--brief", "--range", range, pv32)
                .lines()
                .map(line -> line.replaceAll(".*#(\\d+).*", "$1"))
                .toList());
    assertEquals(numbers, found);
  }

  @ParameterizedTest
  @CsvSource({
    "X86_PV_INFO, @0x00000399  #0     X86_PV_INFO",
    "x86_pv_info, @0x00000399  #0     X86_PV_INFO",
    "2, @0x00000399  #0     X86_PV_INFO",
    "0x2, @0x00000399  #0     X86_PV_INFO",
    "0x10, @0x00000871  #3     STATIC_DATA_END",
    "LIBXC_CONTEXT, @0x00000369  libxl #0 LIBXC_CONTEXT",
    "0, @0x00404439  #11    END",
  })
  void aTypeIsGivenByNameOrNumber(String type, String expected) {
    String found = records("--brief", "--type", type, pv32);
    assertEquals(1, found.lines().count(), found);
    assertEquals(expected, found.substring(0, found.lastIndexOf("  ")));
  }

  @Test
  void typesAndRangesGoTogether() {
    assertEquals("", records("--type", "HVM_PARAMS", pv32));
    assertEquals("", records("--type", "0xFFFFFFFF", "--type", "optional_0x80000077", pv32));
    assertEquals(
        List.of(0L, 3L),
        records("--brief", "--type", "16", "--type", "X86_PV_INFO", pv32)
            .lines()
            .map(line -> Long.parseLong(line.replaceAll(".*#(\\d+).*", "$1")))
            .toList());
    assertEquals("", records("--type", "16", "--range", "4..", pv32));
    assertEquals(2, records("--brief", "--type", "END", pv32).lines().count(), "both layers' END");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "HVM_PARMAS | ; is it HVM_PARAMS?",
        "hvm_param | ; is it HVM_PARAMS?",
        "TSC | ; is it X86_TSC_INFO?",
        "vcpu | ; is it X86_PV_VCPU_MSRS, X86_PV_VCPU_BASIC, X86_PV_VCPU_XSAVE,"
            + " X86_PV_VCPU_EXTENDED?",
        "EMULATOR_CONTEX | ; is it EMULATOR_CONTEXT?",
        "NOTHING | ''",
        "0x100000000 | ''",
        "-1 | ''",
      })
  void aTypeThatThereIsNotIsAMistake(String type, String nearest) {
    Tool.Run run = Tool.run("records", "--type=" + type, pv32).exits(2);
    assertEquals("", run.out());
    assertEquals(
        """
        xenstream: --type: no record is called %s%s
        Try 'xenstream records --help'.
        """
            .formatted(type, nearest),
        run.err());
  }

  @Test
  void aReversedRangeIsAMistake() {
    assertEquals(
        """
        xenstream: --range takes the lower number first: 3..9
        Try 'xenstream records --help'.
        """,
        Tool.run("records", "--range", "9..3", pv32).exits(2).err());
  }

  @Test
  void octetsAreDumped() {
    assertEquals(
        """
        @0x00000399  #0     X86_PV_INFO  8 octets
            00000000  04 03 00 00 00 00 00 00                          |........|
        """,
        records("--brief", "--hex", "--type", "X86_PV_INFO", pv32));
    assertEquals(
        """
        {"kind":"record","layer":"libxc","offset":921,"index":0,"type":2,"name":"X86_PV_INFO",\
        "length":8,"fields":{"guest_width":4,"pt_levels":3},"hex":"0403000000000000"}
        """,
        records("--json", "--hex", "--range", "0", pv32));
  }

  @Test
  void aLongBodyIsDumpedUpToAMebibyte() {
    List<String> lines = records("--brief", "--hex", "--range", "5", pv32).lines().toList();
    assertEquals(1 + (1 << 16) + 1, lines.size());
    assertEquals("    00100000  … 3.01 MiB more", lines.getLast());
  }

  @Test
  void jsonTellsLayersHeadersRecordsAndWhatIsBehind() throws IOException {
    byte[] image =
        StreamBuilder.join(
            Layers.libxl(
                StreamBuilder.stream()
                    .imageHeader(3)
                    .domainHeader(2)
                    .record(0x8000_0077, new byte[] {1, 2, 3})
                    .end()
                    .octets()),
            new byte[] {9, 9, 9});
    Path file = Files.write(folder.resolve("trailing"), image);
    assertEquals(
        """
        {"kind":"layer","offset":0,"layer":"libxl stream v2"}
        {"kind":"record","layer":"libxl","offset":16,"index":0,"type":1,"name":"LIBXC_CONTEXT",\
        "length":0}
        {"kind":"headers","offset":24,"version":3,"options":0,"domain":"x86 HVM","page_shift":12,\
        "xen_major":4,"xen_minor":17}
        {"kind":"record","layer":"libxc","offset":64,"index":0,"type":2147483767,\
        "name":"OPTIONAL_0x80000077","length":3}
        {"kind":"record","layer":"libxc","offset":80,"index":1,"type":0,"name":"END","length":0}
        {"kind":"record","layer":"libxl","offset":88,"index":1,"type":0,"name":"END","length":0}
        {"kind":"trailing","offset":96,"length":3}
        """,
        records("--json", "--brief", file));
    assertTrue(records(file).endsWith("@0x00000060  3 octets behind the end\n"));
  }

  @Test
  void whatIsNamedTwiceIsShownTwice() throws IOException {
    StreamBuilder stream = StreamBuilder.stream().imageHeader(3).domainHeader(2);
    stream.record(10, stream.part().u32(2).u32(0).u64(1).u64(5).u64(1).u64(6).octets());
    Path file = Files.write(folder.resolve("twice"), stream.end().octets());
    String line = records("--json", "--type", "HVM_PARAMS", file);
    assertEquals(
        """
        {"kind":"record","layer":"libxc","offset":40,"index":0,"type":10,"name":"HVM_PARAMS",\
        "length":40,"fields":{"count":2,"param":{"STORE_PFN":"0x0000000000000005",\
        "STORE_PFN (2)":"0x0000000000000006"}}}
        """,
        line);
  }

  @ParameterizedTest
  @ValueSource(strings = {"pv32.xlsave.zst", "hvm.xlsave.zst", "remus-pv64.wire.zst"})
  void everyLineOfASampleIsJson(String sample) {
    Path file = Tool.sample(sample);
    List<String> json = records("--json", file).lines().toList();
    assertEquals(records("--brief", file).lines().count(), json.size());
    json.forEach(RecordsVerbTest::parse);
  }

  @Test
  void everyKindOfRecordIsJson() throws IOException {
    for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
      byte[] image = Layers.libxl(order, Samples.everyRecord(3, order));
      Path file = Files.write(folder.resolve("every"), image);
      List<String> lines = records("--json", "--hex", file).lines().toList();
      assertTrue(lines.size() > 20);
      lines.forEach(RecordsVerbTest::parse);
    }
  }

  /// Reads one object to its end; a name that comes twice is an error.
  private static void parse(String line) {
    JsonFactory factory =
        JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
    try (JsonParser parser = factory.createParser(ObjectReadContext.empty(), line)) {
      assertEquals(JsonToken.START_OBJECT, parser.nextToken());
      parser.skipChildren();
      assertEquals(JsonToken.END_OBJECT, parser.currentToken());
      assertEquals(null, parser.nextToken());
    }
  }
}
