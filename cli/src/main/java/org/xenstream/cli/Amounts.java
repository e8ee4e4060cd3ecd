// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads amounts as people write them: `4GiB`, `10Gbit`, `300ms`, `20k`, and lists and ranges of
/// them. The converter of the save helper's runtime image does so, too, which has no picocli: this
/// class is verified without it.
final class Amounts {
  private static final Pattern AMOUNT =
      Pattern.compile("([0-9]+(?:\\.[0-9]+)?)\\s*([a-zA-Z/]*)", Pattern.UNICODE_CASE);
  private static final Pattern RANGE = Pattern.compile("(.+)\\.\\.(.+?)(?:/([0-9]{1,4}))?");
  private static final String DECIMAL = "kmgt";
  private static final double LARGEST = 1e15;

  private Amounts() {}

  /// A size in octets: `512M`, `4G`, `64MiB`, `1000000`. K, M, G and T are powers of 1024.
  static double size(String text) {
    Matcher parts = match(text, "a size such as 512M or 4GiB");
    String unit = parts.group(2).toLowerCase(Locale.ROOT);
    String prefix = unit.replaceFirst("(ib|b)$", "");
    return bounded(text, Double.parseDouble(parts.group(1)) * power(text, prefix, 1024));
  }

  /// A rate in octets a second: `10Gbit`, `1.25GB`, `100MiB`, `1000000`, each with or without `/s`.
  /// Only units with an i are powers of 1024.
  static double bandwidth(String text) {
    Matcher parts = match(text, "a rate such as 10Gbit, 1.25GB or 100MiB");
    double number = Double.parseDouble(parts.group(1));
    String unit = parts.group(2).replaceFirst("/s$", "");
    String lower = unit.toLowerCase(Locale.ROOT);
    if (lower.endsWith("bit")) {
      return bounded(text, number / 8 * power(text, cut(lower, 3), 1000));
    }
    if (lower.endsWith("ib")) {
      return bounded(text, number * power(text, cut(lower, 2), 1024));
    }
    String prefix = lower.endsWith("b") ? cut(lower, 1) : lower;
    return bounded(text, number * power(text, prefix, 1000));
  }

  /// A number of pages a second: `500`, `20k`, `1M`. K, M and G are powers of 1000.
  static double perSecond(String text) {
    Matcher parts = match(text, "a number of pages a second such as 500 or 20k");
    String unit = parts.group(2).replaceFirst("/s$", "").toLowerCase(Locale.ROOT);
    return bounded(text, Double.parseDouble(parts.group(1)) * power(text, unit, 1000));
  }

  /// A time in nanoseconds: `300`, which are milliseconds, `300ms`, `1.5s`.
  static long nanos(String text) {
    Matcher parts = match(text, "a time such as 300ms or 2s");
    double number = Double.parseDouble(parts.group(1));
    double unit =
        switch (parts.group(2)) {
          case "", "ms" -> 1e6;
          case "us" -> 1e3;
          case "s" -> 1e9;
          default -> throw new IllegalArgumentException(wrong(text, "a time in us, ms or s"));
        };
    return (long) bounded(text, number * unit);
  }

  /// A list, parted by commas, of values and of ranges such as `100..1M/9`: from the first to the
  /// last in so many steps of an even factor.
  ///
  /// @param steps how many where a range does not say
  static List<Double> list(String text, int steps, ToDoubleFunction<String> value) {
    List<Double> values = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      Matcher range = RANGE.matcher(part);
      if (!range.matches()) {
        values.add(value.applyAsDouble(part));
        continue;
      }
      double first = value.applyAsDouble(range.group(1));
      double last = value.applyAsDouble(range.group(2));
      int count = range.group(3) == null ? steps : Integer.parseInt(range.group(3));
      if (first <= 0 || last <= first || count < 2) {
        throw new IllegalArgumentException(
            wrong(part, "a range from a positive value to a larger one, of two values or more"));
      }
      for (int i = 0; i < count; i++) {
        values.add(rounded(first * Math.pow(last / first, (double) i / (count - 1))));
      }
    }
    return values;
  }

  /// Four digits are as many as anybody reads.
  private static double rounded(double value) {
    double digits = Math.pow(10, 3 - Math.floor(Math.log10(value)));
    return Math.round(value * digits) / digits;
  }

  private static Matcher match(String text, String expected) {
    Matcher parts = AMOUNT.matcher(text.trim());
    if (!parts.matches()) {
      throw new IllegalArgumentException(wrong(text, expected));
    }
    return parts;
  }

  private static double power(String text, String prefix, double base) {
    if (prefix.isEmpty()) {
      return 1;
    }
    int power = prefix.length() == 1 ? DECIMAL.indexOf(prefix) : -1;
    if (power < 0) {
      throw new IllegalArgumentException(wrong(text, "a unit with K, M, G or T"));
    }
    return Math.pow(base, power + 1);
  }

  private static double bounded(String text, double value) {
    if (value > LARGEST) {
      throw new IllegalArgumentException(wrong(text, "at most 10^15"));
    }
    return value;
  }

  private static String cut(String text, int octets) {
    return text.substring(0, text.length() - octets);
  }

  private static String wrong(String text, String expected) {
    return "expected " + expected + ", found '" + text + "'";
  }
}
