// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.core.verify.Rule;
import org.xenstream.testkit.StreamBuilder;

/// What `verify` says, word for word, and what `rules` explains.
class VerifyVerbTest {
  private static final int TSC_INFO = 0x4028a1;

  @TempDir private static Path folder;
  private static Pv32 files;

  @BeforeAll
  static void make() throws IOException {
    files = Pv32.in(folder);
  }

  private static String verify(int code, Object... arguments) {
    Object[] all = new Object[arguments.length + 1];
    all[0] = "verify";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    return Tool.run(all).quiet().exits(code).out().replace(folder.toString(), "F");
  }

  @Test
  void findingsAreLinesAndTheVerdictIsTheLast() {
    assertEquals("F/sound: sound\n", verify(0, files.sound()));
    assertEquals(
        """
        F/warned @0x3a7 (record #0 X86_PV_INFO.reserved): warning: expected 0, found 0x01 \
        [XS0504-pv-info-reserved]
        F/warned: sound (1 warning)
        """,
        verify(0, files.warned()));
    assertEquals(
        """
        F/broken @0x8a1 (record #5 PAGE_DATA.pfn[0]): error: expected a known type, found type 0x5 \
        of pfn 0x0 [XS0405-page-type-reserved]
        F/broken: unsound (1 error)
        """,
        verify(1, files.broken()));
    assertEquals(
        """
        F/cut @0x1e8480 (record #5 PAGE_DATA): error: expected 4202512 octets of header, body and \
        padding, found 1997807 octets before the end [XS0002-truncated]
        F/cut: unsound (1 error)
        """,
        verify(1, files.cut()));
    assertEquals(
        """
        F/text @0x0 (image.signature): error: expected an image of a known kind, found octets that \
        no kind of image begins with [XS0001-not-an-image]
        F/text: no image (1 error)
        """,
        verify(2, files.text()));
  }

  @Test
  void quietnessLeavesTheVerdict() {
    assertEquals("F/warned: sound (1 warning)\n", verify(0, "--quiet", files.warned()));
    assertEquals("F/cut: unsound (1 error)\n", verify(1, "--quiet", files.cut()));
  }

