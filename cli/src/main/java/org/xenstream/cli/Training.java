// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Runs many command lines in one process, so that one AOT cache knows the classes of them all; see
/// scripts/train-aot. Not for users.
final class Training {
  private Training() {}

  /// Runs each line of a file as a command line, its arguments parted by tabs, and prints the exit
  /// codes that are not 0 to standard error. Standard input and output are the commands' own.
  ///
  /// @param arguments the file
  public static void main(String... arguments) throws IOException {
    for (String line : Files.readAllLines(Path.of(arguments[0]))) {
      int code = Main.run(Console.ofProcess(), line.split("\t", -1));
      if (code != 0) {
        System.err.println("exit code " + code + ": " + line.replace('\t', ' '));
      }
    }
    System.exit(0); // As a run of the tool ends: that too wants its classes.
  }
}
