// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.MappedInput;
import org.xenstream.core.format.MemoryRuns;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamReader;

/// Reads an image of any kind from the outside in: recognises each layer by its content, and gives
/// headers and records in the order of their octets.
///
/// ```
///  image  := compressed* ( xl | libvirt | xenserver | xend | libxl | libxc | back-channel | legacy )
///  xl     := header config ( libxl | legacy ) [ GO message ]
///  libxl  := header ( record | LIBXC_CONTEXT libxc )* END
/// ```
///
/// In a checkpointed stream the records of libxc and libxl take turns (specification of libxl,
/// "CHECKPOINT_END"). A legacy image is named, and then read as the records of a modern stream
/// where there is a [LegacyTranslator].
///
/// One item is held at a time. Nothing but [StreamFormatException] or a true `IOException` leaves,
/// whatever the octets.
public final class ImageReader implements AutoCloseable {
  /// A file that was compressed and then compressed again.
  private static final int MOST_COMPRESSIONS = 2;

  /// What the window of zstd or xz may take.
  private static final int WINDOW_MIB = 128;

  /// Where two are held at once, what the inner one's may take: twice what it takes with any preset
  /// of zstd up to 19 and of xz up to 6.
  private static final int SECOND_WINDOW_MIB = 16;

  private static final int SIGNATURE = 32;

  private final OctetInput source;
  private OctetInput input;
  private final Limits limits;
  private final PagesShown pages;
  private final LegacyReading reading;
  private final Deque<Stage> stages = new ArrayDeque<>();
  private int compressions;
  private int mostMib = WINDOW_MIB;
  private boolean finished;
  private @Nullable ImageItem shown;
  private boolean shownByLegacy;
  private @Nullable LegacyStage legacy;

  private ImageReader(OctetInput input, Limits limits, PagesShown pages, LegacyReading reading) {
    this.source = input;
    this.input = input;
    this.limits = limits;
    this.pages = pages;
    this.reading = reading;
    stages.push(this::detect);
  }

  /// Reads from any input.
  ///
  /// @param input closed with the reader
  public static ImageReader of(OctetInput input, Limits limits) {
    return of(input, limits, PagesShown.IN_VIEW);
  }

  /// The same, and tells what is done with the pages of PAGE_DATA records.
  ///
  /// @param input closed with the reader
  public static ImageReader of(OctetInput input, Limits limits, PagesShown pages) {
    return of(input, limits, pages, LegacyReading.CHECKPOINTS);
  }

  /// The same, and tells how a legacy image is read on.
  ///
  /// @param input closed with the reader
  public static ImageReader of(
      OctetInput input, Limits limits, PagesShown pages, LegacyReading reading) {
    return new ImageReader(input, limits, pages, reading);
  }

  /// Opens a file: a regular one by a mapping, anything else (a FIFO, a device) as a stream.
  ///
  /// @throws IOException when it cannot be opened
  public static ImageReader open(Path file, Limits limits) throws IOException {
    return open(file, limits, PagesShown.IN_VIEW);
  }

  /// The same, and tells what is done with the pages that come in a stream; those of a mapping are
  /// in view, where they cost nothing unless they are touched.
  ///
  /// @throws IOException when it cannot be opened
  public static ImageReader open(Path file, Limits limits, PagesShown ofStream) throws IOException {
    return open(file, limits, ofStream, LegacyReading.CHECKPOINTS);
  }

  /// The same, and tells how a legacy image is read on.
  ///
  /// @throws IOException when it cannot be opened
  public static ImageReader open(
      Path file, Limits limits, PagesShown ofStream, LegacyReading reading) throws IOException {
    if (Files.isRegularFile(file)) {
      return of(MappedInput.open(file), limits, ofMapping(ofStream), reading);
    }
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
    return of(new ChannelInput(file.toString(), channel), limits, ofStream, reading);
  }

