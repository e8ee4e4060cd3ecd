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
  private static final long NANOS_IN_MILLI = 1_000_000;
  private static final long MIB = 1L << 20;
  private static final int WIDTH = 96;

  private final Console console;
  private final String task;
  private final long size;
  private final LongSupplier position;
  private final LongSupplier nanos;
  private final long begun;
  private long told = Long.MIN_VALUE / 2;
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
    this(console, task, size, position, System::nanoTime);
  }

  /// @param nanos the clock
  Progress(Console console, String task, long size, LongSupplier position, LongSupplier nanos) {
    this.console = console;
    this.task = task;
    this.size = size;
    this.position = position;
    this.nanos = nanos;
    this.begun = nanos.getAsLong();
  }

  /// Tells that something was done.
  void step() {
    if (!console.interactive()) {
      return;
    }
    long elapsed = nanos.getAsLong() - begun;
    if (bar == null) {
      if (elapsed < console.patienceNanos()) {
        return;
      }
      bar = start();
    }
    long done = position.getAsLong();
    bar.stepTo(done);
    if (elapsed - told >= REFRESH_MILLIS * NANOS_IN_MILLI) {
      told = elapsed;
      bar.setExtraMessage(pace(done, size, elapsed));
    }
  }

  /// `1.86 GiB/s, 12 s left`: of all the time since the beginning, of which the bar, which comes
  /// late, knows a part. Without the time left where nothing is done, or the size not known.
  static String pace(long done, long size, long elapsedNanos) {
    if (elapsedNanos <= 0) {
      return "";
    }
    String rate = Units.octets(Math.round(done / (elapsedNanos / 1e9))) + "/s";
    if (done <= 0 || size < done) {
      return rate;
    }
    return rate + ", " + left(Math.round(elapsedNanos / 1e9 * (size - done) / done)) + " left";
  }

  private static String left(long seconds) {
    return seconds < 60
        ? seconds + " s"
        : seconds < 3600
            ? "%d min %02d s".formatted(seconds / 60, seconds % 60)
            : "%d h %02d min".formatted(seconds / 3600, seconds / 60 % 60);
  }

  private ProgressBar start() {
    return new ProgressBarBuilder()
        .setTaskName(task)
        .setInitialMax(size)
        .setUpdateIntervalMillis(REFRESH_MILLIS)
        .setStyle(ProgressBarStyle.UNICODE_BLOCK)
        .setUnit("MiB", MIB)
        .hideEta()
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
