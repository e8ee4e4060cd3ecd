// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.GatheringByteChannel;
import java.util.ArrayList;
import java.util.List;

/// Writes a libxc stream, version 2 or 3, in either byte order.
///
/// Each record leaves in gathered writes: its header and small fields from a scratch buffer, blobs
/// and pages from where they lie. Reserved fields and padding are written as zeros. The writer
/// frames what it is given; whether a record may stand where it is written is the business of
/// whoever makes the stream, and of the rules that judge it.
public final class StreamWriter implements RecordSink {
  /// `IOV_MAX` of Linux: more buffers than that in one write are refused by the system.
  private static final int MOST_BUFFERS = 1024;

  private static final MemorySegment ZEROS = MemorySegment.ofArray(new byte[8]);

  private final GatheringByteChannel out;
  private final ByteOrder order;
  private final MemorySegment scratch = MemorySegment.ofArray(new byte[64]);

  private StreamWriter(GatheringByteChannel out, ByteOrder order) {
    this.out = out;
    this.order = order;
  }

  /// Writes both headers and gives the writer for the records.
  ///
  /// @param out blocking; stays the caller's to close
  public static StreamWriter begin(GatheringByteChannel out, ImageHeader image, DomainHeader domain)
      throws IOException {
    MemorySegment octets = MemorySegment.ofArray(new byte[Wire.IMAGE_HEADER + Wire.DOMAIN_HEADER]);
    Wire.putU64(octets, 0, Wire.MARKER, ByteOrder.BIG_ENDIAN);
    Wire.putU32(octets, 8, Wire.ID, ByteOrder.BIG_ENDIAN);
    Wire.putU32(octets, 12, image.version(), ByteOrder.BIG_ENDIAN);
    Wire.putU64(octets, 16, (long) image.options() << 48 | image.reserved(), ByteOrder.BIG_ENDIAN);
    MemorySegment d = octets.asSlice(Wire.IMAGE_HEADER);
    ByteOrder order = image.order();
    Wire.putU32(d, 0, domain.type(), order);
    Wire.putU16(d, 4, domain.pageShift(), order);
    Wire.putU16(d, 6, domain.reserved(), order);
    Wire.putU32(d, 8, domain.xenMajor(), order);
    Wire.putU32(d, 12, domain.xenMinor(), order);
    StreamWriter writer = new StreamWriter(out, order);
    writer.write(List.of(octets));
    return writer;
  }

  /// Goes on with a stream whose headers are written already.
  public static StreamWriter resume(GatheringByteChannel out, ByteOrder order) {
    return new StreamWriter(out, order);
  }

  /// Writes one record.
  ///
  /// @throws StreamFormatException for a malformed record: what it says is not known
  @Override
  public void accept(StreamRecord record) throws IOException {
    switch (record) {
      case StreamRecord.End(),
          StreamRecord.Verify(),
          StreamRecord.Checkpoint(),
          StreamRecord.StaticDataEnd() ->
          frame(record.type(), 0);
      case StreamRecord.PageData(var entries, var pages) -> {
        Wire.putU32(scratch, 8, entries.count(), order);
        Wire.putU32(scratch, 12, 0, order);
        List<MemorySegment> body = new ArrayList<>(pages.runs().size() + 1);
        body.add(numbers(entries.octets()));
        body.addAll(pages.runs());
        frame(record.type(), 8, body);
      }
      case StreamRecord.PvInfo(int width, int levels) -> {
        Wire.putU64(scratch, 8, width | (long) levels << 8, ByteOrder.LITTLE_ENDIAN);
        frame(record.type(), 8);
      }
      case StreamRecord.PvP2mFrames(long start, long end, var pfns) -> {
        Wire.putU32(scratch, 8, (int) start, order);
        Wire.putU32(scratch, 12, (int) end, order);
        frame(record.type(), 8, List.of(numbers(pfns)));
      }
      case StreamRecord.PvVcpu vcpu -> {
        Wire.putU32(scratch, 8, (int) vcpu.vcpuId(), order);
        Wire.putU32(scratch, 12, 0, order);
        frame(record.type(), 8, List.of(vcpu.context()));
      }
      case StreamRecord.SharedInfo(var page) -> frame(record.type(), 0, List.of(page));
      case StreamRecord.TscInfo(int mode, int khz, long nsec, int incarnation) -> {
        Wire.putU32(scratch, 8, mode, order);
        Wire.putU32(scratch, 12, khz, order);
        Wire.putU64(scratch, 16, nsec, order);
        Wire.putU32(scratch, 24, incarnation, order);
        Wire.putU32(scratch, 28, 0, order);
        frame(record.type(), 24);
      }
      case StreamRecord.HvmContext(var context) -> frame(record.type(), 0, List.of(context));
      case StreamRecord.HvmParams params -> {
        Wire.putU32(scratch, 8, params.count(), order);
        Wire.putU32(scratch, 12, 0, order);
        frame(record.type(), 8, List.of(numbers(params.params())));
      }
      case StreamRecord.Toolstack(var data) -> frame(record.type(), 0, List.of(data));
      case StreamRecord.CheckpointDirtyPfnList(var pfns) ->
          frame(record.type(), 0, List.of(numbers(pfns)));
      case StreamRecord.CpuidPolicy(var leaves) -> frame(record.type(), 0, List.of(leaves));
      case StreamRecord.MsrPolicy(var entries) -> frame(record.type(), 0, List.of(entries));
      case StreamRecord.SavingCpu(var name) -> frame(record.type(), 0, List.of(name));
      case StreamRecord.Unknown(int type, var body) -> frame(type, 0, List.of(body));
      case StreamRecord.Malformed malformed -> throw malformed.why();
    }
  }

