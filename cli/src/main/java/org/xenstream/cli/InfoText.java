// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.Layer;
import org.xenstream.core.envelope.LibxlRecord;
import org.xenstream.core.envelope.XlConfig;
import org.xenstream.core.format.ImageHeader;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.StreamHeaders;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;
import org.xenstream.core.verify.Verdict;
import org.xenstream.insight.ImageSummary;
import org.xenstream.x86.Blobs;
import org.xenstream.x86.CpuidPolicy;
import org.xenstream.x86.Decoded;

/// Writes what an image is on one screen.
final class InfoText {
  private static final int MOST_PASSES = 12;
  private static final int MOST_SIZES = 10;
  private static final int BAR = 24;
  private static final String EIGHTHS = " ▏▎▍▌▋▊▉";

  private final Console console;

  InfoText(Console console) {
    this.console = console;
  }

  /// Writes one image.
  void write(InfoVerb.View view) {
    ImageSummary summary = view.summary();
    console.out().println(console.bold(view.name()));
    layers(summary);
    StreamHeaders headers = summary.headers();
    if (headers != null) {
      line(
          "made by",
          isLegacy(summary)
              ? "Xen 4.5 or older; what follows is told of its translation"
              : madeBy(headers));
      line("guest", guest(summary));
      memory(summary);
      passes(summary);
      policies(summary);
      tsc(summary);
    }
    emulators(summary);
    if (view.digest() != null) {
      line(
          "digest",
          "%016x over %s of the stream (XXH64)"
              .formatted(view.digest().xxh64(), Units.plural(view.digest().pages(), "page")));
    }
    if (view.digestProblem() != null) {
      line("digest", "none: " + view.digestProblem());
    }
    if (!view.verdict().isNoImage()) {
      sizes(summary);
    }
    verdict(view.verdict());
  }

  private void line(String label, String text) {
    console.out().printf("  %s %s%n", console.faint("%-11s".formatted(label)), text);
  }

  private void layers(ImageSummary summary) {
    List<String> around = new ArrayList<>();
    List<String> beside = new ArrayList<>();
    ImageSummary.LayerSeen holder = partAround(summary);
    for (ImageSummary.LayerSeen seen : summary.layers()) {
      Layer layer = seen.layer();
      if (seen.equals(holder) || !(layer instanceof Layer.XenServerPart part)) {
        if (!(layer instanceof Layer.MigrateGo)) {
          around.add(layer.title());
        }
      } else if (part.type() != Layer.XenServerPart.END) {
        beside.add(layer.title());
      }
    }
    StreamHeaders headers = summary.headers();
    if (headers != null && !isLegacy(summary)) {
      around.add(
          "libxc stream v%d%s"
              .formatted(
                  headers.image().version(),
                  headers.order() == ByteOrder.BIG_ENDIAN ? " (big-endian)" : ""));
    }
    line("layers", around.isEmpty() ? "none recognised" : String.join(" › ", around));
    if (!beside.isEmpty()) {
      line("", "beside it: " + String.join(", ", beside));
    }
    for (ImageSummary.LayerSeen seen : summary.layers()) {
      if (seen.layer() instanceof Layer.MigrateGo) {
        line("", "captured from a migration: the sender's GO message follows the stream");
      }
    }
  }

  /// Which of the parts of a XenServer suspend image, that follow each other, has the stream in it.
  private static ImageSummary.@Nullable LayerSeen partAround(ImageSummary summary) {
    StreamHeaders headers = summary.headers();
    ImageSummary.LayerSeen last = null;
    for (ImageSummary.LayerSeen seen : summary.layers()) {
      if (seen.layer() instanceof Layer.XenServerPart part
          && part.isStream()
          && (headers == null || seen.offset() <= headers.offset())) {
        last = seen;
      }
    }
    return last;
  }

  private static boolean isLegacy(ImageSummary summary) {
    return summary.layers().stream().anyMatch(seen -> seen.layer() instanceof Layer.LegacyImage);
  }

