// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit;

import static org.xenstream.testkit.StreamBuilder.filled;
import static org.xenstream.testkit.StreamBuilder.page;

import java.nio.ByteOrder;

/// Small whole streams, with each record in the place where the reference saver writes it.
public final class Samples {
  private Samples() {}

  /// An HVM stream of about 5 KiB: a page with data, one of each kind without, and one checkpoint
  /// when asked for.
  public static byte[] hvm(int version, ByteOrder order, boolean checkpointed) {
    StreamBuilder stream = StreamBuilder.stream().order(order).imageHeader(version).domainHeader(2);
    if (version >= 3) {
      policies(stream);
    }
    stream.pageData(0x1, 0xF000_0000_0000_0002L, 0xE000_0000_0000_0003L, 0xD000_0000_0000_0004L);
    hvmState(stream);
    if (checkpointed) {
      stream.record(0x0E).pageData(0xF000_0000_0000_0001L);
      hvmState(stream);
      stream.record(0x0E);
    }
    return stream.end().octets();
  }

  /// The HVM stream of version 3, little-endian, without checkpoints.
  public static byte[] hvm() {
    return hvm(3, ByteOrder.LITTLE_ENDIAN, false);
  }

  /// A 64-bit PV stream of about 15 KiB: one vCPU, one page with data, then a verify pass.
  public static byte[] pv64(int version, ByteOrder order) {
    StreamBuilder stream = StreamBuilder.stream().order(order).imageHeader(version).domainHeader(1);
    stream.record(0x02, new byte[] {8, 4, 0, 0, 0, 0, 0, 0});
    if (version >= 3) {
      policies(stream);
    }
    stream.record(0x03, stream.part().u32(0).u32(511).u64(1).octets());
    stream.pageData(0x1, 0xF000_0000_0000_0002L);
    stream.record(0x0D).pageData(0x1);
    tsc(stream);
    stream.record(0x07, page(0x51));
    vcpu(stream, 0x04, filled(5168, 0x41));
    vcpu(stream, 0x05, filled(128, 0x42));
    vcpu(stream, 0x06, filled(832, 0x43));
    vcpu(stream, 0x0C, filled(32, 0x44));
    return stream.end().octets();
  }

  /// A stream of every record that the specification names, whatever its place, and of two that it
  /// does not name.
  public static byte[] everyRecord(int version, ByteOrder order) {
    StreamBuilder stream = StreamBuilder.stream().order(order).imageHeader(version).domainHeader(1);
    stream.record(
        0x80000000, "Fast CPU @ 3.14 GHz".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    stream.record(0x02, new byte[] {4, 3, 0, 0, 0, 0, 0, 0});
    policies(stream);
    stream.record(0x03, stream.part().u32(1).u32(0xFFFF_FFFEL).u64(0x123456789AL).u64(7).octets());
    stream.pageData(0x1, 0x9000_0000_0000_0005L, 0xE000_0000_0000_0003L);
    stream.record(0x0D);
    tsc(stream);
    stream.record(0x07, page(0x51));
    vcpu(stream, 0x04, filled(2800, 0x41));
    vcpu(stream, 0x05, filled(128, 0x42));
    vcpu(stream, 0x06, filled(17, 0x43));
    vcpu(stream, 0x0C, new byte[0]);
    hvmState(stream);
    stream.record(0x0B, filled(13, 0x54));
    stream.record(0x0E);
    stream.record(0x0F, stream.part().u64(0x11).u64(0x0000_00FF_0000_0022L).octets());
    stream.record(0x13, filled(5, 0x66));
    stream.record(0x80000077, filled(8, 0x67));
    return stream.end().octets();
  }

  /// Two checkpoints of a libxl and a libxc stream that take turns, as Remus sends them; the sender
  /// dies behind the second.
  public static byte[] remus() {
    ByteOrder order = ByteOrder.LITTLE_ENDIAN;
    StreamBuilder libxc = StreamBuilder.stream().imageHeader(3).domainHeader(2);
    policies(libxc);
    libxc.pageData(0x1);
    hvmState(libxc);
    StreamBuilder again = StreamBuilder.stream().pageData(0xF000_0000_0000_0002L);
    hvmState(again);
    byte[] turn =
        StreamBuilder.join(Layers.emulatorContext(order), Layers.libxlRecord(order, 0x04));
    return StreamBuilder.join(
        Layers.libxlHeader(order),
        Layers.libxlRecord(order, 0x01),
        libxc.record(0x0E).octets(),
        turn,
        again.record(0x0E).octets(),
        turn);
  }

  private static void policies(StreamBuilder stream) {
    stream.record(0x11, filled(48, 0x11)).record(0x12, filled(32, 0x12)).record(0x10);
  }

  private static void hvmState(StreamBuilder stream) {
    tsc(stream);
    StreamBuilder context = StreamBuilder.stream();
    context.u16(1).u16(0).u32(24).u32(0x54381286).raw(new byte[20]);
    context.u16(0).u16(0).u32(0);
    stream.record(0x09, context.octets());
    stream.record(
        0x0A,
        stream.part().u32(2).u32(0).u64(1).u64(0xFEFFC).u64(37).u64(0x180_FC10_0280L).octets());
  }

  private static void tsc(StreamBuilder stream) {
    stream.record(
        0x08,
        stream.part().u32(1).u32(0xC000_0001L).u64(0x0123_4567_89AB_CDEFL).u32(3).u32(0).octets());
  }

  private static void vcpu(StreamBuilder stream, int type, byte[] blob) {
    stream.record(type, stream.part().u32(0).u32(0).octets(), blob);
  }
}
