// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.xenstream.bench.QuickBenchmark;

/// The verbs within one process over a real image of the samples, their output thrown away: what
/// decoding and printing take. Calls in a second; the image is decompressed in each.
@State(Scope.Benchmark)
public class RecordsBenchmark extends QuickBenchmark {
  /// A file in `samples`.
  @Param({"pv32.xlsave.zst"})
  public String sample = "";

  /// `records --json`.
  @Benchmark
  public int json() {
    return run("records", "--json", image());
  }

  /// `records`, as text.
  @Benchmark
  public int text() {
    return run("records", image());
  }

  /// `records --brief`, which decodes nothing: the cost of reading and decompressing.
  @Benchmark
  public int brief() {
    return run("records", "--brief", image());
  }

  private String image() {
    return Path.of(System.getProperty("xenstream.root", "."), "samples", sample).toString();
  }

  private static int run(String... arguments) {
    PrintStream out =
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    int code = Main.run(new Console(out, System.err, false, false), arguments);
    if (code != 0) {
      throw new IllegalStateException("expected exit code 0, found " + code);
    }
    return code;
  }
}
