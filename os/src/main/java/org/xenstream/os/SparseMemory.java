// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Anonymous memory that takes a page of the machine only where it was written: terabytes may be
/// reserved. What was never written, or was discarded, reads as zeros.
@SuppressWarnings("restricted") // this module is where native memory is named by its address
public final class SparseMemory implements AutoCloseable {
  private static final int PROT_READ = 1;
  private static final int PROT_WRITE = 2;
  private static final int MAP_PRIVATE = 2;
  private static final int MAP_FIXED = 0x10;
  private static final int MAP_ANONYMOUS = 0x20;
  private static final int MAP_NORESERVE = 0x4000;
  private static final int MADV_DONTNEED = 4;
  private static final int MADV_HUGEPAGE = 14;
  private static final int MFD_CLOEXEC = 1;
  private static final long HUGE_PAGE = 2L << 20;

  /// So much of the machine is taken at most where zeros are shared; a process may have 65,530
  /// mappings.
  private static final long ZEROS = 64L << 20;

  // void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset);
  private static final MemorySegment MMAP = SystemCall.function("mmap");

  // int munmap(void *addr, size_t length);
  private static final MemorySegment MUNMAP = SystemCall.function("munmap");

  // int madvise(void *addr, size_t length, int advice);
  private static final MemorySegment MADVISE = SystemCall.function("madvise");

  // int memfd_create(const char *name, unsigned int flags);
  private static final MemorySegment MEMFD_CREATE = SystemCall.function("memfd_create");

  // int ftruncate(int fd, off_t length);
  private static final MemorySegment FTRUNCATE = SystemCall.function("ftruncate");

  private final Arena arena;
  private final MemorySegment memory;

  private SparseMemory(Arena arena, MemorySegment memory) {
    this.arena = arena;
    this.memory = memory;
  }

  /// Reserves `length` octets, a multiple of 4096. Any thread may use and close it. It begins at a
  /// multiple of 2 MiB, where large pages may lie.
  ///
  /// @throws IOException when the address space cannot be had
  @SuppressWarnings("MustBeClosedChecker") // the arena lives as long as this object
  public static SparseMemory reserve(long length) throws IOException {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment state = NativeCall.state(call);
      long reserved = length + HUGE_PAGE;
      long address =
          NativeCall.call(
              state,
              MMAP,
              0L,
              reserved,
              PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
              -1,
              0L);
      if (address == -1) {
        throw SystemCall.failed("mmap of %d octets".formatted(length), NativeCall.errno(state));
      }
      Arena arena = Arena.ofShared();
      MemorySegment memory =
          MemorySegment.ofAddress((address + HUGE_PAGE - 1) & -HUGE_PAGE)
              .reinterpret(length, arena, _ -> unmap(address, reserved));
      return new SparseMemory(arena, memory);
    }
  }

  /// Lets what nobody writes in a part of it be the same 64 MiB over and over, as otherwise a page
  /// that is only read costs a page where the kernel has no page of zeros for it. What was written
  /// there before is lost. Where no file in memory can be made, nothing changes.
  ///
  /// @param from a multiple of 4096, as is `length`
  public void shareZeros(long from, long length) throws IOException {
    MemorySegment part = memory.asSlice(from, length);
    try (Arena call = Arena.ofConfined()) {
      shareZeros(NativeCall.state(call), call.allocateFrom("zeros"), part);
    }
  }

  private static void shareZeros(MemorySegment state, MemorySegment name, MemorySegment part)
      throws IOException {
    int file = (int) NativeCall.call(state, MEMFD_CREATE, name.address(), MFD_CLOEXEC);
    if (file < 0) {
      // A hardened host may forbid it (`vm.memfd_noexec`), and most have a page of zeros.
      return;
    }
    try {
      if ((int) NativeCall.call(state, FTRUNCATE, file, ZEROS) != 0) {
        throw SystemCall.failed("ftruncate to %d octets".formatted(ZEROS), NativeCall.errno(state));
      }
      for (long at = 0; at < part.byteSize(); at += ZEROS) {
        long length = Math.min(ZEROS, part.byteSize() - at);
        int flags = MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE;
        int access = PROT_READ | PROT_WRITE;
        long address = part.address() + at;
        if (NativeCall.call(state, MMAP, address, length, access, flags, file, 0L) == -1) {
          throw SystemCall.failed("mmap of %d octets".formatted(length), NativeCall.errno(state));
        }
      }
    } finally {
      DescriptorCalls.close(file);
    }
  }

  private static void unmap(long address, long length) {
    try (Arena call = Arena.ofConfined()) {
      int result = (int) NativeCall.call(NativeCall.state(call), MUNMAP, address, length);
      assert result == 0;
    }
  }

  /// All of it. Dies with this object.
  public MemorySegment memory() {
    return memory;
  }

  /// Gives pages back to the machine; they read as zeros from then on.
  ///
  /// @param offset a multiple of 4096, as is `length`
  public void discard(long offset, long length) throws IOException {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment state = NativeCall.state(call);
      if (advise(state, memory.asSlice(offset, length), MADV_DONTNEED) != 0) {
        throw SystemCall.failed("madvise of %d octets".formatted(length), NativeCall.errno(state));
      }
    }
  }

  /// Asks for pages of 2 MiB: whoever writes to one octet takes that much of the machine, and
  /// moving large lumps of it by system calls is quicker by half or more. Where there are none it
  /// stays as it is.
  public void preferHugePages() {
    preferHugePages(0, memory.byteSize());
  }

  /// The same for a part of it.
  ///
  /// @param offset a multiple of 4096, as is `length`
  public void preferHugePages(long offset, long length) {
    try (Arena call = Arena.ofConfined()) {
      int _ = advise(NativeCall.state(call), memory.asSlice(offset, length), MADV_HUGEPAGE);
    }
  }

  private static int advise(MemorySegment state, MemorySegment part, int advice) {
    return (int) NativeCall.call(state, MADVISE, part.address(), part.byteSize(), advice);
  }

  /// Unmaps it.
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