  private static String madeBy(StreamHeaders headers) {
    if (headers.domain().isConverted()) {
      return "the converter of legacy images, version "
          + Integer.toUnsignedString(headers.domain().xenMinor());
    }
    return "Xen %s.%s%s"
        .formatted(
            Integer.toUnsignedString(headers.domain().xenMajor()),
            Integer.toUnsignedString(headers.domain().xenMinor()),
            headers.image().version() == ImageHeader.V2 ? " (format of 4.6 to 4.13)" : "");
  }

  private static String guest(ImageSummary summary) {
    StringBuilder text = new StringBuilder(summary.guest().title());
    text.append(", ").append(Units.plural(summary.vcpus(), "vCPU"));
    for (ImageSummary.LayerSeen seen : summary.layers()) {
      if (seen.layer() instanceof Layer.XlSave xl) {
        String name = XlConfig.of(xl).name();
        if (name != null) {
          text.append(", named ").append(Decoded.printable(name));
        }
      }
    }
    return text.toString();
  }

  private void memory(ImageSummary summary) {
    ImageSummary.Memory memory = summary.memory();
    StringBuilder text = new StringBuilder();
    if (memory.populatedPfns() >= 0) {
      text.append(Units.plural(memory.populatedPfns(), "page"))
          .append(" (")
          .append(Units.octets(memory.populatedPfns() * Wire.PAGE_SIZE))
          .append(")");
    } else {
      text.append("pages spread too wide to be counted");
    }
    if (memory.highestPfn() >= 0) {
      text.append(", highest pfn 0x").append(Long.toHexString(memory.highestPfn()));
    }
    if (memory.p2mSize() >= 0) {
      text.append(", p2m of ").append(Units.count(memory.p2mSize()));
    }
    line("memory", text.toString());
    StringBuilder types = new StringBuilder("sent:");
    for (int type = 0; type < memory.entries().size(); type++) {
      long count = memory.entries().get(type);
      if (count > 0) {
        types.append(' ').append(PageType.name(type)).append(' ').append(Units.count(count));
      }
    }
    line("", types.toString());
    if (memory.zeroPages() >= 0) {
      line("", Units.plural(memory.zeroPages(), "page") + " of those sent hold only zeros");
    }
  }

  private void passes(ImageSummary summary) {
    List<ImageSummary.Pass> passes = summary.passes();
    int shown = passes.size() <= MOST_PASSES ? passes.size() : MOST_PASSES - 1;
    for (int i = 0; i < shown; i++) {
      line(i == 0 ? "passes" : "", pass(i, passes.get(i), summary.checkpoints() > 0));
    }
    if (shown < passes.size()) {
      long pages = 0;
      for (ImageSummary.Pass pass : passes.subList(shown, passes.size())) {
        pages += pass.pages();
      }
      line("", "and %d more with %s".formatted(passes.size() - shown, Units.plural(pages, "page")));
    }
    if (summary.checkpoints() > 0) {
      line(
          "checkpoints",
          Units.count(summary.checkpoints())
              + " complete"
              + (summary.ended() ? "" : "; the stream stops without END, as these do"));
    }
  }

  private static String pass(int index, ImageSummary.Pass pass, boolean checkpointed) {
    StringBuilder text = new StringBuilder().append(index + 1).append(": ");
    if (pass.verify()) {
      text.append("verify, ");
    }
    text.append(Units.plural(pass.pages(), "page"));
    text.append(" in ").append(Units.count(pass.batches()));
    text.append(pass.batches() == 1 ? " batch" : " batches");
    if (pass.resent() > 0) {
      text.append(", ").append(Units.count(pass.resent())).append(" sent again");
    }
    if (checkpointed) {
      text.append(", for checkpoint ").append(pass.checkpoint() + 1);
    }
    return text.toString();
  }

