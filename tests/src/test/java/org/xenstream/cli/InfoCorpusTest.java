// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.xenstream.testkit.Corpus;
import org.xenstream.testkit.CorpusImage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The figures of `info` against those that others have: the list of records of another reader, and
/// what Xen's restore took from an image.
class InfoCorpusTest {
  private static final JsonMapper MAPPER = new JsonMapper();
  private static final List<String> TYPES =
      List.of(
          ("NOTAB L1TAB L2TAB L3TAB L4TAB 0x5 0x6 0x7 0x8 L1TAB_PIN L2TAB_PIN L3TAB_PIN L4TAB_PIN"
                  + " BROKEN XALLOC XTAB")
              .split(" "));

  private static final Pattern BATCHES =
      Pattern.compile(" {4}PAGE_DATA x(\\d+): pfns=(\\d+) with-data=(\\d+) types=\\{(.*)}");
  private static final Pattern TYPE = Pattern.compile("'(0x\\p{XDigit})': (\\d+)");
  private static final Pattern RECORD =
      Pattern.compile("(?: {4})?@0x\\p{XDigit}+ ((?:libxl )?[A-Z0-9_]+) len=(\\d+)");
  private static final Pattern TOTAL =
      Pattern.compile("total=(\\d+) libxl stream 0x\\p{XDigit}+\\.\\.0x(\\p{XDigit}+).*");

  private static JsonNode info(CorpusImage image, String... options) {
    Object[] all = new Object[options.length + 3];
    all[0] = "info";
    all[1] = "--json";
    System.arraycopy(options, 0, all, 2, options.length);
    all[options.length + 2] = image.file();
    return MAPPER.readTree(Tool.run(all).quiet().out());
  }

  private static Stream<DynamicTest> each(String folder, Consumer<CorpusImage> check) {
    return Corpus.here().images(folder).stream()
        .map(image -> dynamicTest(image.path(), () -> check.accept(image)));
  }

  /// Screens of all images, good or bad: nothing but the tool's own words comes out.
  @Test
  void everyImageHasAScreen() {
    int images = 0;
    for (CorpusImage image :
        Corpus.here()
            .images(
                Corpus.REAL,
                Corpus.MODERN,
                Corpus.FRAMED,
                Corpus.MUTATED,
                Corpus.LEGACY,
                Corpus.LEGACY_MUTATED)) {
      Tool.Run run = Tool.run("info", image.file());
      assertTrue(
          run.err().lines().allMatch(line -> line.contains(" scratch file")), () -> run.err());
      assertEquals(image.file().toString(), run.lines().getFirst());
      assertTrue(run.lines().get(1).startsWith("  layers      "), image.path());
      assertEquals(1, run.lines().stream().filter(l -> l.startsWith("  verdict     ")).count());
      assertEquals(Tool.run("verify", "--quiet", image.file()).code(), run.code(), image.path());
      assertTrue(
          run.out().chars().allMatch(c -> c == '\n' || c >= ' '), () -> image + ": " + run.out());
      images++;
    }
    assertTrue(images > 250);
  }

  /// What the list of records of another reader adds up to.
  private static final class Sums {
    private final Map<String, Long> entries = new TreeMap<>();
    private final Map<String, Long> counts = new TreeMap<>();
    private long batches;
    private long pages;
    private long verifyBatches;
    private long verifyPages;
    private long checkpoints;
    private long octets;

    Sums(List<String> lines) {
      boolean verify = false;
      for (String line : lines) {
        Matcher batch = BATCHES.matcher(line);
        Matcher record = RECORD.matcher(line);
        Matcher total = TOTAL.matcher(line);
        if (batch.matches() && verify) {
          verifyBatches += Long.parseLong(batch.group(1));
          verifyPages += Long.parseLong(batch.group(3));
        } else if (batch.matches()) {
          batches += Long.parseLong(batch.group(1));
          pages += Long.parseLong(batch.group(3));
          TYPE.matcher(batch.group(4))
              .results()
              .forEach(type ->
                  entries.merge(
                      TYPES.get(Integer.decode(type.group(1))),
                      Long.parseLong(type.group(2)),
                      Long::sum));
        } else if (record.matches()) {
          counts.merge(record.group(1), 1L, Long::sum);
          verify |= record.group(1).equals("VERIFY");
          checkpoints += record.group(1).equals("CHECKPOINT") ? 1 : 0;
        } else if (total.matches()) {
          octets = Long.parseLong(total.group(1));
        }
      }
      counts.put("PAGE_DATA", batches + verifyBatches);
    }
  }

