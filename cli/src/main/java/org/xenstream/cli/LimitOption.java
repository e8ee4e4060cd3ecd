// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.util.List;
import java.util.Locale;
import org.xenstream.core.format.Limits;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/// `--limit WHAT=SIZE`, on every verb that reads images: what their lengths are held against.
final class LimitOption {
  private static final String NAME = "--limit";
  private static final long LEAST = 4096;

  /// What comes through a pipe is held whole, and twice while its buffer grows, in half a gibibyte.
  private static final long LONGEST_RECORD = 256L << 20;

  /// A configuration becomes a text and what is parsed of it.
  private static final long LONGEST_CONFIG = 32L << 20;

  private LimitOption() {}

  /// Adds the option to a verb.
  static void addTo(CommandSpec spec) {
    spec.addOption(
        OptionSpec.builder(NAME)
            .paramLabel("WHAT=SIZE")
            .arity("1")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .description(
                "For an image that is trusted, or one that is not: take records up to this size"
                    + " (record=SIZE, 128MiB by default and 256MiB at most), a configuration in an"
                    + " outer layer (config=SIZE, 4MiB, at most 32MiB), a compressed image with so"
                    + " much in it (decompressed=SIZE, 64TiB). Can be repeated.")
            .build());
  }

  /// The limits that the arguments ask for.
  static Limits of(ParseResult arguments) {
    Limits limits = Limits.DEFAULT;
    for (String limit : arguments.matchedOptionValue(NAME, List.<String>of())) {
      Limits before = limits;
      limits = Verb.taken(arguments, NAME, () -> with(before, limit));
    }
    return limits;
  }

  private static Limits with(Limits limits, String option) {
    int equals = option.indexOf('=');
    String what = equals < 0 ? option : option.substring(0, equals);
    String size = equals < 0 ? "" : option.substring(equals + 1);
    return switch (what.toLowerCase(Locale.ROOT)) {
      case "record" ->
          new Limits(
              within(what, size, LONGEST_RECORD),
              limits.maxConfigLength(),
              limits.maxDecompressed());
      case "config" ->
          new Limits(
              limits.maxRecordLength(),
              within(what, size, LONGEST_CONFIG),
              limits.maxDecompressed());
      case "decompressed" ->
          new Limits(
              limits.maxRecordLength(),
              limits.maxConfigLength(),
              within(what, size, Long.MAX_VALUE));
      default ->
          throw new IllegalArgumentException(
              "expected record=SIZE, config=SIZE or decompressed=SIZE, found '" + option + "'");
    };
  }

  private static long within(String what, String size, long most) {
    double value = Amounts.size(size);
    if (value < LEAST || value > most) {
      throw new IllegalArgumentException(
          "expected %s of %s%s, found '%s'"
              .formatted(
                  what,
                  Units.octets(LEAST),
                  most == Long.MAX_VALUE ? " or more" : " to " + Units.octets(most),
                  size));
    }
    return (long) value;
  }
}