  @Test
  void aReleaseIsJudgedForByWhatItTakes() {
    assertEquals("F/sound: sound for Xen 4.17\n", verify(0, "--for", "4.17", files.sound()));
    assertEquals("F/sound: sound\n", verify(0, "--for", "any", files.sound()));
    assertEquals(
        """
        F/sound @0x37d (image header.version): error: expected version 2 for Xen 4.13, found 3 \
        [XS3001-for-image-version]
        F/sound @0x391 (domain header.xen_major): note: saved by Xen 4.17 for Xen 4.13 \
        [XS3011-for-newer-saver]
        F/sound @0x3a9 (record #1 X86_CPUID_POLICY): error: X86_CPUID_POLICY, which Xen 4.13 does \
        not know [XS3002-for-record-type]
        F/sound @0x849 (record #2 X86_MSR_POLICY): error: X86_MSR_POLICY, which Xen 4.13 does not \
        know [XS3002-for-record-type]
        F/sound @0x871 (record #3 STATIC_DATA_END): error: STATIC_DATA_END, which Xen 4.13 does \
        not know [XS3002-for-record-type]
        F/sound: unsound for Xen 4.13 (4 errors, 1 note)
        """,
        verify(1, "--for", "4.13", files.sound()));
    assertEquals(
        "F/sound: unsound for Xen 4.13 (1 error)\n",
        verify(1, "--for=4.13", "--quiet", "--ignore=3002", "--ignore=3011", files.sound()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "XS0405-page-type-reserved",
        "xs0405-PAGE-type-reserved",
        "XS0405",
        "405",
        "0405",
        "page-type-reserved"
      })
  void aRuleIsPassedOverByAnyOfItsNames(String name) {
    assertEquals("F/broken: sound\n", verify(0, "--ignore", name, files.broken()));
    assertEquals(
        "F/broken: sound\n", verify(0, "--ignore", "504", "--ignore", name, files.broken()));
    Tool.Run run = Tool.run("info", "--ignore", name, files.broken()).quiet().exits(0);
    assertEquals("  verdict     sound", run.lines().getLast());
  }

  /// What stands behind the place where reading ended was never judged, so that nobody can have it
  /// called sound.
  @Test
  void whatEndedTheReadingIsToldThoughItsRuleIsIgnored() throws IOException {
    byte[] version = Tool.pv32();
    version[Pv32.LIBXC + 15] = 9;
    Path newer = Files.write(folder.resolve("newer"), version);
    byte[] length = Tool.pv32();
    length[Pv32.CPUID_POLICY + 7] = 0x70;
    Path tooLong = Files.write(folder.resolve("long"), length);
    byte[] zstd = Arrays.copyOf(Files.readAllBytes(Tool.sample("pv32.xlsave.zst")), 20_000);
    Arrays.fill(zstd, 2_000, 19_000, (byte) 0x55);
    Path garbled = Files.write(folder.resolve("garbled"), zstd);
    assertEquals("F/text: no image (1 error)\n", ignoring(2, "XS0001", files.text()));
    assertEquals("F/cut: unsound (1 error)\n", ignoring(1, "XS0002", files.cut()));
    assertEquals("F/long: unsound (1 error)\n", ignoring(1, "XS0004", tooLong));
    assertEquals("F/garbled: unsound (1 error)\n", ignoring(1, "XS0006", garbled));
    assertEquals("F/newer: unsound (1 error)\n", ignoring(1, "XS0103", newer));
    assertEquals(
        """
        F/text @0x0 (image.signature): error: expected an image of a known kind, found octets that \
        no kind of image begins with [XS0001-not-an-image]
        F/text: no image (1 error)
        """,
        verify(2, "--ignore", "1", files.text()));
    Tool.run("info", "--ignore", "1", files.text()).exits(2);
    Tool.run("info", "--ignore", "2", files.cut()).exits(1);
  }

  private static String ignoring(int code, String rule, Path file) {
    return verify(code, "--quiet", "--ignore", rule, file);
  }

  @Test
  void manyFindingsOfARuleAreCountedAndQuotedOnlyOnDemand() throws IOException {
    byte[] image = Tool.pv32();
    StreamBuilder records = StreamBuilder.stream();
    for (int i = 0; i < 25; i++) {
      records.record(0x8000_0077, new byte[8]);
    }
    Path many =
        Files.write(
            folder.resolve("many"),
            StreamBuilder.join(
                Arrays.copyOf(image, TSC_INFO),
                records.octets(),
                Arrays.copyOfRange(image, TSC_INFO, image.length)));
    List<String> lines = verify(0, many).lines().toList();
    assertEquals(22, lines.size());
    for (int i = 0; i < 20; i++) {
      assertEquals(
          "F/many @0x%x (record #%d OPTIONAL_0x80000077): note: "
                  .formatted(TSC_INFO + 16 * i, 6 + i)
              + "an optional record of type 0x80000077, passed over"
              + " [XS0010-record-unknown-optional]",
          lines.get(i));
    }
    assertEquals("5 more of [XS0010-record-unknown-optional]", lines.get(20));
    assertEquals("F/many: sound (25 notes)", lines.get(21));
    assertEquals(26, verify(0, "--all", many).lines().count());
    assertEquals("F/many: sound (25 notes)\n", verify(0, "--strict", "--quiet", many));
  }

  /// Of a rule that has not spoken yet the first finding is quoted in any case.
  @Test
  void noImageFillsTheMemoryWithItsFindings() throws IOException {
    StreamBuilder records = StreamBuilder.stream().imageHeader(3).domainHeader(2).record(0x10);
    for (int i = 0; i < 70_000; i++) {
      records.record(0x8000_0077, new byte[0]);
    }
    Path file = Files.write(folder.resolve("hostile"), records.octets());
    List<String> lines = verify(1, "--all", file).lines().toList();
    String last = lines.getLast();
    assertTrue(last.endsWith(" 70,000 notes)") || last.endsWith(" 70,001 notes)"), last);
    assertTrue(lines.contains("4,464 more of [XS0010-record-unknown-optional]"), last);
    assertTrue(lines.stream().anyMatch(line -> line.contains("[XS0002-truncated]")), last);
    assertTrue(lines.size() < (1 << 16) + 20, last);
  }

  @Test
  void jsonIsOneObjectALine() {
    assertEquals(
        """
        {"image":"F/warned","verdict":"sound","for":null,"errors":0,"warnings":1,"notes":0,\
        "rules":{"XS0504-pv-info-reserved":1},"findings":[{"severity":"warning",\
        "rule":"XS0504-pv-info-reserved","offset":935,"layer":"libxc","record":0,\
        "part":"X86_PV_INFO","field":"reserved","message":"expected 0, found 0x01"}]}
        {"image":"F/sound","verdict":"sound","for":null,"errors":0,"warnings":0,"notes":0,\
        "rules":{},"findings":[]}
        """,
        verify(0, "--json", files.warned(), files.sound()));
    assertEquals(
        """
        {"image":"F/text","verdict":"no image","for":"4.22","errors":1,"warnings":0,"notes":0,\
        "rules":{"XS0001-not-an-image":1},"findings":[{"severity":"error",\
        "rule":"XS0001-not-an-image","offset":0,"layer":"","record":null,"part":"image",\
        "field":"signature","message":"expected an image of a known kind, found octets that no \
        kind of image begins with"}]}
        """,
        verify(2, "--json", "--for", "4.22", files.text()));
  }

  @Test
  void aCompressedImageIsReadAsItIs() {
    assertEquals(
        "S: sound\n",
        Tool.run("verify", Tool.sample("pv32.xlsave.zst"))
            .quiet()
            .exits(0)
            .out()
            .replace(Tool.sample("pv32.xlsave.zst").toString(), "S"));
  }

  @ParameterizedTest
  @CsvSource({
    "error, 31, broken",
    "unsound, 31, broken",
    "warning, 33, warned",
    "sound, 32, sound",
  })
  void wordsAreColouredOnATerminal(String word, String code, String file) {
    String out = Tool.inColour("verify", folder.resolve(file)).quiet().out();
    assertTrue(out.contains("\033[" + code + "m" + word + "\033[0m"), out);
  }

  @Test
  void theRulesAreListedAndExplained() {
    Tool.Run all = Tool.run("rules").quiet().exits(0);
    assertEquals(2 * Rule.values().length, all.lines().size());
    assertEquals("error    XS0001-not-an-image", all.lines().getFirst());
    for (String name : new String[] {"XS0002-truncated", "xs0002", "2", "truncated"}) {
      assertEquals(
          """
          XS0002-truncated (error)
            The image ends where more has to come.
            Rests on: Spec, END: the last record. `read_record` in `xg_sr_common.c` fails.
            What to do: The image is cut or damaged: compare its length and checksum with the \
          original, and copy or save it again. What stands before this place can still be inspected.
          """,
          Tool.run("rules", name).quiet().exits(0).out());
    }
    assertEquals(8, Tool.run("rules", "1", "XS0504").quiet().exits(0).lines().size());
  }
}
