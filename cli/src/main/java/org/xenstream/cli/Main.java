// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/// The entry point of the command line tool.
///
/// The commands are described to picocli by calls, not by annotations: what reads annotations costs
/// more than all the rest of a short run (docs/decisions/0002-launcher.md).
public final class Main {
  private Main() {}

  /// Runs the tool and ends the process with its exit code.
  ///
  /// @param arguments the command line, without the name of the tool
  public static void main(String... arguments) {
    System.exit(run(arguments));
  }

  /// Runs the tool.
  ///
  /// @return the exit code
  static int run(String... arguments) {
    return commands().execute(arguments);
  }

  /// Builds the model of the command line: the verbs, their options and arguments.
  public static CommandLine commands() {
    CommandSpec spec = CommandSpec.create().name("xenstream").versionProvider(new Version());
    spec.usageMessage()
        .description("Reads, checks and explains Xen domain save images and migration streams.");
    spec.addOption(
        OptionSpec.builder("-h", "--help")
            .usageHelp(true)
            .description("Show this help message and exit.")
            .build());
    spec.addOption(
        OptionSpec.builder("-V", "--version")
            .versionHelp(true)
            .description("Print version information and exit.")
            .build());
    return new CommandLine(spec)
        .setExecutionStrategy(parsed -> {
          Integer helped = CommandLine.executeHelpRequest(parsed);
          if (helped != null) {
            return helped;
          }
          parsed.commandSpec().commandLine().usage(System.out);
          return 0;
        });
  }
}
