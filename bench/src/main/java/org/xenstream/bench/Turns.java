// SPDX-License-Identifier: Apache-2.0
package org.xenstream.bench;

import java.io.IOException;
import java.util.Arrays;

/// Rates of things done in turn, A B A B …, each held against a neighbour, so that a disturbance
/// falls on both.
final class Turns {
  private Turns() {}

  /// What is timed.
  interface Task {
    void run() throws IOException, InterruptedException;
  }

  /// In 10^9 octets a second.
  static double rate(long octets, Task task) throws IOException, InterruptedException {
    long began = System.nanoTime();
    task.run();
    return (double) octets / (System.nanoTime() - began);
  }

  /// Prints least, median and highest rate, and the median of the ratios to the neighbours.
  static void tell(String what, double[] rates, double[] base) {
    double[] sorted = rates.clone();
    Arrays.sort(sorted);
    System.out.printf(
        "%-35s %5.2f GB/s (%.2f–%.2f)  %s%n",
        what, sorted[sorted.length / 2], sorted[0], sorted[sorted.length - 1], ratio(rates, base));
  }

  /// Prints the median, the least and the highest of the ratios to the neighbours alone.
  static void tellRatio(String what, double[] rates, double[] base) {
    System.out.printf("%-35s %s%n", what, ratio(rates, base));
  }

  private static String ratio(double[] rates, double[] base) {
    double[] ratios = new double[rates.length];
    for (int i = 0; i < rates.length; i++) {
      ratios[i] = rates[i] / base[i];
    }
    Arrays.sort(ratios);
    return "ratio %.2f (%.2f–%.2f)"
        .formatted(ratios[ratios.length / 2], ratios[0], ratios[ratios.length - 1]);
  }

  /// Runs a command of the shell to its end.
  ///
  /// @throws IOException when it fails
  static void shell(String command) throws IOException, InterruptedException {
    if (new ProcessBuilder("sh", "-c", command).inheritIO().start().waitFor() != 0) {
      throw new IOException("failed: " + command);
    }
  }
}
