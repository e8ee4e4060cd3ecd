// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.DomainHeader;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.ImageHeader;
import org.xenstream.core.format.MemoryRuns;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.RecordSource;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamHeaders;
import org.xenstream.core.format.StreamRecord;

/// A legacy image as the records of a modern stream: version 3, little-endian, converted (major
/// version 0).
///
/// It reads on as records are asked for. The offsets of frames are places in the legacy image, and
/// the views of a frame hold the record as it would stand in a modern stream: of a PAGE_DATA up to
/// its pages, which are views ([PagesShown#IN_VIEW]), or stay where they are until they are taken.
/// A frame's end is therefore no place in the legacy image: the input stands where it was read to.
public final class LegacySource implements RecordSource {
  /// The minor version in the domain header, where a converter says which it is: 1 is what Xen's
  /// own says.
  private static final int CONVERTER_VERSION = 1;

  private final OctetInput input;
  private final Arena arena;
  private final StreamHeaders headers;
  private final Notes notes;
  private final Translation translation;
  private long given;
  private boolean over;

  private LegacySource(OctetInput input, LegacyOptions options, Notes notes, Arena arena)
      throws IOException {
    this.input = input;
    this.arena = arena;
    this.notes = notes;
    long begin = input.position();
    Framer framer = new Framer(input.name());
    ImageHead.Read head = new ImageHead(input, options, notes).read(framer);
    this.headers =
        new StreamHeaders(
            begin,
            ImageHeader.of(ImageHeader.V3, ByteOrder.LITTLE_ENDIAN),
            DomainHeader.of(head.layout().kind().domainType(), 0, CONVERTER_VERSION));
    this.translation = new Translation(head, options, notes, framer, arena);
  }

  /// Opens the image whose first octet is the input's next one, and reads up to its first chunk: of
  /// a PV guest without extended info further, as far as the evidence for its width lies.
  ///
  /// @param input read from here on; closed with the source, and when this fails left as it is
  /// @param options how
  /// @param listener is told what is done besides
  /// @throws StreamFormatException when it is no legacy image, or one that is damaged at its
  ///   beginning
  /// @throws IOException when it cannot be read
  @SuppressWarnings("MustBeClosedChecker") // lives until the source's end
  public static LegacySource open(OctetInput input, LegacyOptions options, LegacyListener listener)
      throws IOException {
    Arena arena = Arena.ofShared();
    Notes notes = new Notes(listener, options.strict());
    try {
      return new LegacySource(input, options, notes, arena);
    } catch (IOException | RuntimeException e) {
      notes.end();
      arena.close();
      throw e;
    }
  }

  /// What is known of the image so far.
  public LegacyFacts facts() {
    return translation.facts();
  }

  /// What belongs into the libxl stream around the records: of a plain stream when [#next] has
  /// given null, of a checkpointed one ([Checkpoints#KEEP]) when it has given a CHECKPOINT, of that
  /// one. Null before.
  public @Nullable DeviceModel deviceModel() {
    return translation.deviceModel();
  }

  /// How many octets of scratch files were written so far.
  public long scratchWritten() {
    return translation.scratchWritten();
  }

  @Override
  public String name() {
    return input.name();
  }

  @Override
  public StreamHeaders headers() {
    return headers;
  }

  @Override
  public @Nullable Framed next() throws IOException {
    Framed framed = null;
    try {
      framed = over ? null : translation.next();
    } finally {
      // Also when it has thrown.
      if (framed == null) {
        notes.end();
      }
    }
    if (framed == null) {
      over = true;
      return null;
    }
    Frame at = framed.frame();
    return new Framed(
        new Frame(at.offset(), given++, at.type(), at.octets(), at.length(), at.head()),
        framed.record());
  }

  /// Tells whether the pages of the PAGE_DATA shown last, none of which was taken yet, are the next
  /// octets of the input, one after the other: whoever has a better way than [#takePages] to move
  /// them may leave them there, and [#next] passes over them.
  public boolean pagesAreNext() {
    return translation.pagesAreNext();
  }

  @Override
  public void takePages(Framed batch, MemoryRuns into) throws IOException {
    if (!(batch.record() instanceof StreamRecord.PageData)) {
      throw new IllegalArgumentException(batch.frame().typeName() + " has no pages");
    }
    translation.takePages(into);
  }

  @Override
  public void close() throws IOException {
    if (arena.scope().isAlive()) {
      arena.close();
    }
    try (input) {
      translation.close();
    }
  }
}
