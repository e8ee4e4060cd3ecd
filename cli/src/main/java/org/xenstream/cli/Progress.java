// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.OctetInput;

/// Shows how far an image is read, with rate and time left, once it has taken a while: on a
/// terminal only.
final class Progress implements AutoCloseable {
  private static final long PATIENCE_NANOS = 700_000_000L;
  private static final int REFRESH_MILLIS = 200;
  private static final long MIB = 1L << 20;
  private static final int WIDTH = 96;

  private final Console console;
  private final String task;
  private final OctetInput source;
  private final long begun = System.nanoTime();
  private @Nullable ProgressBar bar;

  /// @param task what is done, in a word: "verify"
  /// @param source the input whose position tells how far it is
  Progress(Console console, String task, OctetInput source) {
    this.console = console;
    this.task = task;
    this.source = source;
  }

  /// Tells that something was read.
  void step() {
    if (!console.interactive()) {
      return;
    }
    if (bar == null) {
      if (System.nanoTime() - begun < PATIENCE_NANOS) {
        return;
      }
      bar = start();
    }
    bar.stepTo(source.position());
  }

  private ProgressBar start() {
    return new ProgressBarBuilder()
        .setTaskName(task)
        .setInitialMax(source.size())
        .setUpdateIntervalMillis(REFRESH_MILLIS)
        .setStyle(ProgressBarStyle.UNICODE_BLOCK)
        .setUnit("MiB", MIB)
        .showSpeed()
        .setConsumer(new ConsoleProgressBarConsumer(console.err(), WIDTH))
        .build();
  }

  /// Takes the bar away.
  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
