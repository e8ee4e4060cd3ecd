// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/// Runs many command lines in one process, so that one AOT cache knows the classes of them all; see
/// scripts/train-aot. Not for users.
final class Training {
  private Training() {}

  /// Runs each line of standard input as a command line, its arguments parted by tabs, and prints
  /// the exit codes that are not 0 to standard error.
  public static void main(String... arguments) throws IOException {
    var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      int code = Main.run(Console.ofProcess(), line.split("\t", -1));
      if (code != 0) {
        System.err.println("exit code " + code + ": " + line.replace('\t', ' '));
      }
    }
    System.exit(0); // As a run of the tool ends: that too wants its classes.
  }
}
