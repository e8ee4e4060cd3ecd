// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Reads a libxc stream: headers, then records.
///
/// It holds one record at a time, and passes over it at its next step: whoever copies a stream may
/// take a record's octets, or some first ones, from the input while the record is shown. It stops
/// after END; after a CHECKPOINT the stream may also just end, as a checkpointed one does when its
/// sender dies (specification, "CHECKPOINT").
public final class StreamReader implements RecordSource {
  /// A batch of the reference saver up to its pages: what is read of each record in any case.
  private static final long HEAD = Wire.RECORD_HEADER + 8 + 8L * Wire.MAX_BATCH;

  private final OctetInput input;
  private final Limits limits;
  private final StreamHeaders headers;
  private final RecordParser parser;
  private final PagesShown pages;
  private long index;
  private @Nullable Frame left;
  private long shownEnd;
  private boolean afterCheckpoint;
  private boolean ended;

  private StreamReader(OctetInput input, Limits limits, PagesShown pages, StreamHeaders headers) {
    this.input = input;
    this.limits = limits;
    this.pages = pages;
    this.headers = headers;
    this.parser = new RecordParser(input.name(), headers.order());
    this.shownEnd = headers.end();
    input.mayReadTo(shownEnd + Wire.RECORD_HEADER);
  }

  /// Opens a stream whose image header is the next octet of the input.
  ///
  /// @param input read from here on; closed with the reader
  /// @throws StreamFormatException when the headers are none, or cut
  public static StreamReader open(OctetInput input, Limits limits) throws IOException {
    return open(input, limits, PagesShown.IN_VIEW);
  }

  /// The same, and tells what is done with the pages of PAGE_DATA records.
  ///
  /// @param input read from here on; closed with the reader
  /// @throws StreamFormatException when the headers are none, or cut
  public static StreamReader open(OctetInput input, Limits limits, PagesShown pages)
      throws IOException {
    StreamHeaders headers = readHeaders(input);
    return new StreamReader(input, limits, pages.of(headers.domain()), headers);
  }

  private static StreamHeaders readHeaders(OctetInput input) throws IOException {
    long offset = input.position();
    MemorySegment octets = input.peek(Wire.IMAGE_HEADER + Wire.DOMAIN_HEADER);
    long held = octets.byteSize();
    if (held >= 8 && Wire.u64(octets, 0) != Wire.MARKER) {
      throw header(
          input,
          Fault.MARKER,
          offset,
          "image header",
          "marker",
          "0xffffffffffffffff",
          "0x%016x".formatted(Long.reverseBytes(Wire.u64(octets, 0))));
    }
    if (held >= 12 && Wire.u32(octets, 8, java.nio.ByteOrder.BIG_ENDIAN) != Wire.ID) {
      throw header(
          input,
          Fault.ID,
          offset + 8,
          "image header",
          "id",
          "0x%08x".formatted(Wire.ID),
          "0x%08x".formatted(Wire.u32(octets, 8, java.nio.ByteOrder.BIG_ENDIAN)));
    }
    if (held >= 16) {
      int version = Wire.u32(octets, 12, java.nio.ByteOrder.BIG_ENDIAN);
      // A later version may have appended fields to the header: where the domain header would
      // begin is then unknown.
      if (version != ImageHeader.V2 && version != ImageHeader.V3) {
        throw header(
            input,
            Fault.VERSION,
            offset + 12,
            "image header",
            "version",
            "2 or 3",
            Integer.toUnsignedString(version));
      }
    }
    if (held < Wire.IMAGE_HEADER) {
      throw header(
          input,
          Fault.TRUNCATED,
          offset + held,
          "image header",
          null,
          Wire.IMAGE_HEADER + " octets",
          held + " octets before the end");
    }
    if (held < Wire.IMAGE_HEADER + Wire.DOMAIN_HEADER) {
      throw header(
          input,
          Fault.TRUNCATED,
          offset + held,
          "domain header",
          null,
          Wire.DOMAIN_HEADER + " octets",
          held - Wire.IMAGE_HEADER + " octets before the end");
    }
    ImageHeader image =
        new ImageHeader(
            Wire.u32(octets, 12, java.nio.ByteOrder.BIG_ENDIAN),
            Wire.u16(octets, 16, java.nio.ByteOrder.BIG_ENDIAN),
            Wire.u64(octets, 16, java.nio.ByteOrder.BIG_ENDIAN) & 0xFFFF_FFFF_FFFFL);
    MemorySegment d = octets.asSlice(Wire.IMAGE_HEADER);
    DomainHeader domain =
        new DomainHeader(
            Wire.u32(d, 0, image.order()),
            Wire.u16(d, 4, image.order()),
            Wire.u16(d, 6, image.order()),
            Wire.u32(d, 8, image.order()),
            Wire.u32(d, 12, image.order()));
    return new StreamHeaders(offset, image, domain);
  }

