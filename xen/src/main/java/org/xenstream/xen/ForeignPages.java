// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.xenstream.os.NativeCall;
import org.xenstream.transfer.ForeignMapping;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.transfer.Zeros;

/// Frames of a domain that libxenforeignmemory has mapped, one behind the other, by one call.
///
/// For the thread that made it.
final class ForeignPages implements ForeignMapping {
  private static final long PAGE = 4096;
  private static final int PROT_READ = 1;
  private static final int PROT_WRITE = 2;

  private final long handle;
  private final Arena arena;
  private final MemorySegment memory;
  private final int count;

  /// By frame; null where all are mapped, which is nearly always.
  private final int @Nullable [] errors;

  private ForeignPages(
      long handle, Arena arena, MemorySegment memory, int count, int @Nullable [] errors) {
    this.handle = handle;
    this.arena = arena;
    this.memory = memory;
    this.count = count;
    this.errors = errors;
  }

  /// @param handle of libxenforeignmemory
  /// @param frames `count` of them, 8 octets each
  @SuppressWarnings("MustBeClosedChecker") // the arena lives as long as the mapping
  static ForeignPages map(
      long handle, Call call, int domid, boolean writable, MemorySegment frames, int count)
      throws HypervisorException {
    MemorySegment failures = call.arena.allocate(ValueLayout.JAVA_INT, count);
    long address =
        Libxenforeignmemory.map(
            call.errno,
            handle,
            domid,
            writable ? PROT_READ | PROT_WRITE : PROT_READ,
            count,
            frames.address(),
            failures.address());
    if (address == 0) {
      throw call.failed(call.errno(), "%d frames could not be mapped".formatted(count));
    }
    Arena arena = Arena.ofConfined();
    MemorySegment memory = NativeLibrary.memory(address, count * PAGE, arena);
    return new ForeignPages(
        handle, arena, writable ? memory : memory.asReadOnly(), count, errors(failures, count));
  }

  private static int @Nullable [] errors(MemorySegment failures, int count) {
    if (Zeros.isZero(failures, 0, failures.byteSize())) {
      return null;
    }
    int[] errors = failures.toArray(ValueLayout.JAVA_INT);
    for (int i = 0; i < count; i++) {
      // libxenforeignmemory gives what the kernel gave it, which is negative.
      errors[i] = Math.abs(errors[i]);
    }
    return errors;
  }

  @Override
  public MemorySegment memory() {
    return memory;
  }

  @Override
  public long offset(int i) {
    return Objects.checkIndex(i, count) * PAGE;
  }

  @Override
  public int error(int i) {
    Objects.checkIndex(i, count);
    return errors == null ? 0 : errors[i];
  }

  @Override
  public int count() {
    return count;
  }

  @Override
  public void close() {
    if (!arena.scope().isAlive()) {
      return;
    }
    arena.close();
    try (Arena unmapping = Arena.ofConfined()) {
      int _ =
          Libxenforeignmemory.unmap(NativeCall.state(unmapping), handle, memory.address(), count);
    }
  }
}
