// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.xenstream.os.NativeCall;

/// The functions of libxenforeignmemory that this module calls
/// (`tools/include/xenforeignmemory.h`), whose interface is stable. Pointers are addresses; the
/// first parameter of each takes `errno`.
final class Libxenforeignmemory {
  static final NativeLibrary LIBRARY = NativeLibrary.find(List.of("libxenforeignmemory.so.1"));

  // xenforeignmemory_handle *xenforeignmemory_open(struct xentoollog_logger *logger,
  //     unsigned open_flags);
  private static final MemorySegment OPEN = LIBRARY.function("xenforeignmemory_open");

  // int xenforeignmemory_close(xenforeignmemory_handle *fmem);
  private static final MemorySegment CLOSE = LIBRARY.function("xenforeignmemory_close");

  // void *xenforeignmemory_map(xenforeignmemory_handle *fmem, uint32_t dom, int prot,
  //     size_t pages, const xen_pfn_t arr[/*pages*/], int err[/*pages*/]);
  private static final MemorySegment MAP = LIBRARY.function("xenforeignmemory_map");

  // int xenforeignmemory_unmap(xenforeignmemory_handle *fmem, void *addr, size_t pages);
  private static final MemorySegment UNMAP = LIBRARY.function("xenforeignmemory_unmap");

  // xenforeignmemory_resource_handle *xenforeignmemory_map_resource(
  //     xenforeignmemory_handle *fmem, domid_t domid, unsigned int type, unsigned int id,
  //     unsigned long frame, unsigned long nr_frames, void **paddr, int prot, int flags);
  private static final MemorySegment MAP_RESOURCE =
      LIBRARY.function("xenforeignmemory_map_resource");

  // int xenforeignmemory_unmap_resource(xenforeignmemory_handle *fmem,
  //     xenforeignmemory_resource_handle *fres);
  private static final MemorySegment UNMAP_RESOURCE =
      LIBRARY.function("xenforeignmemory_unmap_resource");

  private Libxenforeignmemory() {}

  static long open(MemorySegment errno, long logger, int flags) {
    return NativeCall.call(errno, OPEN, logger, flags);
  }

  static int close(MemorySegment errno, long handle) {
    return (int) NativeCall.call(errno, CLOSE, handle);
  }

  static long map(
      MemorySegment errno,
      long handle,
      int domid,
      int protection,
      long pages,
      long frames,
      long errors) {
    return NativeCall.call(errno, MAP, handle, domid, protection, pages, frames, errors);
  }

  static int unmap(MemorySegment errno, long handle, long address, long pages) {
    return (int) NativeCall.call(errno, UNMAP, handle, address, pages);
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
    return NativeCall.call(
        errno, MAP_RESOURCE, handle, domid, type, id, frame, frames, address, protection, flags);
  }

  static int unmapResource(MemorySegment errno, long handle, long resource) {
    return (int) NativeCall.call(errno, UNMAP_RESOURCE, handle, resource);
  }
}
