// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.xenstream.core.format.HvmContextCursor;

/// Decodes HVM contexts and their entries.
final class HvmRecords {

  private HvmRecords() {}

  private static final int MSR_ENTRY = 16;

  /// The context as a group of its entries, each named by its place.
  static Decoded.Group context(MemorySegment blob) {
    HvmContextCursor cursor = HvmContextCursor.over(blob);
    long[] offsets = new long[16];
    int count = 0;
    while (cursor.next()) {
      if (count == offsets.length) {
        offsets = Arrays.copyOf(offsets, 2 * count);
      }
      offsets[count++] = cursor.offset();
    }
    String problem = problem(cursor, blob.byteSize());
    long[] entries = Arrays.copyOf(offsets, count);
    int shown = count;
    return new Decoded.Group(
        "hvm_context",
        new EntryList(
            problem.isEmpty() ? shown : shown + 1,
            i ->
                i == shown
                    ? new Decoded.Problem(problem)
                    : entryAt(Integer.toString(i), blob, entries[i])));
  }

  private static Decoded entryAt(String name, MemorySegment blob, long offset) {
    HvmContextCursor cursor = HvmContextCursor.over(blob.asSlice(offset));
    if (!cursor.next()) {
      throw new IllegalStateException("the HVM context changed while it was read");
    }
    return entry(name, cursor.typecode(), cursor.instance(), cursor.body());
  }

  private static String problem(HvmContextCursor cursor, long size) {
    long left = size - cursor.position();
    return switch (cursor.state()) {
      case NO_END -> "the context has no END entry";
      case TRUNCATED ->
          left < HvmContextCursor.DESCRIPTOR_SIZE
              ? "the descriptor at offset %d is cut: %d of 8 octets are there"
                  .formatted(cursor.position(), left)
              : "the entry at offset %d (typecode %d) is cut: %d of %d octets are there"
                  .formatted(cursor.position(), cursor.typecode(), left - 8, cursor.length());
      case ENDED_BY_END -> left == 0 ? "" : left + " octets follow the END entry";
      case UNDERWAY -> throw new IllegalStateException("the cursor is still under way");
    };
  }

  /// An entry: its type, its instance, its length and its fields.
  static Decoded.Group entry(String name, int typecode, int instance, MemorySegment body) {
    HvmRecordType type = HvmRecordType.of(typecode);
    List<Decoded> fields = new ArrayList<>();
    fields.add(
        new Decoded.Explained("typecode", typecode, 2, type == null ? "unknown" : type.name()));
    fields.add(Show.DECIMAL.of("instance", instance, 2));
    fields.add(Show.DECIMAL.of("length", body.byteSize(), 4));
    if (type == null) {
      fields.add(new Decoded.Octets("body", body));
    } else {
      fields.add(new Decoded.Group("body", body(type, body)));
    }
    return new Decoded.Group(name, List.copyOf(fields));
  }

  private static List<Decoded> body(HvmRecordType type, MemorySegment body) {
    Struct struct = type.struct();
    if (struct == null) {
      return body.byteSize() == 0 ? List.of() : List.of(new Decoded.Octets("unknown_tail", body));
    }
    return switch (type) {
      case CPU_XSAVE -> xsave(struct, body);
      case CPU_MSR -> msrs(struct, body);
      case CPU ->
          body.byteSize() == HvmCpu.SIZE_BEFORE_3_4
              ? HvmCpu.BEFORE_3_4.decode(body)
              : struct.decodeExtended(body, type.smallestSize());
      default -> struct.decodeExtended(body, type.smallestSize());
    };
  }

  private static List<Decoded> xsave(Struct header, MemorySegment body) {
    List<Decoded> fields = new ArrayList<>();
    long size = header.size();
    if (body.byteSize() <= size) {
      return header.decode(body);
    }
    fields.addAll(header.decode(body.asSlice(0, size)));
    fields.add(new Decoded.Group("save_area", FpuArea.xsave(body.asSlice(size))));
    return fields;
  }

  private static List<Decoded> msrs(Struct header, MemorySegment body) {
    long size = header.size();
    if (body.byteSize() < size) {
      return header.decode(body);
    }
    List<Decoded> fields = new ArrayList<>(header.decode(body.asSlice(0, size)));
    MemorySegment entries = body.asSlice(size);
    long count = header.field("count").get(body);
    fields.add(MsrLists.list("msr", MsrLists.ONE_MSR, entries));
    if (count * MSR_ENTRY != entries.byteSize()) {
      fields.add(
          new Decoded.Problem(
              "count says %d entries of 16 octets but %d octets follow"
                  .formatted(count, entries.byteSize())));
    }
    return fields;
  }
}
