// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.xenstream.core.format.Wire;
import org.xenstream.transfer.ForeignMapping;
import org.xenstream.transfer.Hypervisor;

/// Frames of a guest, mapped one behind the other, read as a list of numbers: frame lists of the
/// p2m and page tables alike.
final class FrameList implements AutoCloseable {
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final ForeignMapping mapping;
  private final MemorySegment memory;
  private final int width;

  private FrameList(ForeignMapping mapping, int width) {
    this.mapping = mapping;
    this.memory = mapping.memory();
    this.width = width;
  }

  /// Maps frames, all of which have to be there.
  ///
  /// @param what they are, for messages
  /// @param width octets of a number
  static FrameList map(
      Hypervisor hypervisor, int domid, String what, long[] frames, int count, int width)
      throws IOException {
    ForeignMapping mapping = hypervisor.map(domid, Hypervisor.Access.READ, frames, count);
    for (int i = 0; i < count; i++) {
      if (mapping.error(i) != 0) {
        int error = mapping.error(i);
        mapping.close();
        throw new SaveException(
            domid,
            "%s %d: expected a frame of the guest, found mfn 0x%x that cannot be mapped (error %d)"
                .formatted(what, i, frames[i], error));
      }
    }
    return new FrameList(mapping, width);
  }

  /// Number `index`, counted through all frames; a 32-bit one of all ones is widened to
  /// [Hypervisor#INVALID_FRAME] (`copy_mfns_from_guest`).
  long get(long index) {
    int perFrame = Wire.PAGE_SIZE / width;
    long at = mapping.offset((int) (index / perFrame)) + index % perFrame * width;
    if (width == 8) {
      return memory.get(U64, at);
    }
    int number = memory.get(U32, at);
    return number == -1 ? Hypervisor.INVALID_FRAME : Integer.toUnsignedLong(number);
  }

  @Override
  public void close() {
    mapping.close();
  }
}
