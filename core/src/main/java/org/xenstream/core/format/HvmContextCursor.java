// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Walks forward over the entries of an HVM context, the body of an HVM_CONTEXT record.
///
/// The context is a row of entries without any padding between them (`struct hvm_save_descriptor`
/// in xen/include/public/hvm/save.h), little-endian whatever the order of the stream around it:
///
/// ```text
///  0     2        4        8
///  +-----+--------+--------+------------------+
///  | typ | instan | length | body (length)    |
///  +-----+--------+--------+------------------+
/// ```
///
/// The row ends with an entry of type [#END]. The cursor allocates nothing for an entry as long as
/// [#body()] is not asked for, reads each descriptor once, and comes to an end for any octets:
/// every step moves it by at least a descriptor, and it stops at the first entry that does not fit.
///
/// [#offset()], [#typecode()], [#instance()] and [#length()] speak of the last descriptor that was
/// read whole (before the first: all zero). After [State#TRUNCATED] that may be the entry whose
/// body does not fit, so that a message can name it; then [#offset()] equals [#position()].
///
/// The cursor keeps the segment it was made over and is as short-lived as that. One thread at a
/// time.
public final class HvmContextCursor {

  /// The size of an entry's descriptor in octets.
  public static final int DESCRIPTOR_SIZE = 8;

  /// The type of the entry that ends a context (`HVM_SAVE_CODE(END)`).
  public static final int END = 0;

  /// The type of the entry of an interrupt controller of a PC (`HVM_SAVE_CODE(PIC)`). A guest that
  /// has one has a device model; a PVH guest has neither.
  public static final int PIC = 3;

  /// How far a cursor has come, or how the context ended.
  public enum State {
    /// Nothing stopped the cursor so far.
    UNDERWAY,
    /// An END entry ended the context, as it should.
    ENDED_BY_END,
    /// The octets ran out exactly where the next entry would stand: there is no END.
    NO_END,
    /// A descriptor or a body reaches beyond the octets that are there.
    TRUNCATED
  }

  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final MemorySegment blob;
  private State state = State.UNDERWAY;
  private boolean onEntry;
  private long offset;
  private long following;
  private int typecode;
  private int instance;
  private long length;

  private HvmContextCursor(MemorySegment blob) {
    this.blob = blob;
  }

  /// Makes a cursor that stands before the first entry.
  ///
  /// @param blob the whole context; it is viewed, not copied
  public static HvmContextCursor over(MemorySegment blob) {
    return new HvmContextCursor(blob);
  }

  /// Tells whether there is an entry of a type in a context, before its END or its first fault.
  public static boolean has(MemorySegment blob, int typecode) {
    HvmContextCursor cursor = over(blob);
    while (cursor.next()) {
      if (cursor.typecode == typecode) {
        return true;
      }
    }
    return false;
  }

  /// Moves to the next entry. The END entry is an entry like any other: the cursor comes to it, and
  /// gives false only after it.
  ///
  /// @return whether there is such an entry, all of it; if not, [#state()] says why
  public boolean next() {
    if (state != State.UNDERWAY) {
      return false;
    }
    if (onEntry && typecode == END) {
      return stop(State.ENDED_BY_END);
    }
    long left = blob.byteSize() - following;
    if (left == 0) {
      return stop(State.NO_END);
    }
    if (left < DESCRIPTOR_SIZE) {
      return stop(State.TRUNCATED);
    }
    offset = following;
    typecode = Short.toUnsignedInt(blob.get(U16, offset));
    instance = Short.toUnsignedInt(blob.get(U16, offset + 2));
    length = Integer.toUnsignedLong(blob.get(U32, offset + 4));
    if (length > left - DESCRIPTOR_SIZE) {
      return stop(State.TRUNCATED);
    }
    following = offset + DESCRIPTOR_SIZE + length;
    onEntry = true;
    return true;
  }

  private boolean stop(State why) {
    state = why;
    onEntry = false;
    return false;
  }

  /// The offset of the entry's descriptor in the context.
  public long offset() {
    return offset;
  }

  /// The entry's type, 0 to 65535: what the body is.
  public int typecode() {
    return typecode;
  }

  /// The entry's instance, 0 to 65535: which of several, such as the number of the vCPU.
  public int instance() {
    return instance;
  }

  /// The length of the body in octets as the descriptor claims it, up to 2^32 - 1.
  public long length() {
    return length;
  }

  /// The entry's body, a view of the context.
  ///
  /// @throws IllegalStateException if the cursor stands on no entry: before the first [#next()] and
  ///   after one that gave false
  public MemorySegment body() {
    if (!onEntry) {
      throw new IllegalStateException("the cursor stands on no entry of the HVM context");
    }
    return blob.asSlice(offset + DESCRIPTOR_SIZE, length);
  }

  /// Tells how the context ended, or that the cursor is still under way.
  public State state() {
    return state;
  }

  /// The offset in the context of what comes next: just after the last whole entry, which is where
  /// a truncated one begins and where octets after END begin.
  public long position() {
    return following;
  }
}
