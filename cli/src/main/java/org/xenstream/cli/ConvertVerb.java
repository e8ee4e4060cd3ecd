// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.envelope.LayerWriter;
import org.xenstream.core.envelope.ScratchException;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.legacy.Checkpoints;
import org.xenstream.legacy.GuestKind;
import org.xenstream.legacy.LegacyConversion;
import org.xenstream.legacy.LegacyOptions;
import org.xenstream.legacy.LegacySource;
import org.xenstream.legacy.WordWidth;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/// `convert`: rewrites a legacy image as a modern one.
final class ConvertVerb implements Verb {
  /// What is written.
  enum To {
    /// A bare libxc stream.
    LIBXC,
    /// A libxl stream.
    LIBXL,
    /// An xl save file.
    XL;

    LegacyConversion.Target target() {
      return this == LIBXC ? LegacyConversion.Target.LIBXC : LegacyConversion.Target.LIBXL;
    }
  }

  @Override
  public CommandSpec spec() {
    CommandSpec spec =
        Verb.spec(
            "convert",
            "Converts a legacy image, of Xen 4.5 or older, into a modern one. What an image is"
                + " (widths, kind of guest, layers, compression) is told by its content.",
            "There is no way back: nothing saves in the legacy format, by design of the modern"
                + " one.");
    spec.usageMessage()
        .exitCodeList(
            Map.of(
                "0", "the conversion is complete",
                "1",
                    "the image or a given configuration is damaged, or the target lacks something;"
                        + " nothing is left",
                "2", "a file cannot be opened or written, no legacy image, or bad usage"));
    spec.addOption(
        Verb.value(
            "--to",
            "libxc|libxl|xl",
            "Write a bare libxc stream, a libxl stream with the device model's state, or an xl save"
                + " file for 'xl restore'. Default: xl where the image brings a configuration (a"
                + " file of xl or xend), else libxl."));
    spec.addOption(
        Verb.value(
            "--checkpoints",
            "last|keep|N",
            "Of an image with several states (Remus): the last complete one, each as a checkpoint"
                + " (which 'xl migrate-receive -r' takes and 'xl restore' refuses), or number N."
                + " Default: last."));
    spec.addOption(
        Verb.flag(
            "--keep-pages",
            "Of compressed checkpoints out of a pipe: keep every page of the image in a scratch file,"
                + " for differences from pages that came before compression began. No saver of Xen"
                + " sends such; an image in a file that is not compressed is read once more for"
                + " them."));
    spec.addOption(
        Verb.value(
            GivenConfig.OPTION,
            "FILE",
            "The domain's configuration for --to xl, in place of the image's own: JSON, as 'xl list"
                + " -l NAME' writes it or what of it belongs to \"config\", or a configuration"
                + " file."));
    spec.addOption(
        Verb.value(
            "--guest-width",
            "32|64",
            "How wide a PV guest is, for an image of Xen 3.0 or 3.1 that does not tell: without"
                + " extended info, as all of 3.0.0 and 3.0.2, and of 3.0.3 to 3.1 all but those of"
                + " PAE guests with extended CR3."));
    spec.addOption(
        Verb.value(
            "--guest-kind",
            "pv|hvm",
            "What kind of guest it is, for an image of those releases that fits both."));
    spec.addOption(
        Verb.flag(
            "--strict",
            "Refuse what is otherwise told and passed over: a --guest-width or --guest-kind that"
                + " the image contradicts, a guest whose width or kind has to be guessed,"
                + " transcendent memory, extended info that nobody knows, a parameter of HVM guests"
                + " in the image of a PV guest, an XSAVE state of another length than announced, a"
                + " last checkpoint that is not complete. All else that is told is so with this"
                + " option, too: octets behind the image, a missing device model."));
    ScratchOptions.addTo(spec, "");
    Rewriting.addTo(spec, "The legacy image", "The modern one");
    return Verb.own(this, spec);
  }

  @Override
  public int run(ParseResult arguments, Console console) throws IOException {
    ScratchOptions scratch = ScratchOptions.of(arguments);
    LegacyOptions options = options(arguments, scratch);
    To asked = to(arguments);
    if (Verb.has(arguments, GivenConfig.OPTION) && asked != null && asked != To.XL) {
      throw VerifyVerb.bad(arguments, "--config goes with --to xl");
    }
    LegacyImage.Config given = GivenConfig.read(arguments);
    return Rewriting.run(
        arguments,
        (reader, out) -> {
          try {
            convert(reader, given, asked, options, out, console);
          } catch (ScratchException e) {
            throw scratch.explained(e);
          }
        });
  }