  /// Writes a record that was read from a stream of the same byte order, to the octet: reserved
  /// fields and padding as they came.
  public void copy(Frame frame) throws IOException {
    write(List.of(frame.octets()));
  }

  /// Writes a record that was read from a stream of the other byte order: its numbers are swapped,
  /// and all else stays as it came, blobs and pages as well as reserved octets, padding, and what
  /// no specification describes.
  ///
  /// @param framed all of the record, its pages too
  /// @throws StreamFormatException for a malformed record: where its numbers are is not known
  public void swap(Framed framed) throws IOException {
    MemorySegment from = framed.frame().octets();
    Numbers numbers = Numbers.of(framed.record());
    long end = Wire.RECORD_HEADER + numbers.octets();
    MemorySegment swapped = MemorySegment.ofArray(new byte[(int) end]);
    ByteOrder other =
        order == ByteOrder.BIG_ENDIAN ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
    long at = 0;
    for (; at < Wire.RECORD_HEADER + 4L * numbers.words(); at += 4) {
      Wire.putU32(swapped, at, Wire.u32(from, at, other), order);
    }
    for (long longsEnd = end - 4L * numbers.wordsBehind(); at < longsEnd; at += 8) {
      Wire.putU64(swapped, at, Wire.u64(from, at, other), order);
    }
    for (; at < end; at += 4) {
      Wire.putU32(swapped, at, Wire.u32(from, at, other), order);
    }
    write(List.of(swapped, from.asSlice(end)));
  }

  /// The numbers that a body begins with, reserved ones included: so many u32, then u64, then u32.
  private record Numbers(int words, long longs, int wordsBehind) {
    private static final Numbers NONE = new Numbers(0, 0, 0);

    long octets() {
      return 4L * words + 8 * longs + 4L * wordsBehind;
    }

    static Numbers of(StreamRecord record) throws StreamFormatException {
      return switch (record) {
        case StreamRecord.PageData(var entries, _) -> new Numbers(2, entries.count(), 0);
        case StreamRecord.PvP2mFrames(_, _, var pfns) -> new Numbers(2, pfns.byteSize() / 8, 0);
        case StreamRecord.PvVcpu _ -> new Numbers(2, 0, 0);
        case StreamRecord.TscInfo _ -> new Numbers(2, 1, 2);
        case StreamRecord.HvmParams params -> new Numbers(2, 2L * params.count(), 0);
        case StreamRecord.CheckpointDirtyPfnList list -> new Numbers(0, list.count(), 0);
        case StreamRecord.End _,
            StreamRecord.Verify _,
            StreamRecord.Checkpoint _,
            StreamRecord.StaticDataEnd _,
            StreamRecord.PvInfo _,
            StreamRecord.SharedInfo _,
            StreamRecord.HvmContext _,
            StreamRecord.Toolstack _,
            StreamRecord.CpuidPolicy _,
            StreamRecord.MsrPolicy _,
            StreamRecord.SavingCpu _,
            StreamRecord.Unknown _ ->
            NONE;
        case StreamRecord.Malformed malformed -> throw malformed.why();
      };
    }
  }

  private void frame(int type, int inScratch) throws IOException {
    frame(type, inScratch, List.of());
  }

  /// Length, header and padding in one place: `inScratch` octets of the body lie in the scratch
  /// buffer behind the header, `rest` follows them.
  private void frame(int type, int inScratch, List<MemorySegment> rest) throws IOException {
    long length = inScratch;
    for (int i = 0; i < rest.size(); i++) {
      length += rest.get(i).byteSize();
    }
    if (length > 0xFFFF_FFFFL) {
      throw new IllegalArgumentException("a body of " + length + " octets has no length field");
    }
    Wire.putU32(scratch, 0, type, order);
    Wire.putU32(scratch, 4, (int) length, order);
    List<MemorySegment> octets = new ArrayList<>(rest.size() + 2);
    octets.add(scratch.asSlice(0, Wire.RECORD_HEADER + inScratch));
    octets.addAll(rest);
    octets.add(ZEROS.asSlice(0, Wire.padding(length)));
    write(octets);
  }

  private MemorySegment numbers(MemorySegment little) {
    if (order == ByteOrder.LITTLE_ENDIAN) {
      return little;
    }
    MemorySegment swapped = MemorySegment.ofArray(new byte[(int) (little.byteSize() & -8L)]);
    for (long at = 0; at < swapped.byteSize(); at += 8) {
      Wire.putU64(swapped, at, Wire.u64(little, at), order);
    }
    return swapped;
  }

  private void write(List<MemorySegment> octets) throws IOException {
    for (int from = 0; from < octets.size(); from += MOST_BUFFERS) {
      int to = Math.min(octets.size(), from + MOST_BUFFERS);
      ByteBuffer[] buffers = new ByteBuffer[to - from];
      for (int i = from; i < to; i++) {
        buffers[i - from] = buffer(octets.get(i));
      }
      writeFully(buffers);
    }
  }

  /// Native memory and arrays of octets are written from where they lie; an array of any other
  /// numbers cannot be seen as a buffer.
  private static ByteBuffer buffer(MemorySegment octets) {
    return octets.isNative() || octets.heapBase().orElse(null) instanceof byte[]
        ? octets.asByteBuffer()
        : ByteBuffer.wrap(octets.toArray(ValueLayout.JAVA_BYTE));
  }

  private void writeFully(ByteBuffer[] buffers) throws IOException {
    int first = 0;
    while (true) {
      while (first < buffers.length && !buffers[first].hasRemaining()) {
        first++;
      }
      if (first == buffers.length) {
        return;
      }
      out.write(buffers, first, buffers.length - first);
    }
  }
}