  /// Reads standard input: a regular file that was redirected into it by a mapping, else as a
  /// stream.
  ///
  /// @param ofStream what is done with the pages that come in a stream
  /// @throws IOException when it cannot be read
  public static ImageReader standardInput(Limits limits, PagesShown ofStream) throws IOException {
    return standardInput(limits, ofStream, LegacyReading.CHECKPOINTS);
  }

  /// The same, and tells how a legacy image is read on.
  ///
  /// @throws IOException when it cannot be read
  @SuppressWarnings("resource") // the channel is closed with the input
  public static ImageReader standardInput(Limits limits, PagesShown ofStream, LegacyReading reading)
      throws IOException {
    FileChannel channel = new FileInputStream(FileDescriptor.in).getChannel();
    if (standardInputIsFile()) {
      MappedInput file = MappedInput.of("standard input", channel);
      return of(file, limits, ofMapping(ofStream), reading);
    }
    return of(new ChannelInput("standard input", channel), limits, ofStream, reading);
  }

  /// Tells whether a regular file was redirected into standard input.
  public static boolean standardInputIsFile() {
    return Files.isRegularFile(Path.of("/dev/stdin"));
  }

  /// What a judge looks at is better read.
  private static PagesShown ofMapping(PagesShown ofStream) {
    return ofStream == PagesShown.TABLES_IN_VIEW ? PagesShown.READ : PagesShown.IN_VIEW;
  }

  /// The next item, or null at the end of the image. The views of the one before are dead by then.
  ///
  /// @throws StreamFormatException when the structure cannot be followed
  /// @throws IOException when the octets cannot be had
  public @Nullable ImageItem next() throws IOException {
    release();
    while (true) {
      Stage stage = stages.peek();
      if (stage == null) {
        return finished ? null : trailing();
      }
      ImageItem item = stage.next();
      if (item != null) {
        shown = item;
        shownByLegacy = stage instanceof LegacyStage;
        return item;
      }
      stages.remove(stage);
    }
  }

  /// Passes over what was shown last, as far as nobody took it from the input already.
  private void release() throws IOException {
    ImageItem item = shown;
    shown = null;
    if (item == null || item.end() <= input.position() || shownByLegacy) {
      return; // A translation passes over the input itself.
    }
    if (pages != PagesShown.IN_VIEW && item instanceof ImageItem.Libxc) {
      return; // The stage's own reader passes over it, and knows what is missing.
    }
    input.advance(item.end() - input.position());
    if (item.end() != ImageItem.TO_THE_END && input.position() < item.end()) {
      throw new StreamFormatException(
          Fault.TRUNCATED,
          Location.of(input.name(), input.position(), "", "image", null),
          "octets up to @0x%x".formatted(item.end()),
          "the end");
    }
  }

  /// The source's name, for messages; a compressed one names its codec.
  public String name() {
    return input.name();
  }

  /// The input that is read now: behind all compression met so far.
  public OctetInput input() {
    return input;
  }

  /// The input that the reader was given: for progress, which a compressed image makes in octets of
  /// the compressed file.
  public OctetInput source() {
    return source;
  }

  Limits limits() {
    return limits;
  }

  PagesShown pages() {
    return pages;
  }

  LegacyReading reading() {
    return reading;
  }

  /// Moves pages of the PAGE_DATA shown last into memory, see
  /// [org.xenstream.core.format.RecordSource#takePages].
  void takePages(Framed batch, MemoryRuns into) throws IOException {
    if (legacy != null && shownByLegacy) {
      legacy.takePages(batch, into);
    } else {
      StreamReader.takePages(input, batch, into);
    }
  }

  /// What [#next] gives once the stage has ended: the stage of an inner layer.
  void push(Stage stage) {
    stages.push(stage);
  }

  private @Nullable ImageItem trailing() throws IOException {
    finished = true;
    long offset = input.position();
    if (input.peek(1).byteSize() == 0) {
      return null;
    }
    shownByLegacy = false;
    shown = new ImageItem.Trailing(offset, input.size() < 0 ? -1 : input.size() - offset);
    return shown;
  }

