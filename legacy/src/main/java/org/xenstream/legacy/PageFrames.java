// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.PageEntries;
import org.xenstream.core.format.PageRuns;
import org.xenstream.core.format.RecordType;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;

/// Makes PAGE_DATA records: their octets up to the pages in one buffer that is used again and
/// again, their pages wherever they lie.
final class PageFrames {
  private static final int BEFORE_ENTRIES = Wire.RECORD_HEADER + 8;

  private final MemorySegment octets;

  /// @param arena where the buffer lives
  PageFrames(Arena arena) {
    this.octets = arena.allocate(BEFORE_ENTRIES + 8L * PageBatch.MOST, 8);
  }

  /// The record's views die with the next call.
  ///
  /// @param offset where the batch began in the legacy image
  /// @param entries as in PAGE_DATA; those from `from` to before `to` are taken
  /// @param pages those that are in view; none where they are left in their source
  Framed frame(long offset, long[] entries, int from, int to, PageRuns pages) {
    int count = to - from;
    Wire.putU64s(octets, BEFORE_ENTRIES, entries, from, count);
    long end = BEFORE_ENTRIES + count * 8L;
    PageEntries made = new PageEntries(octets.asSlice(BEFORE_ENTRIES, count * 8L));
    long length = end - Wire.RECORD_HEADER + (long) made.withData() * Wire.PAGE_SIZE;
    int type = RecordType.PAGE_DATA.code();
    Wire.putU32(octets, 0, type, ByteOrder.LITTLE_ENDIAN);
    Wire.putU32(octets, 4, (int) length, ByteOrder.LITTLE_ENDIAN);
    Wire.putU32(octets, 8, count, ByteOrder.LITTLE_ENDIAN);
    Wire.putU32(octets, 12, 0, ByteOrder.LITTLE_ENDIAN);
    return new Framed(
        new Frame(offset, 0, type, octets.asSlice(0, end), length),
        new StreamRecord.PageData(made, pages));
  }
}
