// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.RecordType;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.Wire;
import org.xenstream.transfer.PfnBitmap;

/// The back channel while the migration goes on: bare CHECKPOINT_DIRTY_PFN_LIST records.
///
/// Since Xen 4.18 the reference writes eight stray zero octets behind each record's header (see
/// [org.xenstream.core.format.BackChannelReader], which reads a recorded channel). That reader
/// finds out by what follows a record. Here nothing follows until this side has gone on, so to look
/// ahead would be to wait for ever: the form shows at the first list that does not begin with eight
/// zero octets, or at octets that have come along with a record beyond its length. Where neither is
/// so, the list may be short of its last pfn, and all pages are taken to be dirty, once; and once
/// more when the next list may be its last pfn, 15, in place of an empty one.
public final class DirtyPfnListReader implements BackChannel {
  private static final int TYPE = RecordType.CHECKPOINT_DIRTY_PFN_LIST.code();
  private static final int STRAY = 8;

  private final String name;
  private final ReadableByteChannel channel;
  private final ByteBuffer buffer =
      ByteBuffer.allocateDirect(64 << 10).order(ByteOrder.LITTLE_ENDIAN).limit(0);
  private long position;
  private long index;

  /// The form where it is known.
  private Form form = Form.UNKNOWN;

  /// How many lists are still to come before the one that is waited for, should there be stray
  /// octets: so many pfns 15 were taken for an empty list.
  private int owed;

  private enum Form {
    UNKNOWN,
    /// The empty list before ended here, or eight stray octets further on.
    DOUBTFUL_EMPTY,
    /// The list before ended here, or one pfn further on.
    DOUBTFUL_PFN,
    SPECIFIED,
    STRAY_OCTETS
  }

  /// @param name for messages
  /// @param channel gives at least one octet, or its end; stays the caller's to close
  public DirtyPfnListReader(String name, ReadableByteChannel channel) {
    this.name = name;
    this.channel = channel;
  }

  @Override
  public void mergeDirtyPfns(PfnBitmap into) throws IOException {
    if (form == Form.DOUBTFUL_EMPTY || form == Form.DOUBTFUL_PFN) {
      settle();
    }
    if (form != Form.DOUBTFUL_PFN) {
      readList(into);
    } else {
      // An empty list, after which nothing comes, or pfn 15, after which a list does.
      skip();
      index++;
      owed++;
      form = Form.UNKNOWN;
    }
    for (; owed > 0 && form == Form.STRAY_OCTETS; owed--) {
      readList(into);
    }
    if (form == Form.SPECIFIED) {
      owed = 0;
    } else if (owed > 0) {
      into.setAll();
    }
  }

  private void readList(PfnBitmap into) throws IOException {
    long start = position;
    need(Wire.RECORD_HEADER, start);
    int type = buffer.getInt();
    long length = Integer.toUnsignedLong(buffer.getInt());
    position += Wire.RECORD_HEADER;
    if (type != TYPE) {
      throw fault(
          Fault.MISPLACED,
          start,
          "type",
          RecordType.nameOf(TYPE) + " and nothing else",
          RecordType.nameOf(type));
    }
    if (length % 8 != 0) {
      throw fault(
          Fault.MALFORMED_BODY, start + 4, "body_length", "a multiple of 8", Long.toString(length));
    }
    if (length > Wire.RECORD_LENGTH_MAX) {
      throw fault(
          Fault.TOO_LONG,
          start + 4,
          "body_length",
          "at most " + Wire.RECORD_LENGTH_MAX,
          Long.toString(length));
    }
    readBody(into, length);
    index++;
  }

  private void readBody(PfnBitmap into, long length) throws IOException {
    if (form == Form.STRAY_OCTETS) {
      need(STRAY, position);
      skip();
    }
    if (length == 0) {
      form = form == Form.UNKNOWN ? Form.DOUBTFUL_EMPTY : form;
      return;
    }
    long left = length / 8;
    if (form == Form.UNKNOWN) {
      need(8, position);
      if (buffer.getLong(buffer.position()) != 0) {
        form = Form.SPECIFIED;
      } else {
        skip();
        mergePfns(into, left - 1);
        finishDoubtful(into);
        return;
      }
    }
    mergePfns(into, left);
  }

  /// The list began with eight zero octets: pfn 0, or stray ones.
  private void finishDoubtful(PfnBitmap into) throws IOException {
    into.set(0);
    if (buffer.hasRemaining()) {
      form = Form.STRAY_OCTETS;
      mergePfns(into, 1);
    } else {
      form = Form.DOUBTFUL_PFN;
      into.setAll();
    }
  }

  /// Finds out whether the record before ended where it says, now that more has come. Leaves it in
  /// doubt where that is the header of an empty list as well as a pfn.
  private void settle() throws IOException {
    need(Wire.RECORD_HEADER, position);
    long next = buffer.getLong(buffer.position());
    boolean header = (int) next == TYPE && (next >>> 32) % 8 == 0;
    if (form == Form.DOUBTFUL_PFN && next == TYPE && buffer.remaining() == Wire.RECORD_HEADER) {
      return;
    }
    // Behind an empty list nothing would have come yet.
    boolean pfn = form == Form.DOUBTFUL_PFN && next == TYPE;
    if (header && !pfn) {
      form = Form.SPECIFIED;
    } else {
      form = Form.STRAY_OCTETS;
      skip();
    }
  }

  private void mergePfns(PfnBitmap into, long count) throws IOException {
    for (long i = 0; i < count; i++) {
      need(8, position);
      long pfn = buffer.getLong();
      if (pfn < 0 || pfn >= into.pfns()) {
        throw fault(
            Fault.MALFORMED_BODY,
            position,
            "pfn",
            "below 0x%x".formatted(into.pfns()),
            "0x%x".formatted(pfn));
      }
      position += 8;
      into.set(pfn);
    }
  }

  private void skip() {
    buffer.getLong();
    position += 8;
  }

  private void need(int count, long at) throws IOException {
    while (buffer.remaining() < count) {
      buffer.compact();
      int got;
      try {
        got = channel.read(buffer);
      } finally {
        buffer.flip();
      }
      if (got < 0) {
        throw fault(
            Fault.TRUNCATED,
            at + buffer.remaining(),
            null,
            count + " octets",
            buffer.remaining() + " octets before the end");
      }
    }
  }

  private StreamFormatException fault(
      Fault fault, long offset, @Nullable String field, String expected, String found) {
    return new StreamFormatException(
        fault,
        new Location(name, offset, "back channel", index, RecordType.nameOf(TYPE), field),
        expected,
        found);
  }
}
