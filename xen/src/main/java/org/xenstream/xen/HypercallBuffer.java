// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.xenstream.os.NativeCall;
import org.xenstream.transfer.HypervisorException;

/// Whole pages that Xen may read and write while a hypercall runs (`xc_hypercall_buffer_t`): memory
/// of a process may be moved or swapped meanwhile, which such pages are not. Zero at first.
final class HypercallBuffer implements AutoCloseable {
  private static final int PAGE = 4096;

  /// `struct xc_hypercall_buffer` of xenctrl.h: hbuf, param_shadow, dir, ubuf, sz.
  static final int SIZE = 40;

  private final long xch;
  private final MemorySegment errno;
  private final MemorySegment descriptor;
  private final MemorySegment memory;
  private final int pages;

  private HypercallBuffer(
      long xch, MemorySegment errno, MemorySegment descriptor, MemorySegment memory, int pages) {
    this.xch = xch;
    this.errno = errno;
    this.descriptor = descriptor;
    this.memory = memory;
    this.pages = pages;
  }

  /// One for a single call.
  ///
  /// @param octets how many at least
  /// @param call closed after the buffer
  static HypercallBuffer of(long xch, Call call, long octets) throws HypervisorException {
    return of(xch, call, call.arena, octets);
  }

  /// One that outlives the call, see [KeptBuffer].
  ///
  /// @param octets how many at least
  static HypercallBuffer kept(long xch, Call call, long octets) throws HypervisorException {
    return of(xch, call, Arena.ofAuto(), octets);
  }

  private static HypercallBuffer of(long xch, Call call, Arena arena, long octets)
      throws HypervisorException {
    int pages = Math.toIntExact(Math.max(1, (octets + PAGE - 1) / PAGE));
    MemorySegment descriptor = arena.allocate(SIZE, 8);
    long address = Libxenctrl.bufferAllocPages(call.errno, xch, descriptor.address(), pages);
    if (address == 0) {
      throw call.failed(call.errno(), "no buffer of %d pages".formatted(pages));
    }
    MemorySegment memory = NativeLibrary.memory(address, (long) pages * PAGE, Arena.global());
    return new HypercallBuffer(
        xch, NativeCall.state(arena), descriptor, memory.fill((byte) 0), pages);
  }

  /// Its pages. Dies with the buffer, which nothing here can check.
  MemorySegment memory() {
    return memory;
  }

  /// Where the pages begin.
  long address() {
    return memory.address();
  }

  /// What libxenctrl's own functions take.
  long descriptor() {
    return descriptor.address();
  }

  @Override
  public void close() {
    Libxenctrl.bufferFreePages(errno, xch, descriptor.address(), pages);
  }
}
