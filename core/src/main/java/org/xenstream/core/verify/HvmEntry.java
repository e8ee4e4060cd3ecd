// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static org.xenstream.core.verify.Report.expected;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.HvmContextCursor;
import org.xenstream.core.format.Wire;

/// The entry of an HVM context that is judged, and what is reported of it.
///
/// Numbers are read as the hypervisor reads them: what an entry is too short for is zero.
final class HvmEntry {
  private final Frame frame;
  private final Report report;
  private MemorySegment body = MemorySegment.NULL;
  private long offset;
  private String name = "";

  HvmEntry(Frame frame, Report report) {
    this.frame = frame;
    this.report = report;
  }

  /// Takes the entry on which the cursor stands.
  void take(HvmContextCursor cursor) {
    body = cursor.body();
    offset = cursor.offset() + HvmContextCursor.DESCRIPTOR_SIZE;
    name = HvmContextFacts.nameOf(cursor.typecode());
  }

  long size() {
    return body.byteSize();
  }

  /// The place of the first octet from `from` to before `to` that is not zero, −1 when all are.
  long firstSet(long from, long to) {
    long first = Report.firstSet(body.asSlice(from, to - from));
    return first < 0 ? -1 : from + first;
  }

  int u8(long at) {
    return at < size() ? Byte.toUnsignedInt(body.get(ValueLayout.JAVA_BYTE, at)) : 0;
  }

  long u32(long at) {
    return at + Integer.BYTES <= size()
        ? Integer.toUnsignedLong(Wire.u32(body, at))
        : part(at, Integer.BYTES);
  }

  long u64(long at) {
    return at + Long.BYTES <= size() ? Wire.u64(body, at) : part(at, Long.BYTES);
  }

  private long part(long at, int octets) {
    long number = 0;
    for (int i = 0; i < octets; i++) {
      number |= (long) u8(at + i) << (8 * i);
    }
    return number;
  }

  /// Tells whether a finding is to be quoted, for which its message has to be made; else it is
  /// counted, and that is all.
  boolean quotes(Rule rule) {
    return !report.counted(rule);
  }

  void say(Rule rule, long at, String field, String wanted, String found) {
    report.at(rule, frame, offset + at, name + "." + field, expected(wanted, found));
  }
}
