// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;

/// The functions of libxenforeignmemory that this module calls
/// (`tools/include/xenforeignmemory.h`), whose interface is stable. Pointers are addresses; the
/// first parameter of each takes `errno`.
final class Libxenforeignmemory {
  static final NativeLibrary LIBRARY = NativeLibrary.find(List.of("libxenforeignmemory.so.1"));

  // xenforeignmemory_handle *xenforeignmemory_open(struct xentoollog_logger *logger,
  //     unsigned open_flags);
  private static final MethodHandle OPEN =
      LIBRARY.handle("xenforeignmemory_open", NativeLibrary.ofLong(JAVA_LONG, JAVA_INT));

  // int xenforeignmemory_close(xenforeignmemory_handle *fmem);
  private static final MethodHandle CLOSE =
      LIBRARY.handle("xenforeignmemory_close", NativeLibrary.ofInt(JAVA_LONG));

  // void *xenforeignmemory_map(xenforeignmemory_handle *fmem, uint32_t dom, int prot,
  //     size_t pages, const xen_pfn_t arr[/*pages*/], int err[/*pages*/]);
  private static final MethodHandle MAP =
      LIBRARY.handle(
          "xenforeignmemory_map",
          NativeLibrary.ofLong(JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG));

  // int xenforeignmemory_unmap(xenforeignmemory_handle *fmem, void *addr, size_t pages);
  private static final MethodHandle UNMAP =
      LIBRARY.handle(
          "xenforeignmemory_unmap", NativeLibrary.ofInt(JAVA_LONG, JAVA_LONG, JAVA_LONG));

  // xenforeignmemory_resource_handle *xenforeignmemory_map_resource(
  //     xenforeignmemory_handle *fmem, domid_t domid, unsigned int type, unsigned int id,
  //     unsigned long frame, unsigned long nr_frames, void **paddr, int prot, int flags);
  private static final MethodHandle MAP_RESOURCE =
      LIBRARY.handle(
          "xenforeignmemory_map_resource",
          NativeLibrary.ofLong(
              JAVA_LONG,
              JAVA_SHORT,
              JAVA_INT,
              JAVA_INT,
              JAVA_LONG,
              JAVA_LONG,
              JAVA_LONG,
              JAVA_INT,
              JAVA_INT));

  // int xenforeignmemory_unmap_resource(xenforeignmemory_handle *fmem,
  //     xenforeignmemory_resource_handle *fres);
  private static final MethodHandle UNMAP_RESOURCE =
      LIBRARY.handle("xenforeignmemory_unmap_resource", NativeLibrary.ofInt(JAVA_LONG, JAVA_LONG));

  private Libxenforeignmemory() {}

  static long open(MemorySegment errno, long logger, int flags) {
    try {
      return (long) OPEN.invokeExact(errno, logger, flags);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static int close(MemorySegment errno, long handle) {
    try {
      return (int) CLOSE.invokeExact(errno, handle);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static long map(
      MemorySegment errno,
      long handle,
      int domid,
      int protection,
      long pages,
      long frames,
      long errors) {
    try {
      return (long) MAP.invokeExact(errno, handle, domid, protection, pages, frames, errors);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static int unmap(MemorySegment errno, long handle, long address, long pages) {
    try {
      return (int) UNMAP.invokeExact(errno, handle, address, pages);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static long mapResource(
      MemorySegment errno,
      long handle,
      short domid,
      int type,
      int id,
      long frame,
      long frames,
      long address,
      int protection,
      int flags) {
    try {
      return (long)
          MAP_RESOURCE.invokeExact(
              errno, handle, domid, type, id, frame, frames, address, protection, flags);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static int unmapResource(MemorySegment errno, long handle, long resource) {
    try {
      return (int) UNMAP_RESOURCE.invokeExact(errno, handle, resource);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }
}
