// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.GatheringByteChannel;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.HvmContextCursor;
import org.xenstream.core.format.ImageHeader;
import org.xenstream.core.format.InferStaticDataEnd;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.RecordType;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamHeaders;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.StreamWriter;
import org.xenstream.core.format.Wire;

/// Copies an image, whole or without some of its layers, in another version or byte order.
///
/// What does not change is passed on to the octet, and from a mapped file without coming into user
/// space. Compression is always taken off. Items are pushed, so that whoever reads the image can
/// look at them too.
public final class ImageCopy {
  /// Which layers the copy has.
  public enum Layers {
    /// Those of the image.
    SAME,
    /// The bare libxc stream.
    LIBXC,
    /// A libxl stream: the image's own, or one made around a bare libxc stream.
    LIBXL,
    /// An xl save file: header and configuration of the image, or made with one that is given.
    XL
  }

  /// What to change.
  ///
  /// @param version the version to write, 2 or 3; 0 for the image's own
  /// @param order the byte order to write, or null for the image's own
  /// @param layers which layers to write
  /// @param dropPolicies whether CPU policies may be left out where the version cannot hold them
  /// @param config the configuration of an xl save file whose image has none, or null
  public record Options(
      int version,
      @Nullable ByteOrder order,
      Layers layers,
      boolean dropPolicies,
      @Nullable String config) {
    /// The image as it is.
    public static final Options SAME = new Options(0, null, Layers.SAME, false, null);
  }

  /// Octets of an X86_PV_INFO's body; the reference lets it be longer.
  private static final int PV_INFO = 8;

  private static final int MOST_NAMED = 64;

  private final ImageReader image;
  private final Options options;
  private final Octets octets;
  private final LayerWriter layers;
  private boolean begun;
  private boolean synthesised;

  /// A libxl stream is taken off.
  private boolean unwrapped;

  private @Nullable StreamWriter writer;
  private @Nullable StreamHeaders headers;
  private ByteOrder libxlOrder = ByteOrder.LITTLE_ENDIAN;
  private boolean staticDataOver;

  /// The stream may stop here: a libxl stream made around it then stops as well, and one that is
  /// taken off has not ended the checkpoint, which to libxl is not complete.
  private boolean atCheckpoint;

  /// The layers made around the stream lack the state of the guest's device model.
  private boolean lacksDeviceModel;

  private long droppedPolicies;
  private boolean wantsPoliciesDropped;
  private final Map<String, Long> leftOut = new LinkedHashMap<>();
  private final Map<String, Long> unswapped = new LinkedHashMap<>();

  /// @param image the image whose items will be pushed
  /// @param out blocking; stays the caller's to close
  /// @param options what to change
  public ImageCopy(ImageReader image, GatheringByteChannel out, Options options) {
    this.image = image;
    this.options = options;
    this.octets = new Octets(out);
    this.layers = new LayerWriter(out);
  }

  /// Takes the next item.
  ///
  /// @throws StreamFormatException when it cannot be written as asked: what the target cannot hold
  ///   is named, never left out in silence
  public void see(ImageItem item) throws IOException {
    switch (item) {
      case ImageItem.LayerFound found -> layer(found);
      case ImageItem.LibxcBegins(var given) -> begin(given);
      case ImageItem.Libxc(var framed, _) -> record(framed, item);
      case ImageItem.Libxl(var frame, var record) -> libxl(frame, record, item);
      case ImageItem.Remarked _ -> {}
      case ImageItem.Trailing(_, long length) -> {
        if (options.layers() == Layers.SAME) {
          octets.take(image.input(), item);
        } else {
          leftOut.put("what stands behind the image", length);
        }
      }
    }
  }

  /// Ends the copy: everything is written.
  ///
  /// @return how many CPU policies were left out
  public long end() throws IOException {
    octets.flush();
    if (unwrapped && atCheckpoint) {
      leftOut.put(
          "that the last checkpoint has no " + LibxlRecord.nameOf(LibxlRecord.TYPE_CHECKPOINT_END),
          -1L);
    }
    if (synthesised && !atCheckpoint) {
      layers.libxl(LibxlRecord.TYPE_END, order());
    }
    return droppedPolicies;
  }

  /// Tells whether the copy was refused because of a CPU policy, which would be left out if that
  /// was asked for.
  public boolean wantsPoliciesDropped() {
    return wantsPoliciesDropped;
  }

  /// What the copy has no place for, with its octets, −1 where they are not known: configurations
  /// and descriptions of the domain, states of device models, records of libxl that are unknown or
  /// have a body where none belongs, that of a STATIC_DATA_END in version 2, the message that ends
  /// a migration, that a checkpoint is not complete, and what stands behind the image. A
  /// configuration in whose place another one was given is not among it.
  public Map<String, Long> leftOut() {
    return Collections.unmodifiableMap(leftOut);
  }

