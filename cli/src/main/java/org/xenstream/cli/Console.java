// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// Where a command speaks: its results to `out`, everything else to `err`.
///
/// @param out results; buffered, flushed when the command ends
/// @param err messages and progress
/// @param colour whether results may be coloured
/// @param interactive whether somebody watches `err`, so that progress is shown
/// @param patienceNanos how long something takes before its progress is shown
record Console(
    PrintStream out, PrintStream err, boolean colour, boolean interactive, long patienceNanos) {
  static final int STANDARD_INPUT = 0;
  static final int STANDARD_OUTPUT = 1;
  private static final int STANDARD_ERROR = 2;

  private static final int BUFFER = 1 << 16;

  private static final long PATIENCE_NANOS = 700_000_000L;

  Console(PrintStream out, PrintStream err, boolean colour, boolean interactive) {
    this(out, err, colour, interactive, PATIENCE_NANOS);
  }

  /// The process's own streams. Colour only on a terminal, and never with `NO_COLOR`.
  static Console ofProcess() {
    String noColour = System.getenv("NO_COLOR");
    boolean mayColour = noColour == null || noColour.isEmpty();
    return new Console(
        new PrintStream(
            new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), BUFFER),
            false,
            StandardCharsets.UTF_8),
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
        mayColour && isTerminal(STANDARD_OUTPUT),
        isTerminal(STANDARD_ERROR));
  }

  /// Ends the process. Where nothing is left for the shutdown hooks to do it ends at once:
  /// `System.exit` first asks for a logger, which is sought in every jar of the class path.
  static void end(int code) {
    try {
      boolean _ = Runtime.getRuntime().removeShutdownHook(new Thread());
    } catch (IllegalStateException e) {
      // The process was interrupted: waits for the hooks, and ends as the signal has it.
      System.exit(code);
    }
    Runtime.getRuntime().halt(code);
  }

  /// Writes out what is still held.
  ///
  /// @param code how the process would end
  /// @return how it has to end
  int written(int code) {
    // A PrintStream keeps it to itself when nothing can be written. Whoever closed a pipe has read
    // what he wanted.
    if (out.checkError() && !isPipe(STANDARD_OUTPUT)) {
      complain("standard output cannot be written, as on a full disk");
      return Verb.NO_IMAGE;
    }
    return code;
  }

  /// Tells whether a descriptor of this process is a terminal, by where it leads: asking the
  /// virtual machine would start its whole terminal library.
  static boolean isTerminal(int descriptor) {
    String target = target(descriptor);
    return target.startsWith("/dev/pts/")
        || target.startsWith("/dev/tty")
        || target.equals("/dev/console");
  }

  /// Tells whether a descriptor of this process is a pipe or a socket.
  static boolean isPipe(int descriptor) {
    String target = target(descriptor);
    return target.startsWith("pipe:") || target.startsWith("socket:");
  }

  /// Where a descriptor of this process leads, nothing when that cannot be told.
  private static String target(int descriptor) {
    try {
      return Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
    } catch (IOException | UnsupportedOperationException e) {
      return "";
    }
  }

  /// A text in red.
  String red(String text) {
    return paint("31", text);
  }

  /// A text in yellow.
  String yellow(String text) {
    return paint("33", text);
  }

  /// A text in green.
  String green(String text) {
    return paint("32", text);
  }

  /// A text in bold.
  String bold(String text) {
    return paint("1", text);
  }

  /// A text that may be overlooked.
  String faint(String text) {
    return paint("2", text);
  }

  private String paint(String code, String text) {
    return colour ? "\033[" + code + "m" + text + "\033[0m" : text;
  }

  /// A line to `err`, led by the tool's name.
  void complain(String line) {
    err.println("xenstream: " + line);
  }
}
