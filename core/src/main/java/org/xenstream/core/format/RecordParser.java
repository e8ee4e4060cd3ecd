// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/// Turns the body of a record into its value. A body that contradicts itself becomes
/// [StreamRecord.Malformed]; what a body means in its stream is the business of rules. For readers,
/// and for who kept a record's octets.
public final class RecordParser {
  private static final long COUNT_HEADER = 8;

  private final String source;
  private final ByteOrder order;

  /// @param source the stream's name, for messages
  /// @param order the stream's byte order
  public RecordParser(String source, ByteOrder order) {
    this.source = source;
    this.order = order;
  }

  /// What a record says. Views in it are views of the frame's octets.
  ///
  /// @param frame the record, all of it
  public StreamRecord parse(Frame frame) {
    RecordType type = RecordType.of(frame.type());
    if (type == null) {
      return new StreamRecord.Unknown(frame.type(), frame.body());
    }
    try {
      return parse(type, frame, frame.body());
    } catch (StreamFormatException why) {
      return new StreamRecord.Malformed(frame.type(), frame.body(), why);
    }
  }

  private StreamRecord parse(RecordType type, Frame frame, MemorySegment body)
      throws StreamFormatException {
    return switch (type) {
      case END -> new StreamRecord.End();
      case PAGE_DATA -> pageData(frame, body);
      case X86_PV_INFO -> {
        atLeast(frame, 8);
        yield new StreamRecord.PvInfo(u8(body, 0), u8(body, 1));
      }
      case X86_PV_P2M_FRAMES -> p2mFrames(frame, body);
      case X86_PV_VCPU_BASIC -> new StreamRecord.PvVcpuBasic(vcpuId(frame, body), afterCount(body));
      case X86_PV_VCPU_EXTENDED ->
          new StreamRecord.PvVcpuExtended(vcpuId(frame, body), afterCount(body));
      case X86_PV_VCPU_XSAVE -> new StreamRecord.PvVcpuXsave(vcpuId(frame, body), afterCount(body));
      case X86_PV_VCPU_MSRS -> new StreamRecord.PvVcpuMsrs(vcpuId(frame, body), afterCount(body));
      case SHARED_INFO -> {
        exactly(frame, Wire.PAGE_SIZE);
        yield new StreamRecord.SharedInfo(body);
      }
      case X86_TSC_INFO -> {
        exactly(frame, 24);
        yield new StreamRecord.TscInfo(
            Wire.u32(body, 0, order),
            Wire.u32(body, 4, order),
            Wire.u64(body, 8, order),
            Wire.u32(body, 16, order));
      }
      case HVM_CONTEXT -> new StreamRecord.HvmContext(body);
      case HVM_PARAMS -> hvmParams(frame, body);
      case TOOLSTACK -> new StreamRecord.Toolstack(body);
      case VERIFY -> new StreamRecord.Verify();
      case CHECKPOINT -> new StreamRecord.Checkpoint();
      case CHECKPOINT_DIRTY_PFN_LIST -> {
        wholeNumbers(frame, "pfn", body.byteSize());
        yield new StreamRecord.CheckpointDirtyPfnList(numbers(body));
      }
      case STATIC_DATA_END -> new StreamRecord.StaticDataEnd();
      case X86_CPUID_POLICY -> new StreamRecord.CpuidPolicy(body);
      case X86_MSR_POLICY -> new StreamRecord.MsrPolicy(body);
      case SAVING_CPU -> new StreamRecord.SavingCpu(body);
    };
  }

  private StreamRecord pageData(Frame frame, MemorySegment body) throws StreamFormatException {
    long entriesEnd = Wire.RECORD_HEADER + entriesEnd(frame);
    MemorySegment head = frame.head();
    PageEntries entries =
        entries(frame, entriesEnd <= head.byteSize() ? head : frame.octets(), entriesEnd);
    return new StreamRecord.PageData(
        entries, PageRuns.of(body.asSlice(entriesEnd - Wire.RECORD_HEADER)));
  }

  /// A PAGE_DATA whose octets end before its pages; the length field tells what follows.
  StreamRecord parseWithoutPages(Frame frame) {
    MemorySegment there = frame.octets();
    try {
      return new StreamRecord.PageData(
          entries(frame, there, Wire.RECORD_HEADER + entriesEnd(frame)), PageRuns.NONE);
    } catch (StreamFormatException why) {
      return new StreamRecord.Malformed(frame.type(), there.asSlice(Wire.RECORD_HEADER), why);
    }
  }

  /// Where the entries of a PAGE_DATA end, counted from the start of its body; −1 where its count
  /// says nothing sensible. Of its octets as many are there as the length field allows, 16 at most.
  long entriesEndOrNone(Frame frame) {
    try {
      return entriesEnd(frame);
    } catch (StreamFormatException malformed) {
      return -1;
    }
  }