  /// What a copy in the other byte order holds as it came, with its octets, since nothing tells
  /// what in it is a number: bodies of records that no specification describes.
  public Map<String, Long> unswapped() {
    return Collections.unmodifiableMap(unswapped);
  }

  /// Tells whether a libxl stream was made around that of a guest with a device model, of which a
  /// bare libxc stream holds no state: libxl cannot start it, and restores no such copy.
  public boolean lacksDeviceModel() {
    return lacksDeviceModel;
  }

  private void layer(ImageItem.LayerFound found) throws IOException {
    switch (found.layer()) {
      case Layer.Compressed _ -> {}
      case Layer.XlSave xl -> {
        if (options.layers() == Layers.XL && options.config() != null) {
          beginXl(found.offset());
        } else if (options.layers() == Layers.SAME || options.layers() == Layers.XL) {
          begun = true;
          octets.take(image.input(), found);
        } else {
          leave(found);
        }
      }
      case Layer.LibxlStream stream -> beginLibxl(found, stream);
      case Layer.LegacyImage legacy -> {
        if (!options.equals(Options.SAME)) {
          throw refused(found.offset(), "a modern stream, as convert makes one", legacy.title());
        }
        octets.take(image.input(), found);
      }
      case Layer.BackChannel back -> {
        if (!options.equals(Options.SAME)) {
          throw refused(found.offset(), "a stream with headers", back.title());
        }
      }
      case Layer.XenServerPart part
          when part.isState()
              && (options.layers() == Layers.LIBXL || options.layers() == Layers.XL) ->
          throw refused(
              found.offset(),
              "no device model's state, which a copy in other layers would lose",
              part.title() + " of " + part.length() + " octets");
      case Layer.XenServerPart _,
          Layer.XenServer _,
          Layer.Libvirt _,
          Layer.Xend _,
          Layer.MigrateGo _ -> {
        if (options.layers() == Layers.SAME) {
          octets.take(image.input(), found);
        } else {
          leave(found);
        }
      }
    }
  }

  /// Names what somebody may miss of a layer that is taken off. That of xend is around legacy
  /// images alone, which keep their layers.
  private void leave(ImageItem.LayerFound found) {
    if (found.layer() instanceof Layer.XlSave xl && xl.optionalData().byteSize() > 0) {
      long length = xl.optionalData().byteSize();
      count(leftOut, "the domain's configuration (xl)", length - (length < 4 ? 0 : 4));
    } else if (found.layer() instanceof Layer.Libvirt(_, var xml)) {
      count(leftOut, "the domain's description (libvirt)", xml.getBytes(UTF_8).length);
    } else if (found.layer() instanceof Layer.XenServerPart part
        && (part.isState() || part.type() == Layer.XenServerPart.XENOPS)) {
      count(leftOut, part.title(), part.length());
    } else if (found.layer() instanceof Layer.MigrateGo) {
      count(leftOut, "the GO message of xl migrate", found.length());
    }
  }

  private void beginXl(long offset) throws IOException {
    String config = options.config();
    if (config == null) {
      throw refused(offset, "a configuration for the xl save file", "none in the image");
    }
    begun = true;
    layers.xlHeader(config);
  }

  private void beginLibxl(ImageItem.LayerFound found, Layer.LibxlStream stream) throws IOException {
    if (options.layers() == Layers.LIBXC) {
      unwrapped = true;
      return;
    }
    if (options.layers() == Layers.XL && !begun) {
      beginXl(found.offset());
    }
    begun = true;
    libxlOrder = stream.order();
    if (options.order() == null || options.order() == stream.order()) {
      octets.take(image.input(), found);
      return;
    }
    octets.flush();
    layers.libxlHeader(stream.options() ^ Layer.LibxlStream.BIG_ENDIAN);
  }

  private void begin(StreamHeaders given) throws IOException {
    headers = given;
    boolean wrap = options.layers() == Layers.LIBXL || options.layers() == Layers.XL;
    if (wrap && !begun) {
      synthesise(given);
    } else if (synthesised) {
      throw refused(given.offset(), "one libxc stream", "another");
    }
    int version = options.version() == 0 ? given.image().version() : options.version();
    octets.flush();
    ImageHeader header = given.image();
    int flags =
        order() == given.order() ? header.options() : header.options() ^ Wire.OPT_BIG_ENDIAN;
    writer =
        StreamWriter.begin(
            octets.out(), new ImageHeader(version, flags, header.reserved()), given.domain());
    staticDataOver = false;
  }

  /// A libxl stream, and an xl save file where asked for, around a bare libxc stream.
  private void synthesise(StreamHeaders given) throws IOException {
    if (options.layers() == Layers.XL) {
      beginXl(given.offset());
    }
    begun = true;
    synthesised = true;
    layers.libxlHeader(order() == ByteOrder.BIG_ENDIAN ? Layer.LibxlStream.BIG_ENDIAN : 0);
    layers.libxl(LibxlRecord.TYPE_LIBXC_CONTEXT, order());
  }