  private static StreamFormatException header(
      OctetInput input,
      Fault fault,
      long offset,
      String part,
      @Nullable String field,
      String expected,
      String found) {
    return new StreamFormatException(
        fault, Location.of(input.name(), offset, "libxc", part, field), expected, found);
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
    release();
    if (ended) {
      return null;
    }
    long offset = input.position();
    MemorySegment header = input.near(Wire.RECORD_HEADER);
    if (header.byteSize() == 0 && afterCheckpoint) {
      ended = true;
      return null;
    }
    if (header.byteSize() < Wire.RECORD_HEADER) {
      throw fault(
          Fault.TRUNCATED,
          offset + header.byteSize(),
          "record header",
          null,
          header.byteSize() == 0 ? "a record, END at the latest" : "8 octets",
          header.byteSize() == 0 ? "the end" : header.byteSize() + " octets before the end");
    }
    int type = Wire.u32(header, 0, headers.order());
    long length = Integer.toUnsignedLong(Wire.u32(header, 4, headers.order()));
    if (length > limits.maxRecordLength()) {
      throw fault(
          Fault.TOO_LONG,
          offset + 4,
          RecordType.nameOf(type),
          "body_length",
          "at most " + limits.maxRecordLength(),
          Long.toString(length));
    }
    tellWhatIsRead(offset, type, length);
    Framed framed =
        // Entries and pages need no padding: a batch that has some is none, and is shown whole.
        pages == PagesShown.LEFT_IN_INPUT
                && type == RecordType.PAGE_DATA.code()
                && Wire.padding(length) == 0
            ? withPagesLeft(offset, length)
            : whole(offset, type, length);
    index++;
    shownEnd = framed.frame().end();
    ended = type == RecordType.END.code();
    afterCheckpoint = type == RecordType.CHECKPOINT.code();
    return framed;
  }

  /// Behind END and CHECKPOINT somebody else may read on; behind any other record stands the next.
  private void tellWhatIsRead(long offset, int type, long length) {
    boolean last = type == RecordType.END.code() || type == RecordType.CHECKPOINT.code();
    input.mayReadTo(
        offset
            + Wire.RECORD_HEADER
            + length
            + Wire.padding(length)
            + (last ? 0 : Wire.RECORD_HEADER));
  }

  private Framed whole(long offset, int type, long length) throws IOException {
    long whole = Wire.RECORD_HEADER + length + Wire.padding(length);
    boolean read = pages == PagesShown.READ && type == RecordType.PAGE_DATA.code();
    MemorySegment octets = read ? input.read(whole) : input.peek(whole);
    Frame frame = new Frame(offset, index, type, octets, length);
    hold(frame, whole);
    if (!read) {
      frame = new Frame(offset, index, type, octets, length, input.near(Math.min(whole, HEAD)));
    }
    return new Framed(frame, parser.parse(frame));
  }

  private Framed withPagesLeft(long offset, long length) throws IOException {
    int type = RecordType.PAGE_DATA.code();
    long before = Wire.RECORD_HEADER + Math.min(length, 8);
    Frame frame = new Frame(offset, index, type, input.near(before), length);
    hold(frame, before);
    long entriesEnd = parser.entriesEndOrNone(frame);
    if (entriesEnd >= 0) {
      before = Wire.RECORD_HEADER + entriesEnd;
      frame = new Frame(offset, index, type, input.near(before), length);
      hold(frame, before);
    }
    left = frame;
    return new Framed(frame, parser.parseWithoutPages(frame));
  }

  private void hold(Frame frame, long wanted) throws StreamFormatException {
    if (frame.octets().byteSize() < wanted) {
      throw truncated(input.name(), frame, frame.octets().byteSize());
    }
  }

  @Override
  public void takePages(Framed batch, MemoryRuns into) throws IOException {
    takePages(input, batch, into);
  }

  /// Moves the next pages of a PAGE_DATA into memory: [RecordSource#takePages], for sources that
  /// read a libxc stream from an input.
  ///
  /// @param input stands at the record, or amid its pages where some were taken already
  /// @throws IllegalArgumentException when fewer pages are left of the record
  /// @throws StreamFormatException when the input ends amid the pages
  public static void takePages(OctetInput input, Framed batch, MemoryRuns into) throws IOException {
    if (!(batch.record() instanceof StreamRecord.PageData(var entries, _))) {
      throw new IllegalArgumentException(batch.frame().typeName() + " has no pages");
    }
    Frame frame = batch.frame();
    if (input.position() == frame.offset()) {
      input.advance(Wire.RECORD_HEADER + 8 + 8L * entries.count());
    }
    long there = frame.end() - input.position();
    if (into.byteSize() > there) {
      throw new IllegalArgumentException(
          "%d octets of pages wanted, %d left".formatted(into.byteSize(), there));
    }
    if (input.take(into) < into.byteSize()) {
      throw truncated(input.name(), frame, input.position() - frame.offset());
    }
  }

  /// Passes over what was shown last (the headers, or a record), as far as nobody took it from the
  /// input already, so that the input stands behind it: for an outer layer that reads on there. The
  /// record's views die.
  ///
  /// @throws StreamFormatException when the input ends amid pages that nobody took
  public void release() throws IOException {
    input.advance(Math.max(0, shownEnd - input.position()));
    Frame frame = left;
    left = null;
    if (frame != null && input.position() < shownEnd) {
      throw truncated(input.name(), frame, input.position() - frame.offset());
    }
  }

  /// @param there how many octets of the record are there
  private static StreamFormatException truncated(String source, Frame frame, long there) {
    return new StreamFormatException(
        Fault.TRUNCATED,
        Location.of(source, frame, frame.offset() + there, null),
        "%d octets of header, body and padding".formatted(frame.end() - frame.offset()),
        "%d octets before the end".formatted(there));
  }

  private StreamFormatException fault(
      Fault fault,
      long offset,
      String part,
      @Nullable String field,
      String expected,
      String found) {
    return new StreamFormatException(
        fault, new Location(input.name(), offset, "libxc", index, part, field), expected, found);
  }

  @Override
  public void close() throws IOException {
    input.close();
  }
}
