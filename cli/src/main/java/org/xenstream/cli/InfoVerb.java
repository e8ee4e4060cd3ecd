// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.Wire;
import org.xenstream.core.verify.Judge;
import org.xenstream.core.verify.Verdict;
import org.xenstream.insight.ImageSummary;
import org.xenstream.insight.MemoryDigest;
import org.xenstream.insight.Survey;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/// `info`: tells on one screen what an image is.
final class InfoVerb implements Verb {
  private static final int MOST_OF_EACH = 3;

  @Override
  public CommandSpec spec() {
    CommandSpec spec =
        Verb.spec(
            "info",
            "Tells what images are: layers, origin, guest, memory, passes, policies, device model,"
                + " sizes, verdict.");
    spec.usageMessage()
        .exitCodeList(
            java.util.Map.of(
                "0", "every image is sound",
                "1", "an image is unsound",
                "2", "an image cannot be opened or is none, or bad usage"));
    VerifyVerb.addJudging(spec);
    spec.addOption(
        Verb.flag(
            "--zero-pages",
            "Count the pages that hold nothing but zeros; reads all of the image."));
    spec.addOption(
        Verb.flag(
            "--digest",
            "Compute the digest of the stream's memory (XXH64, docs/format/digest.md); reads all of"
                + " the image."));
    ScratchOptions.addTo(
        spec, ", and where --digest keeps the pages of a pipe or a compressed image");
    spec.addOption(
        Verb.flag("--json", "Write one JSON object a line for each image (docs/json.md)."));
    Images.addTo(spec, "1..*", "Files, folders to walk, or '-' for standard input.");
    return Verb.own(this, spec);
  }

  @Override
  public int run(ParseResult arguments, Console console) throws IOException {
    Judge.Options options = VerifyVerb.judging(arguments, MOST_OF_EACH);
    ScratchOptions scratch = ScratchOptions.of(arguments);
    int worst = SOUND;
    boolean first = true;
    List<IOException> unreadable = new ArrayList<>();
    List<Images.Named> images = Images.of(arguments, unreadable::add);
    for (IOException failure : unreadable) {
      console.complain(Failure.text(failure));
      worst = NO_IMAGE;
    }
    for (Images.Named image : images) {
      View view = look(image, options, scratch, arguments, console);
      if (view == null) {
        worst = NO_IMAGE;
        continue;
      }
      if (view.verdict().isNoImage() && image.walked()) {
        continue;
      }
      if (Verb.has(arguments, "--json")) {
        Json.line(console, json -> InfoJson.write(json, view));
      } else {
        if (!first) {
          console.out().println();
        }
        new InfoText(console).write(view);
      }
      first = false;
      if (view.verdict().isNoImage()) {
        worst = NO_IMAGE;
      } else if (!view.verdict().isSound()) {
        worst = Math.max(worst, UNSOUND);
      }
    }
    if (first && worst == SOUND) {
      console.complain("no image among the files given");
      return NO_IMAGE;
    }
    return worst;
  }

  /// What is to be shown of an image.
  ///
  /// @param name as the user gave it
  /// @param summary what it is
  /// @param verdict what the rules say
  /// @param digest its memory's digest, or null
  /// @param digestProblem why there is no digest though it was asked for, or null
  record View(
      String name,
      ImageSummary summary,
      Verdict verdict,
      MemoryDigest.@Nullable Result digest,
      @Nullable String digestProblem) {}

  private static @Nullable View look(
      Images.Named image,
      Judge.Options options,
      ScratchOptions scratch,
      ParseResult arguments,
      Console console) {
    try (MemoryDigest digest =
        Verb.has(arguments, "--digest") ? new MemoryDigest(scratch.folder()) : null) {
      boolean zeroPages = Verb.has(arguments, "--zero-pages");
      PagesShown pages =
          zeroPages || digest != null ? PagesShown.IN_VIEW : PagesShown.TABLES_IN_VIEW;
      Looking looking = new Looking(console, new Survey(image.name(), zeroPages), digest, pages);
      Verdict verdict = Judging.run(image, "info", options, scratch, console, looking);
      return looking.view(image.name(), verdict);
    } catch (IOException e) {
      Judging.unread(image, e, arguments, console);
      return null;
    }
  }

  /// What `info` wants to know besides the verdict.
  private static final class Looking implements Judging.Looker {
    private final Console console;
    private final Survey survey;
    private final @Nullable MemoryDigest digest;
    private final PagesShown pages;
    private MemoryDigest.@Nullable Result result;
    private @Nullable String problem;

    Looking(Console console, Survey survey, @Nullable MemoryDigest digest, PagesShown pages) {
      this.console = console;
      this.survey = survey;
      this.digest = digest;
      this.pages = pages;
    }

    @Override
    public PagesShown pagesWanted() {
      return pages;
    }

    @Override
    public void see(ImageItem item, OctetInput input) throws IOException {
      survey.see(item);
      if (digest != null) {
        digest.see(item, input);
      }
    }

    @Override
    public void end(boolean followed) throws IOException {
      if (digest == null) {
        return;
      }
      if (followed) {
        result = finish(digest);
      } else {
        problem = "the image's structure cannot be followed to its end";
      }
    }

    /// The pages of a mapped file are read only now.
    private MemoryDigest.Result finish(MemoryDigest digest) throws IOException {
      AtomicLong hashed = new AtomicLong();
      try (Progress progress =
          new Progress(console, "digest", digest.pages() * Wire.PAGE_SIZE, hashed::get)) {
        return digest.finish(pages -> {
          hashed.set(pages * Wire.PAGE_SIZE);
          progress.step();
        });
      }
    }

    View view(String name, Verdict verdict) {
      return new View(name, survey.summary(), verdict, result, problem);
    }
  }
}
