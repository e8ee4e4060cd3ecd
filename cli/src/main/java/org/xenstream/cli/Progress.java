// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.util.function.LongSupplier;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.OctetInput;

/// Shows how far an image is read, or its pages hashed, with rate and time left, once it has taken
/// a while: on a terminal only.
final class Progress implements AutoCloseable {
  private static final int REFRESH_MILLIS = 200;
  private static final long MIB = 1L << 20;
  private static final int WIDTH = 96;

  private final Console console;
  private final String task;
  private final long size;
  private final LongSupplier position;
  private final long begun = System.nanoTime();
  private @Nullable ProgressBar bar;

  /// @param task what is done, in a word: "verify"
  /// @param source the input whose position tells how far it is
  Progress(Console console, String task, OctetInput source) {
    this(console, task, source.size(), source::position);
  }

  /// @param task what is done, in a word: "digest"
  /// @param size octets of all that is to be done, −1 where that is not known
  /// @param position how many of them are done
  Progress(Console console, String task, long size, LongSupplier position) {
    this.console = console;
    this.task = task;
    this.size = size;
    this.position = position;
  }

  /// Tells that something was done.
  void step() {
    if (!console.interactive()) {
      return;
    }
    if (bar == null) {
      if (System.nanoTime() - begun < console.patienceNanos()) {
        return;
      }
      bar = start();
    }
    bar.stepTo(position.getAsLong());
  }

  private ProgressBar start() {
    return new ProgressBarBuilder()
        .setTaskName(task)
        .setInitialMax(size)
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
