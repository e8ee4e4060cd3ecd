// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// The name of a file as a command line gives it.
///
/// The virtual machine makes a text of it by the encoding of the locale, and of octets that are
/// none there U+FFFD: with that text another file would be opened, or made.
final class FileName {
  private static final char NO_TEXT = '\uFFFD';
  private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");

  private FileName() {}

  /// The file that a name means.
  ///
  /// @throws FileSystemException when the name cannot be told in this locale
  static Path path(String name) throws FileSystemException {
    try {
      if (name.indexOf(NO_TEXT) < 0 || isGiven(name)) {
        return Path.of(name);
      }
    } catch (InvalidPathException e) {
      throw noText(name, e);
    }
    throw noText(name, null);
  }

  /// What refuses a name that is no text.
  static FileSystemException noText(String name, @Nullable Exception cause) {
    FileSystemException refused =
        new FileSystemException(
            name,
            null,
            "cannot be opened: the name is no text in the encoding of this locale ("
                + System.getProperty("native.encoding")
                + ")");
    if (cause != null) {
      refused.initCause(cause);
    }
    return refused;
  }

  /// Tells whether the command line has the name as it is: U+FFFD may stand in it itself.
  private static boolean isGiven(String name) {
    try {
      return octets(Files.readAllBytes(COMMAND_LINE))
          .contains(octets(name.getBytes(StandardCharsets.UTF_8)));
    } catch (IOException e) {
      return false;
    }
  }

  private static String octets(byte[] octets) {
    return new String(octets, StandardCharsets.ISO_8859_1);
  }
}
