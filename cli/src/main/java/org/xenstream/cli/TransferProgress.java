// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;
import org.xenstream.transfer.TransferEvent;
import org.xenstream.transfer.TransferListener;

/// Shows how a transfer goes on, pass by pass, with the downtime that is predicted: on a terminal
/// only.
final class TransferProgress implements TransferListener, AutoCloseable {
  private static final int REFRESH_MILLIS = 200;
  private static final int WIDTH = 96;

  private final @Nullable ProgressBar bar;
  private String predicted = "";

  TransferProgress(Console console, String task) {
    bar =
        console.interactive()
            ? new ProgressBarBuilder()
                .setTaskName(task)
                .setUpdateIntervalMillis(REFRESH_MILLIS)
                .setStyle(ProgressBarStyle.UNICODE_BLOCK)
                .setUnit(" pages", 1)
                .showSpeed()
                .setConsumer(new ConsoleProgressBarConsumer(console.err(), WIDTH))
                .build()
            : null;
  }

  @Override
  public void on(TransferEvent event) {
    ProgressBar shown = bar;
    if (shown == null) {
      return;
    }
    switch (event) {
      case TransferEvent.RoundBegun round -> {
        predicted =
            round.predictedDowntimeNanos() > 0
                ? ", downtime " + Units.time(round.predictedDowntimeNanos())
                : "";
        shown.maxHint(round.pages());
        shown.stepTo(0);
        say(shown, pass(round.pass(), round.round()) + predicted);
      }
      case TransferEvent.Progress pass -> shown.stepTo(pass.sent());
      case TransferEvent.RoundEnded pass -> shown.stepTo(pass.sent());
      case TransferEvent.Suspended _ -> say(shown, "the guest stands still");
      case TransferEvent.Verifying _ -> say(shown, "all again, to be compared");
      case TransferEvent.Checkpoint checkpoint -> say(shown, "checkpoint " + checkpoint.number());
      case TransferEvent.Resumed _, TransferEvent.Ended _ -> {
        // The next pass, or the table, says more.
      }
    }
  }

  private static void say(ProgressBar shown, String text) {
    shown.setExtraMessage(text);
  }

  /// `round 3`, `suspended`, `verify`.
  static String pass(TransferEvent.Pass pass, int round) {
    return pass == TransferEvent.Pass.LIVE
        ? "round " + (round + 1)
        : pass.name().toLowerCase(Locale.ROOT);
  }

  /// Takes the bar away.
  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
