// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/// The tool in a process that tells at its end how much of it was resident at most: nobody else can
/// ask once it has ended.
final class PeakMemory {
  private PeakMemory() {}

  /// Runs the tool.
  ///
  /// @param arguments the file that gets the kilobytes, then the tool's own
  public static void main(String[] arguments) throws IOException {
    Console console = Console.ofProcess();
    int code = Main.run(console, Arrays.copyOfRange(arguments, 1, arguments.length));
    console.out().flush();
    Files.writeString(Path.of(arguments[0]), Long.toString(peak()));
    Console.end(code);
  }

  private static long peak() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmHWM:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    throw new IOException("/proc/self/status tells no VmHWM");
  }
}
