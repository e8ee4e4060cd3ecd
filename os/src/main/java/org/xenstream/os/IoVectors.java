// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;

/// An array of `struct iovec`, made once and used for every gathered write or scattered read:
/// places in native memory by their address. Whoever adds an address keeps its memory until the
/// transfer is over; nothing here can check that.
public final class IoVectors {
  /// `IOV_MAX` of Linux: more in one call are refused.
  public static final int MOST = 1024;

  // struct iovec { void *iov_base; size_t iov_len; };
  private static final StructLayout IOVEC =
      MemoryLayout.structLayout(
          ValueLayout.JAVA_LONG.withName("iov_base"), ValueLayout.JAVA_LONG.withName("iov_len"));
  private static final long LENGTH = IOVEC.byteOffset(MemoryLayout.PathElement.groupElement(1));

  private final MemorySegment vectors;
  private int first;
  private int end;
  private long left;
  private int shortened = -1;
  private long whole;

  /// @param arena owns the array
  public IoVectors(Arena arena) {
    this.vectors = arena.allocate(IOVEC, MOST);
  }

  /// Forgets all places.
  public void clear() {
    first = 0;
    end = 0;
    left = 0;
  }

  /// Adds a place of at least one octet.
  ///
  /// @throws IndexOutOfBoundsException when [#MOST] are there
  public void add(long address, long length) {
    vectors.set(ValueLayout.JAVA_LONG, IOVEC.byteSize() * end, address);
    vectors.set(ValueLayout.JAVA_LONG, IOVEC.byteSize() * end + LENGTH, length);
    end++;
    left += length;
  }

  /// Tells whether no further place can be added.
  public boolean isFull() {
    return end == MOST;
  }

  /// The octets that were not moved yet.
  public long left() {
    return left;
  }

  /// The address of the next octet to be moved.
  public long address() {
    return vectors.get(ValueLayout.JAVA_LONG, IOVEC.byteSize() * first);
  }

  /// How many octets follow each other from [#address] on.
  public long length() {
    return length(first);
  }

  private long length(int i) {
    return vectors.get(ValueLayout.JAVA_LONG, IOVEC.byteSize() * i + LENGTH);
  }

  private void setLength(int i, long length) {
    vectors.set(ValueLayout.JAVA_LONG, IOVEC.byteSize() * i + LENGTH, length);
  }

  /// Passes over octets that were moved.
  public void passed(long octets) {
    left -= octets;
    if (left == 0) {
      first = end; // nearly always: nothing is looked at then
      return;
    }
    long rest = octets;
    while (rest > 0) {
      long length = length(first);
      if (rest < length) {
        vectors.set(ValueLayout.JAVA_LONG, IOVEC.byteSize() * first, address() + rest);
        setLength(first, length - rest);
        return;
      }
      rest -= length;
      first++;
    }
  }

  /// Copies the next octets, which the first place has, without passing over them.
  ///
  /// @param into no longer than [#length]
  @SuppressWarnings("restricted") // whoever added the address answers for its memory
  public void copyTo(MemorySegment into) {
    into.copyFrom(MemorySegment.ofAddress(address()).reinterpret(into.byteSize()));
  }

  /// Copies octets to where the next ones go, without passing over them.
  ///
  /// @param from no longer than [#length]
  @SuppressWarnings("restricted") // whoever added the address answers for its memory
  public void copyFrom(MemorySegment from) {
    MemorySegment.ofAddress(address()).reinterpret(from.byteSize()).copyFrom(from);
  }

  /// Where the array begins for a call.
  long pointer() {
    return vectors.address() + IOVEC.byteSize() * first;
  }

  /// How many places a call is given that may move `most` octets, at least one: the last of them is
  /// shortened, until [#restore].
  int limit(long most) {
    if (left <= most) {
      return end - first;
    }
    long sum = 0;
    int i = first;
    while (sum + length(i) < most) {
      sum += length(i++);
    }
    shortened = i;
    whole = length(i);
    setLength(i, most - sum);
    return i + 1 - first;
  }

  /// Gives the place that [#limit] shortened its length again.
  void restore() {
    if (shortened >= 0) {
      setLength(shortened, whole);
      shortened = -1;
    }
  }
}
