// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.util.TreeMap;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/// One verb of the command line.
interface Verb {
  /// All went well, or the image is sound.
  int SOUND = 0;

  /// The image is unsound.
  int UNSOUND = 1;

  /// No image at all, or bad usage.
  int NO_IMAGE = 2;

  /// What `--help` says of an image that is written, as [OutputFile] does it.
  String APPEARS =
      "It appears when it is complete, for its owner alone (mode 0600), also in the place of a file"
          + " that others could read.";

  /// The verb's name, options and arguments.
  CommandSpec spec();

  /// Runs the verb.
  ///
  /// @return the process's exit code
  /// @throws IOException when something cannot be read or written; the message is shown
  int run(ParseResult arguments, Console console) throws IOException;

  /// A specification with what every verb has.
  static CommandSpec spec(String name, String... description) {
    CommandSpec spec = CommandSpec.create().name(name);
    spec.usageMessage().description(description).sortOptions(false).width(96);
    spec.usageMessage().exitCodeListHeading("%nExit codes:%n");
    spec.addOption(
        OptionSpec.builder("-h", "--help")
            .usageHelp(true)
            .description("Show this help and exit.")
            .build());
    return spec;
  }

  /// The specification with the verb behind it, so that whoever parsed it can run it. Its exit
  /// codes are shown in ascending order: that of `Map.of` is another one in every process.
  static CommandSpec own(Verb verb, CommandSpec spec) {
    spec.usageMessage().exitCodeList(new TreeMap<>(spec.usageMessage().exitCodeList()));
    CommandSpec own = CommandSpec.wrapWithoutInspection(verb).name(spec.name());
    own.usageMessage(spec.usageMessage());
    spec.options().forEach(own::addOption);
    spec.positionalParameters().forEach(own::addPositional);
    return own;
  }

  /// An option without a value.
  static OptionSpec flag(String name, String description) {
    return OptionSpec.builder(name).description(description).build();
  }

  /// An option with a value.
  static OptionSpec value(String name, String label, String description) {
    return OptionSpec.builder(name)
        .paramLabel(label)
        .type(String.class)
        .description(description)
        .build();
  }

  /// A file, by its place on the command line.
  static PositionalParamSpec file(String index, String label, String description) {
    return PositionalParamSpec.builder()
        .index(index)
        .arity("1")
        .required(true)
        .paramLabel(label)
        .type(String.class)
        .description(description)
        .build();
  }

  /// Tells whether an option without a value is given.
  static boolean has(ParseResult arguments, String option) {
    return arguments.hasMatchedOption(option);
  }

  /// Runs what reads an option, and tells of a value that it does not take as bad usage.
  static <T> T taken(ParseResult arguments, String option, Supplier<T> read) {
    try {
      return read.get();
    } catch (IllegalArgumentException e) {
      throw VerifyVerb.bad(arguments, option + ": " + e.getMessage());
    }
  }
}
