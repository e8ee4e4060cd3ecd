// SPDX-License-Identifier: Apache-2.0

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// Times pairs of shell commands in turn, A B A B …, so that what else the machine does falls on both.
/// Run by scripts/bench-process as `java scripts/Compare.java [--runs N] [--markdown]`.
///
/// Standard input has a line for each pair, parted by tabs: name, octets that it moves, A, B. Each is
/// run once to warm up. A ratio is that of two neighbours; its median is not the ratio of the medians.
/// Memory is the largest resident set of any process of a command, as `/usr/bin/time` tells it: pages
/// of a mapped file count, though the system can take them back.
final class Compare {
  private record Run(double seconds, long kibibytes) {}

  private record Pair(String name, long octets, String a, String b) {
    static Pair of(String line) {
      String[] parts = line.split("\t", -1);
      if (parts.length != 4) {
        throw new IllegalArgumentException("expected name, octets, A and B; found: " + line);
      }
      return new Pair(parts[0], Long.parseLong(parts[1]), parts[2], parts[3]);
    }
  }

  private Compare() {}

  public static void main(String[] arguments) throws IOException, InterruptedException {
    int runs = 7;
    boolean markdown = false;
    for (int i = 0; i < arguments.length; i++) {
      switch (arguments[i]) {
        case "--runs" -> runs = Integer.parseInt(arguments[++i]);
        case "--markdown" -> markdown = true;
        default -> throw new IllegalArgumentException("no option " + arguments[i]);
      }
    }
    List<Pair> pairs = new ArrayList<>();
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      pairs.add(Pair.of(line));
    }
    List<String[]> table = new ArrayList<>();
    table.add(
        new String[] {
          "what", "against", "xenstream s", "other s", "ratio", "GB/s", "xenstream MiB", "other MiB"
        });
    for (Pair pair : pairs) {
      System.err.println(pair.name() + " ...");
      table.add(measure(pair, runs));
    }
    print(table, markdown);
  }

  private static String[] measure(Pair pair, int runs) throws IOException, InterruptedException {
    run(pair.a());
    run(pair.b());
    double[] a = new double[runs];
    double[] b = new double[runs];
    double[] ratios = new double[runs];
    long memoryOfA = 0;
    long memoryOfB = 0;
    for (int i = 0; i < runs; i++) {
      Run one = run(pair.a());
      Run other = run(pair.b());
      a[i] = one.seconds();
      b[i] = other.seconds();
      ratios[i] = one.seconds() / other.seconds();
      memoryOfA = Math.max(memoryOfA, one.kibibytes());
      memoryOfB = Math.max(memoryOfB, other.kibibytes());
    }
    return new String[] {
      pair.name(),
      pair.b(),
      spread(a),
      spread(b),
      spread(ratios),
      String.format(Locale.ROOT, "%.1f", pair.octets() / median(a) / 1e9),
      Long.toString(memoryOfA >> 10),
      Long.toString(memoryOfB >> 10)
    };
  }

  private static Run run(String command) throws IOException, InterruptedException {
    Path memory = Files.createTempFile("compare-", ".memory");
    try {
      ProcessBuilder builder =
          new ProcessBuilder(
              "/usr/bin/time", "-q", "-f", "%M", "-o", memory.toString(), "sh", "-c", command);
      builder.inheritIO();
      long start = System.nanoTime();
      int code = builder.start().waitFor();
      double seconds = (System.nanoTime() - start) / 1e9;
      if (code != 0) {
        throw new IllegalStateException("exit code " + code + ": " + command);
      }
      return new Run(seconds, Long.parseLong(Files.readString(memory).strip()));
    } finally {
      Files.delete(memory);
    }
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int half = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  /// The median, and the least and the most.
  private static String spread(double[] values) {
    return String.format(
        Locale.ROOT,
        "%.2f (%.2f–%.2f)",
        median(values),
        Arrays.stream(values).min().orElseThrow(),
        Arrays.stream(values).max().orElseThrow());
  }

  private static void print(List<String[]> table, boolean markdown) {
    int columns = table.getFirst().length;
    int[] widths = new int[columns];
    for (String[] row : table) {
      for (int i = 0; i < columns; i++) {
        widths[i] = Math.max(widths[i], cell(row, i, markdown).length());
      }
    }
    for (int r = 0; r < table.size(); r++) {
      StringBuilder line = new StringBuilder(markdown ? "| " : "");
      for (int i = 0; i < columns; i++) {
        String text = cell(table.get(r), i, markdown && r > 0);
        String space = " ".repeat(widths[i] - text.length());
        line.append(i > 0 ? markdown ? " | " : "  " : "").append(i < 2 ? text + space : space + text);
      }
      System.out.println(markdown ? line.append(" |") : line.toString().stripTrailing());
      if (markdown && r == 0) {
        System.out.println("|---|---|" + "---:|".repeat(columns - 2));
      }
    }
  }

  /// What may hold a vertical bar, the end of a cell in Markdown, is shown as code.
  private static String cell(String[] row, int column, boolean markdown) {
    return markdown && column == 1 ? "`" + row[column].replace("|", "\\|") + "`" : row[column];
  }
}
