// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Where a program speaks that a toolstack runs: errors to standard error and, when asked, to the
/// system's log; what it is doing only when asked.
final class SystemLog implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 5;

  private final Console console;
  private final @Nullable PrintStream infos;
  private final @Nullable Process errors;

  /// @param verbose whether to tell what is done
  /// @param syslog whether to speak to the system's log as well, through `logger`
  /// @param outTaken whether standard output is for something else
  SystemLog(Console console, String name, boolean verbose, boolean syslog, boolean outTaken) {
    this.console = console;
    this.errors = syslog ? logger(name) : null;
    this.infos = !verbose ? null : outTaken ? console.err() : console.out();
  }

  private @Nullable Process logger(String name) {
    try {
      return new ProcessBuilder("logger", "-i", "-t", name, "-p", "daemon.err")
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .redirectError(ProcessBuilder.Redirect.DISCARD)
          .start();
    } catch (IOException e) {
      console.complain("no system log: " + Failure.text(e));
      return null;
    }
  }

  /// What went wrong, or was not as it was said.
  void error(String line) {
    console.err().println(line);
    log(line);
  }

  /// What is done.
  void info(String line) {
    if (infos == null) {
      return;
    }
    if (errors == null) {
      infos.println(line);
    } else {
      log(line);
    }
  }

  private void log(String line) {
    if (errors != null) {
      try {
        errors.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
      } catch (IOException e) {
        // The log is gone; standard error has the errors.
      }
    }
  }

  /// Lets the system's log have all of it.
  @Override
  public void close() {
    if (errors == null) {
      return;
    }
    try {
      errors.getOutputStream().close();
      boolean _ = errors.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (IOException e) {
      // as above
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
