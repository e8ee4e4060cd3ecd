// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.envelope.Layer;
import org.xenstream.core.envelope.LayerWriter;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.legacy.XendConfig;

/// A legacy image that is about to be translated, and the layers around it.
///
/// @param reader stands in front of the image
/// @param offset where it begins
/// @param xl the header of the xl file around it, or null
/// @param xend the header of the xend file around it, or null
/// @param xendOffset where xend's configuration begins
/// @param other what else is around it, or null
/// @param xenops whether XenServer's own record of the guest stands in front of it
record LegacyImage(
    ImageReader reader,
    long offset,
    Layer.@Nullable XlSave xl,
    Layer.@Nullable Xend xend,
    long xendOffset,
    @Nullable Layer other,
    boolean xenops) {
  /// Octets in front of xend's configuration: signature and length.
  private static final int XEND_HEADER = 20;

  /// Octets of the number in front of an xl file's configuration.
  private static final int CONFIG_LENGTH = 4;

  /// A configuration and what kind of one it is.
  ///
  /// @param octets as they go into the header
  /// @param json whether it is JSON, not the text of a configuration file
  /// @param notes what is not in it
  record Config(MemorySegment octets, boolean json, List<String> notes) {
    /// Writes the header of an xl save file with it.
    ///
    /// @param libxl whether a libxl stream follows
    void write(LayerWriter layers, boolean libxl) throws IOException {
      layers.xlHeader(
          octets.toArray(ValueLayout.JAVA_BYTE),
          (json ? Layer.XlSave.JSON : 0) | (libxl ? Layer.XlSave.STREAM_V2 : 0));
    }
  }

  private static MemorySegment utf8(String text) {
    return MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8));
  }

  /// Reads up to the legacy image.
  ///
  /// @throws StreamFormatException when there is none
  static LegacyImage find(ImageReader reader) throws IOException {
    Layer.XlSave xl = null;
    Layer.Xend xend = null;
    Layer other = null;
    long xendOffset = 0;
    boolean xenops = false;
    for (ImageItem item = reader.next(); item != null; item = reader.next()) {
      if (item instanceof ImageItem.LibxcBegins) {
        throw none(reader, item.offset(), "a libxc stream, which copy rewrites");
      }
      if (!(item instanceof ImageItem.LayerFound found)) {
        continue;
      }
      switch (found.layer()) {
        case Layer.LegacyImage _ -> {
          return new LegacyImage(reader, found.offset(), xl, xend, xendOffset, other, xenops);
        }
        case Layer.XlSave layer -> {
          holdFlags(layer, reader, found.offset());
          xl = layer;
        }
        case Layer.Xend layer -> {
          xend = layer;
          xendOffset = found.offset() + XEND_HEADER;
        }
        case Layer.BackChannel back -> throw none(reader, found.offset(), back.title());
        case Layer.Libvirt _, Layer.XenServer _ -> other = found.layer();
        case Layer.XenServerPart part -> xenops |= part.type() == Layer.XenServerPart.XENOPS;
        case Layer.Compressed _, Layer.MigrateGo _, Layer.LibxlStream _ -> {}
      }
    }
    throw none(reader, reader.input().position(), "the end");
  }

  /// Refuses a file of which nobody knows how it is to be read, as xl does.
  private static void holdFlags(Layer.XlSave xl, ImageReader reader, long offset)
      throws StreamFormatException {
    if ((xl.mandatoryFlags() & ~(Layer.XlSave.JSON | Layer.XlSave.STREAM_V2)) != 0) {
      throw new StreamFormatException(
          Fault.MALFORMED_LAYER,
          Location.of(reader.name(), offset + 36, "xl", "header", "mandatory_flags"),
          "no bit but 0 and 1",
          "0x%x".formatted(xl.mandatoryFlags()));
    }
  }

  private static StreamFormatException none(ImageReader reader, long offset, String found) {
    return new StreamFormatException(
        Fault.NOT_AN_IMAGE,
        Location.of(reader.name(), offset, "", "image", null),
        "a legacy image",
        found);
  }

  /// Tells whether a configuration comes with the image.
  boolean hasConfig() {
    return xend != null || (xl != null && xl.configLength() > 0);
  }

  /// What is around the image and says how the guest is configured, but not to xl; or null.
  @Nullable String foreignConfig() {
    if (other instanceof Layer.Libvirt) {
      return "libvirt's domain XML";
    }
    return xenops ? "XenServer's Xenops record" : null;
  }

  /// The configuration that comes with the image, or null: an xl file's as it is, xend's
  /// translated.
  ///
  /// @param hvm whether the image holds an HVM guest
  /// @throws StreamFormatException when xend's is damaged
  @Nullable Config config(boolean hvm) throws StreamFormatException {
    if (xend != null) {
      XendConfig translated = XendConfig.translate(reader.name(), xendOffset, xend.config(), hvm);
      return new Config(utf8(translated.json()), true, translated.notes());
    }
    if (xl == null || xl.configLength() <= 0) {
      return null;
    }
    MemorySegment data = xl.optionalData();
    long length = Math.min(xl.configLength(), data.byteSize() - CONFIG_LENGTH);
    MemorySegment octets = data.asSlice(CONFIG_LENGTH, length);
    return new Config(octets, (xl.mandatoryFlags() & Layer.XlSave.JSON) != 0, List.of());
  }

  /// Tells what stands behind the image and is not taken over.
  void behind(Consumer<String> listener) throws IOException {
    for (ImageItem item = reader.next(); item != null; item = reader.next()) {
      String left =
          switch (item) {
            case ImageItem.LayerFound(_, _, Layer.XenServerPart part)
                when part.type() != Layer.XenServerPart.END ->
                part.title() + " of " + Units.octets(part.length());
            case ImageItem.Trailing(_, long length) ->
                Units.plural(length < 0 ? reader.input().advance(Long.MAX_VALUE) : length, "octet")
                    + " behind the image";
            default -> null;
          };
      if (left != null) {
        listener.accept("%s @0x%x: left out: %s".formatted(reader.name(), item.offset(), left));
      }
    }
  }
}
