// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.util.Arrays;
import java.util.List;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.StreamFormatException;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/// The entry point of the command line tool.
///
/// The commands are described to picocli by calls, not by annotations: what reads annotations costs
/// more than all the rest of a short run (docs/decisions/0002-launcher.md).
public final class Main {
  private static final List<String> VERBS =
      List.of("info", "verify", "records", "copy", "convert", "rules", "simulate", "host");

  private Main() {}

  /// Runs the tool and ends the process with its exit code.
  ///
  /// @param arguments the command line, without the name of the tool
  public static void main(String... arguments) {
    Console.end(run(Console.ofProcess(), arguments));
  }

  /// Runs the tool.
  ///
  /// @return the exit code
  static int run(Console console, String... arguments) {
    return console.written(answer(console, arguments));
  }

  private static int answer(Console console, String... arguments) {
    try {
      if (arguments.length == 1 && isVersion(arguments[0])) {
        console.out().println(Version.line());
        return Verb.SOUND;
      }
      if (arguments.length > 0 && arguments[0].equals(LegacyStreamConverter.NAME)) {
        return LegacyStreamConverter.run(
            console, Arrays.copyOfRange(arguments, 1, arguments.length));
      }
      return commands(console, verbs(arguments)).execute(arguments);
    } catch (IOException e) {
      return fail(e, console);
    } catch (InvalidPathException e) {
      return fail(FileName.noText(e.getInput(), e), console);
    } catch (RuntimeException | Error e) {
      String exhausted = Failure.exhausted(e);
      if (exhausted == null) {
        throw e;
      }
      console.complain(exhausted);
      return Verb.NO_IMAGE;
    }
  }

  /// Builds the model of the command line: the verbs, their options and arguments.
  public static CommandLine commands() {
    return commands(Console.ofProcess(), VERBS);
  }

  /// The one option that needs no parser, asked for more often than any.
  private static boolean isVersion(String argument) {
    return argument.equals("--version") || argument.equals("-V");
  }

  /// The verbs that a command line can mean: to describe the others would cost a start more than to
  /// run a short one.
  private static List<String> verbs(String... arguments) {
    return arguments.length > 0 && VERBS.contains(arguments[0]) ? List.of(arguments[0]) : VERBS;
  }

  private static Verb verb(String name) {
    return switch (name) {
      case "info" -> new InfoVerb();
      case "verify" -> new VerifyVerb();
      case "records" -> new RecordsVerb();
      case "copy" -> new CopyVerb();
      case "convert" -> new ConvertVerb();
      case "rules" -> new RulesVerb();
      case "simulate" -> new SimulateVerb();
      case "host" -> new HostVerb();
      default -> throw new IllegalArgumentException(name);
    };
  }

  private static CommandLine commands(Console console, List<String> verbs) {
    CommandSpec spec =
        CommandSpec.create().name("xenstream").versionProvider(() -> new String[] {Version.line()});
    spec.usageMessage()
        .description(
            "Reads, judges, explains and rewrites Xen's domain save images and migration streams.")
        .width(96)
        .sortOptions(false);
    spec.addOption(
        OptionSpec.builder("-h", "--help")
            .usageHelp(true)
            .description("Show this help and exit.")
            .build());
    spec.addOption(
        OptionSpec.builder("-V", "--version")
            .versionHelp(true)
            .description("Show version and commit and exit.")
            .build());
    CommandLine line = new CommandLine(spec);
    for (String name : verbs) {
      line.addSubcommand(name, verb(name).spec());
    }
    PrintWriter out = new PrintWriter(console.out(), true, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(console.err(), true, StandardCharsets.UTF_8);
    return line.setOut(out)
        .setErr(err)
        .setColorScheme(CommandLine.Help.defaultColorScheme(console.colour() ? Ansi.ON : Ansi.OFF))
        .setParameterExceptionHandler((e, _) -> {
          console.complain(Failure.text(e));
          CommandSpec of = e.getCommandLine().getCommandSpec();
          console.err().println("Try '" + of.qualifiedName() + " --help'.");
          return Verb.NO_IMAGE;
        })
        .setExecutionStrategy(parsed -> execute(parsed, console))
        .setExecutionExceptionHandler((e, _, _) -> fail(e, console));
  }

  private static int execute(ParseResult parsed, Console console) {
    Integer helped = CommandLine.executeHelpRequest(parsed);
    if (helped != null) {
      return helped;
    }
    if (!parsed.hasSubcommand()) {
      parsed.commandSpec().commandLine().usage(console.err());
      return Verb.NO_IMAGE;
    }
    ParseResult chosen = parsed.subcommand();
    while (chosen.hasSubcommand()) {
      chosen = chosen.subcommand();
    }
    Verb verb = (Verb) chosen.commandSpec().userObject();
    try {
      return verb.run(chosen, console);
    } catch (IOException e) {
      return fail(e, console);
    }
  }

  /// Says in a line what went wrong.
  private static int fail(Exception e, Console console) {
    console.complain(Failure.text(e));
    return e instanceof StreamFormatException format && format.fault() != Fault.NOT_AN_IMAGE
        ? Verb.UNSOUND
        : Verb.NO_IMAGE;
  }
}
