// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.DomainHeader;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.ImageHeader;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.MappedInput;
import org.xenstream.core.format.MemoryRuns;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.RecordType;
import org.xenstream.core.format.StreamReader;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.StreamWriter;
import org.xenstream.core.format.Wire;

/// Records that are held back, in a scratch file: a modern stream, in which an optional record of
/// our own stands before each record and says where that stood in the legacy image.
///
/// First all are added, then all are given; then it is closed.
final class Journal implements AutoCloseable {
  /// Type of the record before each record: u64 offset.
  private static final int PLACE = RecordType.OPTIONAL | 0x4C000001;

  /// Type of a PAGE_DATA whose pages are in a [PageStore]: its entries.
  private static final int STORED = RecordType.OPTIONAL | 0x4C000002;

  private static final Limits LIMITS = new Limits(0xFFFF_FFFFL, 0, 0);

  private final Scratch scratch;
  private final FileChannel file;
  private final StreamWriter writer;
  private long claimed;
  private @Nullable StreamReader reader;
  private @Nullable Framed shown;

  Journal(Scratch scratch, Location where) throws IOException {
    this.scratch = scratch;
    this.file = scratch.open(where, "what may belong to no complete checkpoint waits");
    this.writer =
        StreamWriter.begin(
            file,
            ImageHeader.of(ImageHeader.V3, ByteOrder.LITTLE_ENDIAN),
            DomainHeader.of(Wire.DOMAIN_X86_HVM, 0, 0));
  }

  /// Adds a record; its pages, if it has such, are in view.
  void add(Framed framed) throws IOException {
    claim(framed.frame().length());
    place(framed.frame().offset());
    writer.accept(framed.record());
  }

  /// Adds a PAGE_DATA whose pages are kept elsewhere.
  void addStored(long offset, MemorySegment entries) throws IOException {
    claim(entries.byteSize());
    place(offset);
    writer.accept(new StreamRecord.Unknown(STORED, entries));
  }

  private void claim(long body) throws IOException {
    long octets = body + 4 * Wire.RECORD_HEADER;
    scratch.claim(octets);
    claimed += octets;
  }

  private void place(long offset) throws IOException {
    MemorySegment octets = MemorySegment.ofArray(new byte[8]);
    Wire.putU64(octets, 0, offset, ByteOrder.LITTLE_ENDIAN);
    writer.accept(new StreamRecord.Unknown(PLACE, octets));
  }

  /// The next record, or null behind the last.
  ///
  /// @param store has the pages of records that were added without them
  @Nullable Framed next(PagesShown pages, CompressedPages store) throws IOException {
    StreamReader from = reader;
    if (from == null) {
      writer.accept(new StreamRecord.End());
      file.position(0);
      from = StreamReader.open(MappedInput.of("scratch file", file), LIMITS, pages);
      reader = from;
    }
    Framed place = from.next();
    if (place == null || !(place.record() instanceof StreamRecord.Unknown(_, var octets))) {
      return null;
    }
    long offset = Wire.u64(octets, 0);
    Framed framed = from.next();
    if (framed == null) {
      return null;
    }
    if (framed.record() instanceof StreamRecord.Unknown(int type, var entries) && type == STORED) {
      shown = null;
      return store.stored(offset, entries, pages);
    }
    shown = framed;
    Frame frame = framed.frame();
    return new Framed(
        new Frame(offset, 0, frame.type(), frame.octets(), frame.length(), frame.head()),
        framed.record());
  }

  /// Moves the next pages of the record given last into memory.
  void takePages(MemoryRuns into, CompressedPages store) throws IOException {
    if (shown == null || reader == null) {
      store.takePages(into);
    } else {
      reader.takePages(shown, into);
    }
  }

  @Override
  public void close() throws IOException {
    scratch.free(claimed);
    claimed = 0;
    if (reader != null) {
      reader.close();
    }
    file.close();
  }
}
