// SPDX-License-Identifier: Apache-2.0

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.xenstream.cli.Main;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.codegen.docgen.manpage.ManPageGenerator;

/// Writes the manual pages (AsciiDoc) and the shell completion from the model of the command line.
/// Run by scripts/build-man as `java scripts/Man.java DIRECTORY`.
final class Man {
  private Man() {}

  public static void main(String[] arguments) throws IOException {
    Path out = Path.of(arguments[0]);
    CommandLine commands = Main.commands();
    Files.writeString(
        out.resolve(commands.getCommandName() + ".bash"),
        AutoComplete.bash(commands.getCommandName(), commands));
    int code = generate(out.toFile(), commands);
    if (code != 0) {
      throw new IOException("the manual page generator ended with code " + code);
    }
  }

  private static int generate(File out, CommandLine commands) throws IOException {
    CommandSpec spec = commands.getCommandSpec();
    return ManPageGenerator.generateManPage(out, null, new boolean[0], true, spec);
  }
}
