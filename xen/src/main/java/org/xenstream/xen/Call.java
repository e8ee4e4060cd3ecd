// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.xenstream.os.NativeCall;
import org.xenstream.transfer.HypervisorException;

/// One call of the port: memory that lives as long, and what its error will be called.
final class Call implements AutoCloseable {
  final Arena arena = Arena.ofConfined();
  final MemorySegment errno = NativeCall.state(arena);
  private final String name;
  private final int domid;

  /// @param name the method of [org.xenstream.transfer.Hypervisor]
  /// @param domid −1 when for none
  Call(String name, int domid) {
    this.name = name;
    this.domid = domid;
  }

  /// @param result what a function of a library returned
  /// @param function its name, for the message
  /// @throws HypervisorException when that is negative
  long check(long result, String function) throws HypervisorException {
    if (result < 0) {
      throw failed(NativeCall.errno(errno), function + " returned " + result);
    }
    return result;
  }

  HypervisorException failed(int number, String detail) {
    return new HypervisorException(name, domid, XenErrno.nameOf(number), detail);
  }

  HypervisorException refused(XenErrno error, String detail) {
    return failed(error.number, detail);
  }

  int errno() {
    return NativeCall.errno(errno);
  }

  /// Memory for a `u64`, as out-parameters are.
  MemorySegment word() {
    return arena.allocate(ValueLayout.JAVA_LONG);
  }

  /// A copy of numbers.
  MemorySegment copy(long[] numbers, int count) {
    MemorySegment copy = arena.allocate(ValueLayout.JAVA_LONG, count);
    MemorySegment.copy(numbers, 0, copy, ValueLayout.JAVA_LONG, 0, count);
    return copy;
  }

  /// A copy of octets.
  MemorySegment copy(MemorySegment octets) {
    return arena.allocate(Math.max(1, octets.byteSize()), 8).copyFrom(octets);
  }

  @Override
  public void close() {
    arena.close();
  }
}