  /// The first stage: recognises what comes next and gives way to its stage.
  private @Nullable ImageItem detect() throws IOException {
    Decompressor codec = Decompression.find(input);
    if (codec != null) {
      return decompress(codec);
    }
    stages.clear();
    MemorySegment first = input.peek(SIGNATURE);
    Signature signature = Signature.of(first);
    switch (signature) {
      case XL -> push(new XlStage(this));
      case LIBVIRT -> push(new LibvirtStage(this));
      case XENSERVER -> push(new XenServerStage(this));
      case XEND -> push(new XendStage(this));
      case LIBXL -> push(new LibxlStage(this));
      case LIBXC -> push(new LibxcStage(this));
      case BACK_CHANNEL -> push(new BackChannelStage(this));
      case OTHER -> {
        Signature meant = Signature.meantBy(first);
        if (meant != null) {
          boolean cut = first.byteSize() < meant.length();
          if (cut) {
            throw signature(
                Fault.TRUNCATED,
                first.byteSize(),
                meant.quoted(),
                "the first %d octets of it before the end".formatted(first.byteSize()));
          }
          throw signature(Fault.MARKER, 0, meant.quoted(), meant.quoted(first));
        }
        push(legacy("image"));
      }
      case XENSTORE -> throw notAnImage("a domain's image", "xenstore's own migration stream");
      case EMPTY -> throw notAnImage("an image", "nothing");
    }
    return null;
  }

  private @Nullable ImageItem decompress(Decompressor codec) throws IOException {
    if (++compressions > MOST_COMPRESSIONS) {
      throw new StreamFormatException(
          Fault.DECOMPRESSION,
          Location.of(input.name(), 0, codec.name(), "frame", null),
          "at most " + MOST_COMPRESSIONS + " layers of compression",
          "more");
    }
    OctetInput compressed = input;
    Decompression plain = Decompression.open(compressed, codec, mostMib, limits);
    // A window is held for as long as the image is read; that of gzip is small.
    if (!codec.name().equals(Compression.GZIP.codec())) {
      mostMib = SECOND_WINDOW_MIB;
    }
    input = new ChannelInput(compressed.name() + " [" + codec.name() + "]", plain);
    return new ImageItem.LayerFound(0, 0, new Layer.Compressed(codec.name()));
  }

  /// The stage of a legacy image.
  Stage legacy(String inside) {
    legacy = new LegacyStage(this, inside);
    return legacy;
  }

  StreamFormatException notAnImage(String expected, String found) {
    return signature(Fault.NOT_AN_IMAGE, 0, expected, found);
  }

  StreamFormatException signature(Fault fault, long at, String expected, String found) {
    return new StreamFormatException(
        fault,
        Location.of(input.name(), input.position() + at, "", "image", "signature"),
        expected,
        found);
  }

  /// Octets that must be there: `count` of them from the current position.
  MemorySegment require(long count, String layer, String part) throws IOException {
    MemorySegment octets = input.peek(count);
    if (octets.byteSize() < count) {
      throw new StreamFormatException(
          Fault.TRUNCATED,
          Location.of(input.name(), input.position() + octets.byteSize(), layer, part, null),
          count + " octets",
          octets.byteSize() + " octets before the end");
    }
    return octets;
  }

  /// A text's length held against the limit.
  ///
  /// @param length what it is as a number with a sign; one that does not fit is negative
  /// @param found what it is as its layer has it, with a sign or without
  void holdConfig(long length, String found, long offset, String layer, String part, String field)
      throws StreamFormatException {
    if (length < 0 || length > limits.maxConfigLength()) {
      throw new StreamFormatException(
          Fault.TOO_LONG,
          Location.of(input.name(), offset, layer, part, field),
          "at most " + limits.maxConfigLength(),
          found);
    }
  }

  @Override
  public void close() throws IOException {
    try {
      if (legacy != null) {
        legacy.close();
      }
    } finally {
      input.close();
    }
  }
}
