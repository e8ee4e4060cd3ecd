// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageCopy;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.StreamFormatException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/// `copy`: rewrites an image.
final class CopyVerb implements Verb {
  @Override
  public CommandSpec spec() {
    CommandSpec spec =
        Verb.spec(
            "copy",
            "Copies an image: as it is, in another version or byte order, or with other layers.",
            "Compression is taken off. What does not change is copied to the octet. What the target"
                + " cannot hold is refused, or named where it goes with a layer that is taken off.");
    spec.usageMessage()
        .exitCodeList(
            java.util.Map.of(
                "0", "the copy is complete",
                "1",
                    "the image's structure cannot be followed, the target cannot hold it, or a given"
                        + " configuration is damaged",
                "2", "a file cannot be opened or written, no image, or bad usage"));
    spec.addOption(
        Verb.value(
            "--to-version",
            "2|3",
            "Write this version of the format. Version 3 needs Xen"
                + " 4.14; version 2 has no CPU policies."));
    spec.addOption(
        Verb.flag("--drop-policies", "Leave out the CPU policies that version 2 cannot hold."));
    spec.addOption(
        Verb.value(
            "--byte-order",
            "little|big",
            "Write fields in this order; blobs and pages stay as they are, and so do bodies that no"
                + " specification describes, which are named. No Xen on x86 takes a"
                + " big-endian image: it is for other readers, and for tests."));
    spec.addOption(
        Verb.flag("--strip-layers", "Write the bare libxc stream; the same as --layer libxc."));
    spec.addOption(
        Verb.value(
            "--layer",
            "libxc|libxl|xl",
            "Write a bare libxc stream, a libxl stream, or an xl save file; layers that the image"
                + " does not have are made."));
    spec.addOption(
        Verb.value(
            "--config",
            "FILE",
            "The domain's configuration for --layer xl, in place of the image's own: JSON, as 'xl"
                + " list -l NAME' writes it or what of it belongs to \"config\"."));
    Rewriting.addTo(spec, "The image", "The copy");
    return Verb.own(this, spec);
  }

  @Override
  public int run(ParseResult arguments, Console console) throws IOException {
    ImageCopy.Options options = options(arguments);
    return Rewriting.run(arguments, (reader, out) -> copy(reader, out, options, console));
  }

  private static void copy(
      ImageReader reader, String out, ImageCopy.Options options, Console console)
      throws IOException {
    try (OutputFile output = OutputFile.open(out);
        Progress progress = new Progress(console, "copy", reader.source())) {
      ImageCopy copy = new ImageCopy(reader, output.channel(reader.source()), options);
      try {
        for (ImageItem item = reader.next(); item != null; item = reader.next()) {
          copy.see(item);
          progress.step();
        }
      } catch (StreamFormatException e) {
        throw copy.wantsPoliciesDropped() ? withHint(e) : e;
      }
      long dropped = copy.end();
      output.commit();
      copy.leftOut()
          .forEach((what, octets) ->
              console.complain(
                  "left out: " + what + (octets < 0 ? "" : ", " + Units.octets(octets))));
      copy.unswapped()
          .forEach((what, octets) ->
              console.complain(
                  "not swapped, as nothing tells what in it is a number: "
                      + what
                      + ", "
                      + Units.octets(octets)));
      if (copy.lacksDeviceModel()) {
        console.complain(
            "missing: the state of the guest's device model, without which libxl does not restore"
                + " the copy");
      }
      if (dropped > 0) {
        console.complain(
            Units.plural(dropped, "record")
                + " of CPU policies left out: the toolstack that restores the copy has to know"
                + " them");
      }
    }
  }

  private static StreamFormatException withHint(StreamFormatException refused) {
    return new StreamFormatException(
        refused.fault(),
        refused.location(),
        refused.expected() + " (--drop-policies leaves CPU policies out)",
        refused.found());
  }

  private static ImageCopy.Options options(ParseResult arguments) throws IOException {
    ImageCopy.Layers layers = layers(arguments);
    if (Verb.has(arguments, "--config") && layers != ImageCopy.Layers.XL) {
      throw VerifyVerb.bad(arguments, "--config goes with --layer xl");
    }
    return new ImageCopy.Options(
        version(arguments),
        order(arguments),
        layers,
        Verb.has(arguments, "--drop-policies"),
        config(arguments));
  }

  /// An image that is copied is a libxl stream, in front of which xl itself writes JSON.
  private static @Nullable String config(ParseResult arguments) throws IOException {
    LegacyImage.Config given = GivenConfig.read(arguments);
    if (given == null) {
      return null;
    }
    if (!given.json()) {
      throw VerifyVerb.bad(
          arguments, "--config takes JSON, as 'xl list -l NAME' writes it, and no other text");
    }
    return new String(given.octets().toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
  }

  private static int version(ParseResult arguments) {
    String version = arguments.matchedOptionValue("--to-version", "0");
    return switch (version) {
      case "0", "2", "3" -> Integer.parseInt(version);
      default -> throw VerifyVerb.bad(arguments, "--to-version takes 2 or 3, not " + version);
    };
  }

  private static @Nullable ByteOrder order(ParseResult arguments) {
    String order = arguments.matchedOptionValue("--byte-order", "");
    return switch (order) {
      case "" -> null;
      case "little" -> ByteOrder.LITTLE_ENDIAN;
      case "big" -> ByteOrder.BIG_ENDIAN;
      default -> throw VerifyVerb.bad(arguments, "--byte-order takes little or big, not " + order);
    };
  }

  private static ImageCopy.Layers layers(ParseResult arguments) {
    String layer = arguments.matchedOptionValue("--layer", "");
    if (Verb.has(arguments, "--strip-layers")) {
      if (!layer.isEmpty()) {
        throw VerifyVerb.bad(arguments, "--strip-layers and --layer exclude each other");
      }
      return ImageCopy.Layers.LIBXC;
    }
    return switch (layer) {
      case "" -> ImageCopy.Layers.SAME;
      case "libxc" -> ImageCopy.Layers.LIBXC;
      case "libxl" -> ImageCopy.Layers.LIBXL;
      case "xl" -> ImageCopy.Layers.XL;
      default -> throw VerifyVerb.bad(arguments, "--layer takes libxc, libxl or xl, not " + layer);
    };
  }
}