  private void policies(ImageSummary summary) {
    if (summary.cpuidPolicy().byteSize() == 0 && summary.msrPolicy().byteSize() == 0) {
      line("policies", "none: the toolstack has to supply them");
      return;
    }
    CpuidPolicy cpuid = new CpuidPolicy(summary.cpuidPolicy());
    StringBuilder text = new StringBuilder("CPUID of ");
    text.append(Units.count(cpuid.leaves())).append(" leaves");
    String brand = cpuid.brand();
    if (brand != null && !brand.isBlank()) {
      text.append(" (").append(brand.strip()).append(')');
    }
    text.append(", ");
    text.append(Units.count(summary.msrPolicy().byteSize() / Blobs.MSR_ENTRY_SIZE));
    line("policies", text.append(" MSRs").toString());
  }

  private void tsc(ImageSummary summary) {
    StreamRecord.TscInfo tsc = summary.tsc();
    if (tsc == null) {
      return;
    }
    Decoded mode = Blobs.tscMode(Integer.toUnsignedLong(tsc.mode()));
    String name =
        mode instanceof Decoded.Explained explained ? explained.meaning() : "" + tsc.mode();
    line(
        "tsc",
        String.format(
            Locale.ROOT,
            "mode %s, %.3f GHz, incarnation %s, %.1f s old",
            name,
            Integer.toUnsignedLong(tsc.khz()) / 1e6,
            Integer.toUnsignedString(tsc.incarnation()),
            tsc.nsec() / 1e9));
  }

  private void emulators(ImageSummary summary) {
    for (ImageSummary.Emulator emulator : summary.emulators()) {
      List<String> parts = new ArrayList<>();
      if (emulator.contextOctets() >= 0) {
        parts.add(Units.octets(emulator.contextOctets()) + " of state");
      }
      if (emulator.xenstoreOctets() >= 0) {
        parts.add(Units.octets(emulator.xenstoreOctets()) + " of xenstore data");
      }
      line("device", LibxlRecord.emulatorName(emulator.id()) + ": " + String.join(", ", parts));
    }
    for (ImageSummary.LayerSeen seen : summary.layers()) {
      if (seen.layer() instanceof Layer.XenServerPart part && part.isState()) {
        line("device", part.name() + ": " + Units.octets(part.length()) + " of state");
      }
    }
  }

  private void sizes(ImageSummary summary) {
    long whole = summary.octets();
    line("size", Units.octets(whole));
    List<ImageSummary.Size> sizes = summary.sizes();
    int shown = sizes.size() <= MOST_SIZES ? sizes.size() : MOST_SIZES - 1;
    long rest = 0;
    for (int i = 0; i < sizes.size(); i++) {
      if (i < shown) {
        size(sizes.get(i).name(), sizes.get(i).octets(), sizes.get(i).count(), whole);
      } else {
        rest += sizes.get(i).octets();
      }
    }
    if (shown < sizes.size()) {
      size(sizes.size() - shown + " other kinds", rest, -1, whole);
    }
  }

  private void size(String name, long octets, long count, long whole) {
    long eighths = whole == 0 ? 0 : Math.ceilDiv(octets * 8L * BAR, whole);
    int full = (int) (eighths / 8);
    String bar = "█".repeat(full) + (eighths % 8 == 0 ? "" : EIGHTHS.charAt((int) (eighths % 8)));
    console
        .out()
        .printf(
            "    %-26s %12s %s %s%n",
            name,
            Units.octets(octets),
            count < 0 ? " ".repeat(8) : "×%-7s".formatted(Units.count(count)),
            bar);
  }

  private void verdict(Verdict verdict) {
    line("verdict", VerifyVerb.line(verdict, console));
    verdict.findings().stream()
        .filter(finding -> finding.severity() != org.xenstream.core.verify.Severity.NOTE)
        .limit(5)
        .forEach(finding ->
            console
                .out()
                .printf(
                    "    %s @0x%x (%s): %s [%s]%n",
                    finding.severity().word(),
                    finding.location().offset(),
                    finding.location().what(),
                    finding.message(),
                    finding.rule().id()));
  }
}
