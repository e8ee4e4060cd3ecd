// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.colors.ColorBlindFriendlySeriesColors;
import org.xenstream.transfer.policy.Explorer;

/// Plots the downtimes of an exploration over the dirty rates, with a line for each policy, as SVG.
/// Both axes are logarithmic, so that a downtime of nothing is shown as a microsecond. Runs that
/// were given up are gaps.
///
/// Nothing else in the tool touches the chart library or the desktop module behind it.
final class ExplorePlot {
  /// More lines cannot be told apart.
  static final int MOST_LINES = 12;

  private static final int WIDTH = 900;
  private static final int HEIGHT = 560;
  private static final double MILLI = 1e6;
  private static final double LEAST_MILLIS = 0.001;
  private static final int PAGE = 4096;
  private static final Color GRID = new Color(0xe4, 0xe4, 0xe4);
  private static final Color BORDER = new Color(0xb0, 0xb0, 0xb0);
  private static final float LINE_WIDTH = 2f;

  private ExplorePlot() {}

  /// How many lines a plot of it has.
  static int lines(Explorer explorer) {
    return Math.toIntExact(
        Math.min(Integer.MAX_VALUE, explorer.size() / explorer.dirtyPagesPerSecond().size()));
  }

  /// Draws it.
  ///
  /// @param runs all of the explorer's, in its order
  /// @throws IOException where nothing can be drawn, or not be written
  static void draw(Explorer explorer, List<Explorer.Run> runs, OutputStream out)
      throws IOException {
    System.setProperty("java.awt.headless", "true");
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title("Downtime by dirty rate" + common(explorer, runs.getFirst()))
            .xAxisTitle("writes to pages a second")
            .yAxisTitle("downtime, ms (no less is shown than " + LEAST_MILLIS + ")")
            .build();
    style(chart.getStyler());
    int rates = explorer.dirtyPagesPerSecond().size();
    for (int at = 0; at < runs.size(); at += rates) {
      add(chart, explorer, runs.subList(at, at + rates));
    }
    if (chart.getSeriesCollection().isEmpty()) {
      throw new IOException("nothing to plot: no run has a downtime");
    }
    try {
      ChartEncoder.saveChart(chart, out, "svg");
    } catch (RuntimeException | LinkageError e) {
      // Without any font the desktop module cannot measure a text.
      throw new IOException("the plot cannot be drawn (is a font installed?): " + e, e);
    }
  }

  private static void style(XYStyler styler) {
    Font plain = new Font(Font.SANS_SERIF, Font.PLAIN, 13);
    styler
        .setChartBackgroundColor(Color.WHITE)
        .setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 15))
        .setChartTitleBoxVisible(false)
        .setLegendPosition(Styler.LegendPosition.OutsideS)
        .setLegendLayout(Styler.LegendLayout.Horizontal)
        .setLegendFont(plain)
        .setLegendBorderColor(Color.WHITE)
        .setPlotBorderColor(BORDER)
        .setSeriesColors(new ColorBlindFriendlySeriesColors().getSeriesColors())
        .setMarkerSize(7)
        .setLocale(Locale.ROOT);
    styler
        .setXAxisLogarithmic(true)
        .setYAxisLogarithmic(true)
        .setXAxisLogarithmicDecadeOnly(true)
        .setYAxisLogarithmicDecadeOnly(true)
        .setXAxisTickLabelsFormattingFunction(ExplorePlot::tick)
        .setYAxisTickLabelsFormattingFunction(ExplorePlot::tick)
        .setAxisTitleFont(plain)
        .setAxisTickLabelsFont(plain)
        .setPlotGridLinesColor(GRID)
        .setPlotGridLinesStroke(new BasicStroke(1f))
        .setPlotMargin(0);
  }

  private static void add(XYChart chart, Explorer explorer, List<Explorer.Run> runs) {
    List<Double> x = new ArrayList<>();
    List<Double> y = new ArrayList<>();
    boolean any = false;
    for (Explorer.Run run : runs) {
      if (run.dirtyPagesPerSecond() <= 0) {
        continue; // No logarithm.
      }
      boolean completed = run.outcome().completed();
      any |= completed;
      x.add(run.dirtyPagesPerSecond());
      y.add(completed ? Math.max(run.outcome().downtimeNanos() / MILLI, LEAST_MILLIS) : Double.NaN);
    }
    if (any) {
      XYSeries series = chart.addSeries(name(explorer, runs.getFirst()), x, y);
      series.setLineWidth(LINE_WIDTH);
    }
  }

  /// What all runs share, for the title.
  private static String common(Explorer explorer, Explorer.Run run) {
    StringBuilder text = new StringBuilder();
    if (explorer.guestPages().size() == 1) {
      text.append(", ").append(Units.octets(run.guestPages() * PAGE));
    }
    if (explorer.octetsPerSecond().size() == 1) {
      text.append(", ").append(ExploreRows.bits(run.octetsPerSecond()));
    }
    if (explorer.workloads().size() == 1) {
      text.append(", ").append(run.workload()).append(" writes");
    }
    return text.toString();
  }

  /// What tells a line from the others, for the legend.
  private static String name(Explorer explorer, Explorer.Run run) {
    StringBuilder text = new StringBuilder(run.policy());
    if (explorer.guestPages().size() > 1) {
      text.append(", ").append(Units.octets(run.guestPages() * PAGE));
    }
    if (explorer.octetsPerSecond().size() > 1) {
      text.append(", ").append(ExploreRows.bits(run.octetsPerSecond()));
    }
    if (explorer.workloads().size() > 1) {
      text.append(", ").append(run.workload());
    }
    return text.toString();
  }

  private static String tick(double value) {
    return value >= 1
        ? Units.count(Math.round(value))
        : new BigDecimal(value).round(new MathContext(1)).stripTrailingZeros().toPlainString();
  }
}
