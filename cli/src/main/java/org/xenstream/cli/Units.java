// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.util.Locale;

/// Writes amounts as people read them.
final class Units {
  private static final String[] PREFIXES = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

  private Units() {}

  /// `1,044,480`.
  static String count(long number) {
    // A formatter looks for a locale's numerals: to find them takes a short run milliseconds.
    return number > -1000 && number < 1000
        ? Long.toString(number)
        : String.format(Locale.ROOT, "%,d", number);
  }

  /// `72.0 MiB`; below a KiB `17 octets`.
  static String octets(long number) {
    if (number < 1024) {
      return number + " octets";
    }
    double value = number;
    int prefix = -1;
    while (value >= 1024 && prefix < PREFIXES.length - 1) {
      value /= 1024;
      prefix++;
    }
    return String.format(Locale.ROOT, value < 10 ? "%.2f %s" : "%.1f %s", value, PREFIXES[prefix]);
  }

  /// `4.12 ms`; in seconds from one on, in microseconds below a hundredth of a millisecond.
  static String time(long nanos) {
    double value = nanos / 1e6;
    if (value < 0.01) {
      return nanos == 0 ? "0 ms" : String.format(Locale.ROOT, "%.1f µs", nanos / 1e3);
    }
    if (value >= 1000) {
      return String.format(Locale.ROOT, value < 10_000 ? "%.2f s" : "%.1f s", value / 1000);
    }
    return String.format(
        Locale.ROOT, value < 10 ? "%.2f ms" : value < 100 ? "%.1f ms" : "%.0f ms", value);
  }

  /// `1 page`, `2 pages`.
  static String plural(long number, String noun) {
    return count(number) + " " + noun + (number == 1 ? "" : "s");
  }
}
