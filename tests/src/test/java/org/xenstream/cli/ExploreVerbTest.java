// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExploreVerbTest {
  @TempDir private Path folder;

  private static Tool.Run explore(Object... more) {
    Object[] all = new Object[more.length + 2];
    all[0] = "simulate";
    all[1] = "explore";
    System.arraycopy(more, 0, all, 2, more.length);
    return Tool.run(all);
  }

  @Test
  void aRowForEachRun() {
    List<String> lines =
        explore(
                "--policies",
                "xen,downtime:1",
                "--dirty-rates",
                "0,1k",
                "--guest-memory",
                "400M",
                "--bandwidths",
                "41.04MB",
                "--workload",
                "sweep",
                "--csv",
                "-")
            .exits(0)
            .quiet()
            .lines();
    assertEquals(
        List.of(
            "policy,workload,guest_pages,dirty_pages_per_second,octets_per_second,completed,rounds,"
                + "pages_sent,resent_factor,total_ms,downtime_ms",
            "xen,sweep,102400,0,41040000,true,1,102400,1.0000,10240.000,0.000",
            "xen,sweep,102400,1000,41040000,true,5,113777,1.1111,11377.700,0.100",
            "downtime:1,sweep,102400,0,41040000,true,1,102400,1.0000,10240.000,0.000",
            "downtime:1,sweep,102400,1000,41040000,true,5,113777,1.1111,11377.700,0.100"),
        lines);
  }

  @Test
  void aRunThatIsGivenUpHasNoDowntime() {
    String line =
        explore("--abort-above", "10", "--dirty-rates", "1M", "--policies", "xen", "--json")
            .exits(0)
            .quiet()
            .out();
    assertTrue(line.contains("\"completed\":false"), line);
    assertTrue(line.contains("\"downtime_ms\":null"), line);
  }

  @Test
  void aTableForAReader() {
    List<String> lines =
        explore("--policies", "xen,converge", "--dirty-rates", "100,1M", "--workload", "hot-spot")
            .exits(0)
            .quiet()
            .lines();
    assertEquals("hot-spot writes, 4.00 GiB, 10 Gbit/s", lines.getFirst());
    assertEquals(List.of("pages/s", "xen", "converge"), List.of(lines.get(1).strip().split(" +")));
    assertTrue(lines.get(3).strip().startsWith("1,000,000 "), lines.get(3));
    assertEquals(5, lines.size());
  }

  /// Four lines over nine rates of a logarithmic axis; one that is given up throughout is left out.
  @Test
  void aPlot() throws Exception {
    Path svg = folder.resolve("plot.svg");
    explore("--bandwidths", "1Gbit,10Gbit", "--policies", "xen,converge", "--svg", svg)
        .exits(0)
        .quiet();
    var factory = DocumentBuilderFactory.newInstance();
    factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
    var root = factory.newDocumentBuilder().parse(svg.toFile()).getDocumentElement();
    assertEquals("svg", root.getTagName());
    assertTrue(root.getElementsByTagName("path").getLength() > 20);
    assertEquals(List.of("plot.svg"), names(folder));
  }

  @Test
  void nothingIsPlottedOfRunsWithoutADowntime() throws IOException {
    Path svg = folder.resolve("plot.svg");
    Tool.Run run = explore("--abort-above", "1", "--dirty-rates", "10M", "--svg", svg).exits(2);
    assertEquals("xenstream: nothing to plot: no run has a downtime\n", run.err());
    assertEquals(List.of(), names(folder));
  }

  private static List<String> names(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--guest-memory | 4X | --guest-memory: expected a unit with K, M, G or T, found '4X'",
        "--guest-memory | 0 | --guest-memory: expected a page (4KiB) or more, found '0'",
        "--guest-memory | 4095 | --guest-memory: expected a page (4KiB) or more, found '4095'",
        "--bandwidths | 0 | --bandwidths: expected 1 to 10^12 octets a second, found '0'",
        "--bandwidths | 9Tbit | --bandwidths: expected 1 to 10^12 octets a second, found '9Tbit'",
        "--policies | converge:101 | --policies: expected a percentage up to 100, found '101'",
        "--bandwidths | fast | --bandwidths: expected a rate such as 10Gbit, 1.25GB or 100MiB,"
            + " found 'fast'",
        "--dirty-rates | 10..1 | --dirty-rates: expected a range from a positive value to a larger"
            + " one, of two values or more, found '10..1'",
        "--policies | zen | --policies: expected xen, downtime or converge, found 'zen'",
        "--policies | xen:many | --policies: expected a number up to 9999, found 'many'",
        "--workload | churn | --workload: expected uniform, hot-spot or sweep, found 'churn'",
        "--fixed-downtime | 3h | --fixed-downtime: expected a time in us, ms or s, found '3h'",
        "--dirty-rates |"
            + " 1..1M/9999,1..1M/9999,1..1M/9999,1..1M/9999,1..1M/9999,1..1M/9999,1..1M/9999 |"
            + " 209,979 runs are more than 200,000: shorten a list",
      })
  void badUsageIsToldInALine(String option, String value, String message) {
    Tool.Run run = explore(option, value).exits(2);
    assertEquals("", run.out());
    assertEquals("xenstream: " + message, run.err().lines().findFirst().orElseThrow());
  }

  @Test
  void aTimeThatCannotBeToldIsNoResult() {
    Tool.Run run =
        explore("--guest-memory", "100TiB", "--dirty-rates", "1M", "--bandwidths", "1").exits(2);
    assertEquals("", run.out());
    assertEquals(
        "xenstream: --guest-memory, --bandwidths: 100.0 TiB at 8 bit/s take longer than 292 years",
        run.err().lines().findFirst().orElseThrow());
    explore("--guest-memory", "1GiB", "--dirty-rates", "1M", "--bandwidths", "10").exits(0);
  }

  @Test
  void jsonAndCsvDoNotShareStandardOutput() {
    Tool.Run run = explore("--json", "--csv", "-").exits(2);
    assertFalse(run.err().isEmpty());
    assertEquals("", run.out());
  }
}
