// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Wire;

/// What stands behind the tail of an HVM guest: its device model, in one of three shapes, or
/// nothing (`buffer_tail_hvm`, `buffer_qemu` and `compat_buffer_qemu` in `xc_domain_restore.c`).
///
/// ```
///  device-model := "QemuDeviceModelRecord", data to the end of the image (xend)
///                | ( "DeviceModelRecord0002" | "RemusDeviceModelState" ), u32 length, data
/// ```
final class DeviceModelTail {
  /// Many times what any state of QEMU's has that was ever seen.
  static final long MOST = 48L << 20;

  private static final String PART = "device model";
  static final int SIGNATURE = 21;
  private static final String TO_THE_END = "QemuDeviceModelRecord";
  private static final String WITH_LENGTH = "DeviceModelRecord0002";
  private static final String OF_REMUS = "RemusDeviceModelState";

  /// "QEVM", with which QEMU's own states begin.
  private static final int QEVM = 0x4D564551;

  private final long offset;
  private final @Nullable EmulatorState state;
  private final boolean last;

  private DeviceModelTail(long offset, @Nullable EmulatorState state, boolean last) {
    this.offset = offset;
    this.state = state;
    this.last = last;
  }

  /// Where it began in the image.
  long offset() {
    return offset;
  }

  /// The state, which is whoever reads it to close; null where there is none, or nobody wants it.
  @Nullable EmulatorState state() {
    return state;
  }

  /// Whether nothing of the image can follow.
  boolean isLast() {
    return last;
  }

  /// Reads it.
  ///
  /// @param in stands behind the HVM context
  /// @param scratch where a long state is kept; without it the state is not wanted and only passed
  ///   over, and that only where another state can follow
  /// @param lastState whether the image said that no other state follows
  static DeviceModelTail read(LegacyCursor in, @Nullable Scratch scratch, boolean lastState)
      throws IOException {
    boolean wanted = scratch != null;
    long offset = in.position();
    if (!wanted && lastState) {
      // Not even looked at: a pipe may bring nothing for as long as others keep it open.
      return new DeviceModelTail(offset, null, true);
    }
    MemorySegment there = in.input().peek(SIGNATURE);
    String signature = text(there);
    if (signature.isEmpty()) {
      return new DeviceModelTail(offset, null, true);
    }
    if (!isSignature(signature)) {
      if (isBeginning(signature)) {
        throw in.truncated(SIGNATURE, there.byteSize(), offset, PART, "signature");
      }
      boolean another = !lastState && mayBeChunk(there);
      if (another || !wanted) {
        return new DeviceModelTail(offset, null, !another);
      }
      throw in.malformed(
          offset,
          PART,
          "signature",
          "\"%s\", \"%s\", \"%s\" or the end".formatted(TO_THE_END, WITH_LENGTH, OF_REMUS),
          shown(there));
    }
    if (signature.equals(TO_THE_END)) {
      return toTheEnd(in, offset, scratch);
    }
    in.pass(SIGNATURE, PART, "signature");
    long length = Integer.toUnsignedLong(in.takeU32(PART, "length"));
    if (scratch == null) {
      in.pass(length, PART, "state");
      return new DeviceModelTail(offset, null, false);
    }
    in.hold(length, most(in), offset + SIGNATURE, PART, "length");
    long from = in.position();
    EmulatorState state = take(in, offset, length, scratch);
    if (state.length() < length) {
      state.close();
      throw in.truncated(length, state.length(), from, PART, "state");
    }
    return new DeviceModelTail(offset, state, false);
  }

  private static EmulatorState take(LegacyCursor in, long offset, long most, Scratch scratch)
      throws IOException {
    return EmulatorState.take(in.input(), most, scratch, in.at(offset, PART, "state"));
  }

  private static DeviceModelTail toTheEnd(LegacyCursor in, long offset, @Nullable Scratch scratch)
      throws IOException {
    if (scratch == null) {
      return new DeviceModelTail(offset, null, true);
    }
    in.pass(SIGNATURE, PART, "signature");
    int magic = Wire.u32(in.require(4, PART, "state"), 0);
    if (magic != QEVM) {
      throw in.malformed(offset + SIGNATURE, PART, "state", "\"QEVM\"", "0x%08x".formatted(magic));
    }
    long most = most(in);
    EmulatorState state = take(in, offset, most + 1, scratch);
    if (state.length() > most) {
      state.close();
      throw in.fault(
          Fault.TOO_LONG,
          offset + SIGNATURE,
          PART,
          "state",
          "at most %d octets to the end".formatted(most),
          "more");
    }
    return new DeviceModelTail(offset, state, true);
  }

  private static long most(LegacyCursor in) {
    return Math.min(MOST, in.mostOctets());
  }

  /// Tells whether a device model begins with these octets.
  static boolean isSignature(MemorySegment octets) {
    return isSignature(text(octets));
  }

  private static String text(MemorySegment octets) {
    return new String(octets.toArray(ValueLayout.JAVA_BYTE), US_ASCII);
  }

  private static boolean isSignature(String text) {
    return text.equals(TO_THE_END) || text.equals(WITH_LENGTH) || text.equals(OF_REMUS);
  }

  private static boolean isBeginning(String text) {
    return TO_THE_END.startsWith(text) || WITH_LENGTH.startsWith(text) || OF_REMUS.startsWith(text);
  }

  /// Whether another state can begin with these octets, as far as they go.
  private static boolean mayBeChunk(MemorySegment octets) {
    return octets.byteSize() < 4 || Chunk.canBegin(Wire.u32(octets, 0));
  }

  private static String shown(MemorySegment octets) {
    StringBuilder text = new StringBuilder("\"");
    for (long i = 0; i < octets.byteSize(); i++) {
      byte octet = octets.get(ValueLayout.JAVA_BYTE, i);
      text.append(octet >= ' ' && octet <= '~' ? (char) octet : '.');
    }
    return text.append('"').toString();
  }
}