  private ByteOrder order() {
    if (options.order() != null) {
      return options.order();
    }
    return headers == null ? ByteOrder.LITTLE_ENDIAN : headers.order();
  }

  private void record(Framed framed, ImageItem item) throws IOException {
    if (writer == null || headers == null) {
      // A back channel: bare records.
      octets.take(image.input(), item);
      return;
    }
    if (!fits(framed)) {
      return;
    }
    if (synthesised && framed.record() instanceof StreamRecord.HvmContext(var context)) {
      lacksDeviceModel |= HvmContextCursor.has(context, HvmContextCursor.PIC);
    }
    if (order() == headers.order()) {
      octets.take(image.input(), item);
    } else {
      octets.flush();
      writer.swap(framed);
      noteUnswapped(
          framed.frame().typeName(),
          switch (framed.record()) {
            case StreamRecord.PvInfo _ -> framed.frame().body().asSlice(PV_INFO);
            case StreamRecord.End _,
                StreamRecord.Verify _,
                StreamRecord.Checkpoint _,
                StreamRecord.StaticDataEnd _,
                StreamRecord.Unknown _ ->
                framed.frame().body();
            default -> MemorySegment.NULL;
          });
    }
    atCheckpoint = framed.record() instanceof StreamRecord.Checkpoint;
    if (synthesised && atCheckpoint) {
      octets.flush();
      layers.libxl(LibxlRecord.TYPE_CHECKPOINT_END, order());
    }
  }

  /// Tells whether the target version has the record, and puts in what it wants before it.
  private boolean fits(Framed framed) throws IOException {
    if (writer == null || headers == null || options.version() == 0) {
      return true;
    }
    int from = headers.image().version();
    int type = framed.frame().type();
    if (from == ImageHeader.V3 && options.version() == ImageHeader.V2) {
      if (type == RecordType.STATIC_DATA_END.code()) {
        if (framed.frame().length() > 0) {
          count(leftOut, "the body of " + framed.frame().typeName(), framed.frame().length());
        }
        return false;
      }
      if (type == RecordType.X86_CPUID_POLICY.code() || type == RecordType.X86_MSR_POLICY.code()) {
        if (!options.dropPolicies()) {
          wantsPoliciesDropped = true;
          throw new StreamFormatException(
              Fault.MISPLACED,
              Location.of(image.name(), framed.frame(), framed.frame().offset(), null),
              "a record that version 2 has",
              framed.frame().typeName());
        }
        droppedPolicies++;
        return false;
      }
    }
    if (from == ImageHeader.V2 && options.version() == ImageHeader.V3 && !staticDataOver) {
      if (type == RecordType.STATIC_DATA_END.code()) {
        staticDataOver = true;
      } else if (InferStaticDataEnd.standsBefore(type)) {
        staticDataOver = true;
        octets.flush();
        writer.accept(new StreamRecord.StaticDataEnd());
      }
    }
    return true;
  }

  private void libxl(LibxlFrame frame, LibxlRecord record, ImageItem item) throws IOException {
    if (options.layers() == Layers.LIBXC) {
      atCheckpoint &= !(record instanceof LibxlRecord.CheckpointEnd);
      // COLO's hand-shake is between toolstacks, and nothing to be kept.
      if (!(record instanceof LibxlRecord.CheckpointState) && frame.length() > 0) {
        count(leftOut, "libxl " + frame.typeName(), frame.length());
      }
      return;
    }
    if (options.order() == null || options.order() == libxlOrder) {
      octets.take(image.input(), item);
      return;
    }
    octets.flush();
    layers.libxl(frame, record, options.order());
    noteUnswapped(
        "libxl " + frame.typeName(),
        switch (record) {
          case LibxlRecord.CheckpointState _ ->
              frame.body().asSlice(LibxlRecord.CHECKPOINT_STATE_LENGTH);
          case LibxlRecord.EmulatorContext _,
              LibxlRecord.EmulatorXenstoreData _,
              LibxlRecord.Malformed _ ->
              MemorySegment.NULL;
          case LibxlRecord.End _,
              LibxlRecord.LibxcContext _,
              LibxlRecord.CheckpointEnd _,
              LibxlRecord.Unknown _ ->
              frame.body();
        });
  }

  /// Zeros are the same in either order.
  private void noteUnswapped(String name, MemorySegment octets) {
    for (long at = 0; at < octets.byteSize(); at++) {
      if (octets.get(ValueLayout.JAVA_BYTE, at) != 0) {
        count(unswapped, name, octets.byteSize());
        return;
      }
    }
  }

  /// An image can hold records of as many types as it likes.
  private static void count(Map<String, Long> octets, String name, long length) {
    octets.merge(
        octets.containsKey(name) || octets.size() < MOST_NAMED ? name : "other records",
        length,
        Long::sum);
  }

  private StreamFormatException refused(long offset, String expected, String found) {
    return new StreamFormatException(
        Fault.MISPLACED, Location.of(image.name(), offset, "", "copy", null), expected, found);
  }
}