  private static void convert(
      ImageReader reader,
      LegacyImage.@Nullable Config given,
      @Nullable To asked,
      LegacyOptions options,
      String out,
      Console console)
      throws IOException {
    LegacyImage image = LegacyImage.find(reader);
    To to = asked != null ? asked : given != null || image.hasConfig() ? To.XL : To.LIBXL;
    try (LegacySource source =
        LegacySource.open(reader.input(), options, note -> console.complain(note.toString()))) {
      LegacyImage.Config config = to == To.XL ? config(image, source, given) : null;
      try (OutputFile output = OutputFile.open(out)) {
        if (config != null) {
          config.write(new LayerWriter(output.channel()), true);
        }
        write(source, reader, to, output, console);
        tell(image, source, to, console);
        output.commit();
      }
      if (config != null) {
        for (String note : config.notes()) {
          console.complain("xend's configuration: " + note);
        }
      }
    }
  }

  private static LegacyImage.Config config(
      LegacyImage image, LegacySource source, LegacyImage.@Nullable Config given)
      throws StreamFormatException {
    LegacyImage.Config config =
        given != null ? given : image.config(source.facts().guestKind() == GuestKind.HVM);
    if (config == null) {
      throw new StreamFormatException(
          Fault.MISPLACED,
          Location.of(image.reader().name(), image.offset(), "", "convert", null),
          "a configuration for the xl save file (--config)",
          image.other() == null ? "none in the image" : "that of a " + image.other().title());
    }
    return config;
  }

  private static void write(
      LegacySource source, ImageReader reader, To to, OutputFile output, Console console)
      throws IOException {
    try (Progress progress = new Progress(console, "convert", reader.source());
        LegacyConversion conversion =
            LegacyConversion.begin(
                source, reader.input(), output.channel(reader.input()), to.target())) {
      while (conversion.step()) {
        progress.step();
      }
      if (to == To.XL && conversion.isCheckpointed()) {
        console.complain(
            "the file has checkpoints: 'xl restore' refuses it, 'xl migrate-receive -r' takes it"
                + " (--checkpoints last)");
      }
    }
  }

  /// Tells what the target has no place for.
  private static void tell(LegacyImage image, LegacySource source, To to, Console console)
      throws IOException {
    var model = source.deviceModel();
    if (to == To.LIBXC && model != null && !model.isEmpty()) {
      console.complain(
          "the device model's state is left out: a libxc stream has no place for it (--to libxl)");
    }
    if (to != To.XL && image.hasConfig()) {
      console.complain("the configuration is left out (--to xl)");
    }
    String foreign = image.foreignConfig();
    if (to != To.XL && foreign != null) {
      console.complain(foreign + " is left out (--config)");
    }
    image.behind(console::complain);
  }

  private static @Nullable To to(ParseResult arguments) {
    String to = arguments.matchedOptionValue("--to", "");
    return switch (to) {
      case "" -> null;
      case "libxc" -> To.LIBXC;
      case "libxl" -> To.LIBXL;
      case "xl" -> To.XL;
      default -> throw VerifyVerb.bad(arguments, "--to takes libxc, libxl or xl, not " + to);
    };
  }

  private static LegacyOptions options(ParseResult arguments, ScratchOptions scratch) {
    return LegacyOptions.builder()
        .guestWidth(width(arguments))
        .guestKind(kind(arguments))
        .strict(Verb.has(arguments, "--strict"))
        .checkpoints(checkpoints(arguments))
        .pages(PagesShown.LEFT_IN_INPUT)
        .keepPages(Verb.has(arguments, "--keep-pages"))
        .scratchFolder(scratch.folder())
        .scratchLimit(scratch.limit())
        .build();
  }

  private static @Nullable WordWidth width(ParseResult arguments) {
    String width = arguments.matchedOptionValue("--guest-width", "");
    return switch (width) {
      case "" -> null;
      case "32" -> WordWidth.BITS_32;
      case "64" -> WordWidth.BITS_64;
      default -> throw VerifyVerb.bad(arguments, "--guest-width takes 32 or 64, not " + width);
    };
  }

  private static @Nullable GuestKind kind(ParseResult arguments) {
    String kind = arguments.matchedOptionValue("--guest-kind", "");
    return switch (kind) {
      case "" -> null;
      case "pv" -> GuestKind.PV;
      case "hvm" -> GuestKind.HVM;
      default -> throw VerifyVerb.bad(arguments, "--guest-kind takes pv or hvm, not " + kind);
    };
  }

  private static Checkpoints checkpoints(ParseResult arguments) {
    String which = arguments.matchedOptionValue("--checkpoints", "last");
    if (which.equals("last")) {
      return Checkpoints.LAST;
    }
    if (which.equals("keep")) {
      return Checkpoints.KEEP;
    }
    if (which.matches("[1-9][0-9]{0,8}")) {
      return Checkpoints.number(Integer.parseInt(which));
    }
    throw VerifyVerb.bad(
        arguments, "--checkpoints takes last, keep or a number from 1 on, not " + which);
  }
}