  /// Where the entries of a PAGE_DATA end, counted from the start of its body. The frame holds the
  /// record's header and the first 8 octets of its body, if it has them.
  ///
  /// @throws StreamFormatException when they do not fit into it
  private long entriesEnd(Frame frame) throws StreamFormatException {
    atLeast(frame, COUNT_HEADER);
    MemorySegment head = frame.head();
    long count = Integer.toUnsignedLong(Wire.u32(head, Wire.RECORD_HEADER, order));
    long entriesEnd = COUNT_HEADER + count * 8;
    if (entriesEnd > frame.length()) {
      throw malformed(
          frame,
          0,
          "count",
          "at most %d entries in a body of %d octets"
              .formatted((frame.length() - COUNT_HEADER) / 8, frame.length()),
          Long.toString(count));
    }
    return entriesEnd;
  }

  /// @param octets the record as far as the end of the entries at least
  private PageEntries entries(Frame frame, MemorySegment octets, long end)
      throws StreamFormatException {
    long begin = Wire.RECORD_HEADER + COUNT_HEADER;
    PageEntries entries = new PageEntries(numbers(octets.asSlice(begin, end - begin)));
    long wanted = (long) entries.withData() * Wire.PAGE_SIZE;
    long found = Wire.RECORD_HEADER + frame.length() - end;
    if (found != wanted) {
      throw malformed(
          frame,
          end - Wire.RECORD_HEADER,
          "page_data",
          "%d octets for %d pages".formatted(wanted, entries.withData()),
          Long.toString(found));
    }
    return entries;
  }

  private StreamRecord p2mFrames(Frame frame, MemorySegment body) throws StreamFormatException {
    atLeast(frame, COUNT_HEADER);
    wholeNumbers(frame, "p2m_pfn", body.byteSize() - COUNT_HEADER);
    return new StreamRecord.PvP2mFrames(
        Integer.toUnsignedLong(Wire.u32(body, 0, order)),
        Integer.toUnsignedLong(Wire.u32(body, 4, order)),
        numbers(body.asSlice(COUNT_HEADER)));
  }

  private StreamRecord hvmParams(Frame frame, MemorySegment body) throws StreamFormatException {
    atLeast(frame, COUNT_HEADER);
    long count = Integer.toUnsignedLong(Wire.u32(body, 0, order));
    if (body.byteSize() - COUNT_HEADER != count * 16) {
      throw malformed(
          frame,
          0,
          "count",
          "%d octets for %d parameters".formatted(COUNT_HEADER + count * 16, count),
          Long.toString(body.byteSize()));
    }
    return new StreamRecord.HvmParams(numbers(body.asSlice(COUNT_HEADER)));
  }

  private long vcpuId(Frame frame, MemorySegment body) throws StreamFormatException {
    atLeast(frame, COUNT_HEADER);
    return Integer.toUnsignedLong(Wire.u32(body, 0, order));
  }

  private static MemorySegment afterCount(MemorySegment body) {
    return body.asSlice(COUNT_HEADER);
  }

  /// An array of u64: as it lies when the stream is little-endian, else a swapped copy, which is no
  /// longer than the octets that are there.
  private MemorySegment numbers(MemorySegment octets) {
    if (order == ByteOrder.LITTLE_ENDIAN) {
      return octets;
    }
    MemorySegment swapped = MemorySegment.ofArray(new byte[(int) (octets.byteSize() & -8L)]);
    for (long at = 0; at < swapped.byteSize(); at += 8) {
      Wire.putU64(swapped, at, Wire.u64(octets, at, order), ByteOrder.LITTLE_ENDIAN);
    }
    return swapped;
  }

  private static int u8(MemorySegment body, long offset) {
    return Byte.toUnsignedInt(body.get(java.lang.foreign.ValueLayout.JAVA_BYTE, offset));
  }

  private void atLeast(Frame frame, long octets) throws StreamFormatException {
    if (frame.length() < octets) {
      throw malformed(
          frame, -4, "body_length", "at least " + octets, Long.toString(frame.length()));
    }
  }

  private void exactly(Frame frame, long octets) throws StreamFormatException {
    if (frame.length() != octets) {
      throw malformed(frame, -4, "body_length", Long.toString(octets), "" + frame.length());
    }
  }

  private void wholeNumbers(Frame frame, String field, long octets) throws StreamFormatException {
    if ((octets & 7) != 0) {
      throw malformed(
          frame, -4, "body_length", "whole " + field + " entries of 8 octets", octets + " octets");
    }
  }

  private StreamFormatException malformed(
      Frame frame, long at, @Nullable String field, String expected, String found) {
    return new StreamFormatException(
        Fault.MALFORMED_BODY,
        Location.of(source, frame, frame.bodyOffset() + at, field),
        expected,
        found);
  }
}