  @TestFactory
  Stream<DynamicTest> theFiguresAreThoseThatAnotherReaderCounted() {
    return each(
        Corpus.REAL,
        image -> {
          Sums expected = new Sums(image.lines("records"));
          JsonNode info = info(image);
          assertEquals(expected.octets, info.get("octets").asLong());
          assertEquals(expected.checkpoints, info.get("checkpoints").asLong());
          assertEquals(expected.counts.containsKey("END"), info.get("ended").asBoolean());
          Map<String, Long> entries = new TreeMap<>();
          info.get("memory")
              .get("entries")
              .propertyStream()
              .forEach(type -> entries.put(type.getKey(), type.getValue().asLong()));
          assertEquals(expected.entries, entries);
          Map<String, Long> counts = new TreeMap<>();
          for (JsonNode size : info.get("sizes")) {
            counts.put(size.get("record").asString(), size.get("count").asLong());
          }
          assertEquals(expected.counts, counts);
          long[] batches = new long[2];
          long[] pages = new long[2];
          for (JsonNode pass : info.get("passes")) {
            int verify = pass.get("verify").asBoolean() ? 1 : 0;
            batches[verify] += pass.get("batches").asLong();
            pages[verify] += pass.get("pages").asLong();
          }
          assertEquals(
              List.of(expected.batches, expected.verifyBatches), List.of(batches[0], batches[1]));
          assertEquals(List.of(expected.pages, expected.verifyPages), List.of(pages[0], pages[1]));
        });
  }

  @TestFactory
  Stream<DynamicTest> theGuestIsTheOneThatXenRestored() {
    return Stream.of(Corpus.REAL, Corpus.MODERN)
        .flatMap(folder -> each(folder, InfoCorpusTest::isTheGuestThatXenRestored));
  }

  private static void isTheGuestThatXenRestored(CorpusImage image) {
    List<String> reference = image.lines("c_restore", "result");
    assertFalse(reference.isEmpty());
    JsonNode info = info(image);
    boolean hvm = reference.contains("guest hvm width=8");
    String kind = info.get("guest").get("kind").asString();
    String expected = hvm ? "HVM|PVH" : reference.contains("guest pv width=4") ? "PV32" : "PV64";
    assertTrue(kind.matches(expected), kind);
    if (!hvm) {
      assertEquals(
          reference.stream().filter(line -> line.startsWith("vcpu.basic.")).count(),
          info.get("guest").get("vcpus").asLong());
    }
    JsonNode tsc = info.get("tsc");
    boolean checkpointed = info.get("checkpoints").asLong() > 0;
    if (!checkpointed) {
      assertTrue(
          reference.contains(
              "tsc mode=%s khz=%s nsec=%s incarnation=%s set=1"
                  .formatted(
                      tsc.get("mode").asLong(),
                      tsc.get("khz").asLong(),
                      tsc.get("nsec").asString(),
                      tsc.get("incarnation").asLong())),
          () -> tsc + " " + reference);
    }
    for (String line : reference) {
      Matcher populated =
          Pattern.compile("populated pages=(\\d+) .* last_pfn=(\\p{XDigit}+)").matcher(line);
      if (hvm && !checkpointed && populated.matches()) {
        JsonNode memory = info.get("memory");
        assertEquals(
            Long.parseLong(populated.group(1)), memory.get("populated_pfns").asLong(), line);
        assertEquals(
            Long.parseLong(populated.group(2), 16), memory.get("highest_pfn").asLong(), line);
      }
      Matcher policy = Pattern.compile("(cpuid|msr)_policy size=(\\d+) .*").matcher(line);
      if (policy.matches()) {
        JsonNode policies = info.get("policies");
        String name = policy.group(1).equals("cpuid") ? "cpuid_leaves" : "msrs";
        int size = policy.group(1).equals("cpuid") ? 24 : 16;
        assertEquals(Long.parseLong(policy.group(2)) / size, policies.get(name).asLong());
      }
    }
  }

  /// Against a count that goes by the places of pages in the file.
  @TestFactory
  Stream<DynamicTest> pagesOfZerosAreCounted() {
    return each(
        Corpus.MODERN,
        image -> {
          try {
            assertEquals(
                zeroPages(image),
                info(image, "--zero-pages").get("memory").get("zero_pages").asLong());
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private static long zeroPages(CorpusImage image) throws IOException {
    byte[] zeros = new byte[4096];
    byte[] page = new byte[4096];
    long count = 0;
    List<String> lines = Tool.run("records", "--brief", image.file()).lines();
    try (RandomAccessFile file = new RandomAccessFile(image.file().toFile(), "r")) {
      for (String line : lines) {
        if (line.contains(" VERIFY ")) {
          break;
        }
        if (!line.contains(" PAGE_DATA ")) {
          continue;
        }
        long offset = Long.decode(line.substring(1, line.indexOf(' ')));
        long length =
            Long.parseLong(line.replaceAll(".*  ([\\d,]+) octets?", "$1").replace(",", ""));
        // The pages reach to the end of the body. What of the entries is taken for a page here has
        // pfns other than 0 in it.
        long pages = (length - 8) / 4096;
        for (long at = offset + 8 + length - 4096 * pages; pages > 0; pages--, at += 4096) {
          file.seek(at);
          file.readFully(page);
          count += Arrays.equals(zeros, page) ? 1 : 0;
        }
      }
    }
    return count;
  }
}
