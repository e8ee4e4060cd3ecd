// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.StreamFormatException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/// What verbs share that read one image and write another: `VERB IN OUT`.
final class Rewriting {
  /// What a verb does with the image.
  interface Work {
    /// Writes the other image.
    ///
    /// @param reader stands at the image's beginning
    /// @param out where to write, as [OutputFile#open] takes it
    void run(ImageReader reader, String out) throws IOException;
  }

  private Rewriting() {}

  /// Adds the two files to a verb.
  static void addTo(CommandSpec spec, String in, String out) {
    LimitOption.addTo(spec);
    spec.addPositional(Verb.file("0", "IN", in + "; '-' for standard input."));
    spec.addPositional(Verb.file("1", "OUT", out + "; '-' for standard output. " + Verb.APPEARS));
  }

  /// Opens the image and has it rewritten.
  ///
  /// @return the exit code
  static int run(ParseResult arguments, Work work) throws IOException {
    String in = arguments.matchedPositionalValue(0, "-");
    String out = OutputFile.name(arguments.matchedPositionalValue(1, "-"));
    if (out.equals("-") && Console.isTerminal(Console.STANDARD_OUTPUT)) {
      throw VerifyVerb.bad(
          arguments, "an image is not for a terminal: redirect it, or name a file");
    }
    Path _ = FileName.path(out);
    try (ImageReader reader = Images.open(in, LimitOption.of(arguments))) {
      work.run(reader, out);
      return Verb.SOUND;
    } catch (StreamFormatException | FileSystemException e) {
      throw e;
    } catch (IOException e) {
      // What the system says of a read or a write names no file.
      throw new IOException(in + " to " + out + ": " + e.getMessage(), e);
    } catch (InternalError e) {
      throw new IOException(in + ": the file was shortened while it was read", e);
    }
  }
}
