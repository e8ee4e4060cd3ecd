// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// The functions of libxenctrl that this module calls (`tools/include/xenctrl.h`), the same from
/// 4.17 to 4.20. The library changes its soname with each release. Pointers are addresses; the
/// first parameter of each takes `errno`.
final class Libxenctrl {
  static final NativeLibrary LIBRARY =
      NativeLibrary.find(XenRelease.sonames("libxenctrl", XenRelease.running()));

  // xc_interface *xc_interface_open(xentoollog_logger *logger,
  //     xentoollog_logger *dombuild_logger, unsigned open_flags);
  private static final MethodHandle OPEN =
      LIBRARY.handle("xc_interface_open", NativeLibrary.ofLong(JAVA_LONG, JAVA_LONG, JAVA_INT));

  // int xc_interface_close(xc_interface *xch);
  private static final MethodHandle CLOSE =
      LIBRARY.handle("xc_interface_close", NativeLibrary.ofInt(JAVA_LONG));

  // int xc_version(xc_interface *xch, int cmd, void *arg);
  private static final MethodHandle VERSION =
      LIBRARY.handle("xc_version", NativeLibrary.ofInt(JAVA_LONG, JAVA_INT, JAVA_LONG));

  // int xc_domctl(xc_interface *xch, struct xen_domctl *domctl);
  private static final MethodHandle DOMCTL =
      LIBRARY.handle("xc_domctl", NativeLibrary.ofInt(JAVA_LONG, JAVA_LONG));

  // long xc_memory_op(xc_interface *xch, unsigned int cmd, void *arg, size_t len);
  private static final MethodHandle MEMORY_OP =
      LIBRARY.handle(
          "xc_memory_op", NativeLibrary.ofLong(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG));

  // int xc_get_pfn_type_batch(xc_interface *xch, uint32_t dom, unsigned int num, xen_pfn_t *arr);
  private static final MethodHandle GET_PFN_TYPE_BATCH =
      LIBRARY.handle(
          "xc_get_pfn_type_batch", NativeLibrary.ofInt(JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG));

  // int xc_domain_nr_gpfns(xc_interface *xch, uint32_t domid, xen_pfn_t *gpfns);
  private static final MethodHandle DOMAIN_NR_GPFNS =
      LIBRARY.handle("xc_domain_nr_gpfns", NativeLibrary.ofInt(JAVA_LONG, JAVA_INT, JAVA_LONG));

  // int xc_domain_populate_physmap_exact(xc_interface *xch, uint32_t domid,
  //     unsigned long nr_extents, unsigned int extent_order, unsigned int mem_flags,
  //     xen_pfn_t *extent_start);
  private static final MethodHandle DOMAIN_POPULATE_PHYSMAP_EXACT =
      LIBRARY.handle(
          "xc_domain_populate_physmap_exact",
          NativeLibrary.ofInt(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG));

  // int xc_shadow_control(xc_interface *xch, uint32_t domid, unsigned int sop, unsigned int *mb,
  //     unsigned int mode);
  private static final MethodHandle SHADOW_CONTROL =
      LIBRARY.handle(
          "xc_shadow_control",
          NativeLibrary.ofInt(JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT));

  // long long xc_logdirty_control(xc_interface *xch, uint32_t domid, unsigned int sop,
  //     xc_hypercall_buffer_t *dirty_bitmap, unsigned long pages, unsigned int mode,
  //     xc_shadow_op_stats_t *stats);
  private static final MethodHandle LOGDIRTY_CONTROL =
      LIBRARY.handle(
          "xc_logdirty_control",
          NativeLibrary.ofLong(
              JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG));

  // int xc_domain_get_guest_width(xc_interface *xch, uint32_t domid, unsigned int *guest_width);
  private static final MethodHandle DOMAIN_GET_GUEST_WIDTH =
      LIBRARY.handle(
          "xc_domain_get_guest_width", NativeLibrary.ofInt(JAVA_LONG, JAVA_INT, JAVA_LONG));

  // int xc_maximum_ram_page(xc_interface *xch, unsigned long *max_mfn);
  private static final MethodHandle MAXIMUM_RAM_PAGE =
      LIBRARY.handle("xc_maximum_ram_page", NativeLibrary.ofInt(JAVA_LONG, JAVA_LONG));

  // int xc_machphys_mfn_list(xc_interface *xch, unsigned long max_extents,
  //     xen_pfn_t *extent_start);
  private static final MethodHandle MACHPHYS_MFN_LIST =
      LIBRARY.handle("xc_machphys_mfn_list", NativeLibrary.ofInt(JAVA_LONG, JAVA_LONG, JAVA_LONG));

  // int xc_mmuext_op(xc_interface *xch, struct mmuext_op *op, unsigned int nr_ops, uint32_t dom);
  private static final MethodHandle MMUEXT_OP =
      LIBRARY.handle("xc_mmuext_op", NativeLibrary.ofInt(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT));

  // int xc_vcpu_getinfo(xc_interface *xch, uint32_t domid, uint32_t vcpu, xc_vcpuinfo_t *info);
  private static final MethodHandle VCPU_GETINFO =
      LIBRARY.handle(
          "xc_vcpu_getinfo", NativeLibrary.ofInt(JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG));

  // int xc_vcpu_getcontext(xc_interface *xch, uint32_t domid, uint32_t vcpu,
  //     vcpu_guest_context_any_t *ctxt);
  private static final MethodHandle VCPU_GETCONTEXT =
      LIBRARY.handle(
          "xc_vcpu_getcontext", NativeLibrary.ofInt(JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG));

  // int xc_vcpu_setcontext(xc_interface *xch, uint32_t domid, uint32_t vcpu,
  //     vcpu_guest_context_any_t *ctxt);
  private static final MethodHandle VCPU_SETCONTEXT =
      LIBRARY.handle(
          "xc_vcpu_setcontext", NativeLibrary.ofInt(JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG));

  // int xc_hvm_param_get(xc_interface *handle, uint32_t dom, uint32_t param, uint64_t *value);
  private static final MethodHandle HVM_PARAM_GET =
      LIBRARY.handle(
          "xc_hvm_param_get", NativeLibrary.ofInt(JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG));

  // int xc_hvm_param_set(xc_interface *handle, uint32_t dom, uint32_t param, uint64_t value);
  private static final MethodHandle HVM_PARAM_SET =
      LIBRARY.handle(
          "xc_hvm_param_set", NativeLibrary.ofInt(JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG));

  // int xc_domain_hvm_getcontext(xc_interface *xch, uint32_t domid, uint8_t *ctxt_buf,
  //     uint32_t size);
  private static final MethodHandle DOMAIN_HVM_GETCONTEXT =
      LIBRARY.handle(
          "xc_domain_hvm_getcontext",
          NativeLibrary.ofInt(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));

  // int xc_domain_hvm_setcontext(xc_interface *xch, uint32_t domid, uint8_t *hvm_ctxt,
  //     uint32_t size);
  private static final MethodHandle DOMAIN_HVM_SETCONTEXT =
      LIBRARY.handle(
          "xc_domain_hvm_setcontext",
          NativeLibrary.ofInt(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));

  // int xc_domain_get_tsc_info(xc_interface *xch, uint32_t domid, uint32_t *tsc_mode,
  //     uint64_t *elapsed_nsec, uint32_t *gtsc_khz, uint32_t *incarnation);
  private static final MethodHandle DOMAIN_GET_TSC_INFO =
      LIBRARY.handle(
          "xc_domain_get_tsc_info",
          NativeLibrary.ofInt(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));

  // int xc_domain_set_tsc_info(xc_interface *xch, uint32_t domid, uint32_t tsc_mode,
  //     uint64_t elapsed_nsec, uint32_t gtsc_khz, uint32_t incarnation);
  private static final MethodHandle DOMAIN_SET_TSC_INFO =
      LIBRARY.handle(
          "xc_domain_set_tsc_info",
          NativeLibrary.ofInt(JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT));

  // void *xc__hypercall_buffer_alloc_pages(xc_interface *xch, xc_hypercall_buffer_t *b,
  //     int nr_pages);
  private static final MethodHandle BUFFER_ALLOC_PAGES =
      LIBRARY.handle(
          "xc__hypercall_buffer_alloc_pages", NativeLibrary.ofLong(JAVA_LONG, JAVA_LONG, JAVA_INT));

  // void xc__hypercall_buffer_free_pages(xc_interface *xch, xc_hypercall_buffer_t *b,
  //     int nr_pages);
  private static final MethodHandle BUFFER_FREE_PAGES =
      LIBRARY.handle(
          "xc__hypercall_buffer_free_pages",
          FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG, JAVA_INT));

  private Libxenctrl() {}

  static long open(MemorySegment errno, long logger, long buildLogger, int flags) {
    try {
      return (long) OPEN.invokeExact(errno, logger, buildLogger, flags);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static int close(MemorySegment errno, long xch) {
    try {
      return (int) CLOSE.invokeExact(errno, xch);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static int version(MemorySegment errno, long xch, int command, long argument) {
    try {
      return (int) VERSION.invokeExact(errno, xch, command, argument);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static int domctl(MemorySegment errno, long xch, long domctl) {
    try {
      return (int) DOMCTL.invokeExact(errno, xch, domctl);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static long memoryOp(MemorySegment errno, long xch, int command, long argument, long length) {
    try {
      return (long) MEMORY_OP.invokeExact(errno, xch, command, argument, length);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static int getPfnTypeBatch(MemorySegment errno, long xch, int domid, int count, long frames) {
    try {
      return (int) GET_PFN_TYPE_BATCH.invokeExact(errno, xch, domid, count, frames);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static int domainNrGpfns(MemorySegment errno, long xch, int domid, long count) {
    try {
      return (int) DOMAIN_NR_GPFNS.invokeExact(errno, xch, domid, count);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static int domainPopulatePhysmapExact(
      MemorySegment errno, long xch, int domid, long extents, int order, int flags, long frames) {
    try {
      return (int)
          DOMAIN_POPULATE_PHYSMAP_EXACT.invokeExact(
              errno, xch, domid, extents, order, flags, frames);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static int shadowControl(
      MemorySegment errno, long xch, int domid, int operation, long megabytes, int mode) {
    try {
      return (int) SHADOW_CONTROL.invokeExact(errno, xch, domid, operation, megabytes, mode);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static long logdirtyControl(
      MemorySegment errno,
      long xch,
      int domid,
      int operation,
      long bitmap,
      long pages,
      int mode,
      long stats) {
    try {
      return (long)
          LOGDIRTY_CONTROL.invokeExact(errno, xch, domid, operation, bitmap, pages, mode, stats);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static int domainGetGuestWidth(MemorySegment errno, long xch, int domid, long width) {
    try {
      return (int) DOMAIN_GET_GUEST_WIDTH.invokeExact(errno, xch, domid, width);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static int maximumRamPage(MemorySegment errno, long xch, long frame) {
    try {
      return (int) MAXIMUM_RAM_PAGE.invokeExact(errno, xch, frame);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static int machphysMfnList(MemorySegment errno, long xch, long extents, long frames) {
    try {
      return (int) MACHPHYS_MFN_LIST.invokeExact(errno, xch, extents, frames);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static int mmuextOp(MemorySegment errno, long xch, long operations, int count, int domid) {
    try {
      return (int) MMUEXT_OP.invokeExact(errno, xch, operations, count, domid);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static int vcpuGetinfo(MemorySegment errno, long xch, int domid, int vcpu, long info) {
    try {
      return (int) VCPU_GETINFO.invokeExact(errno, xch, domid, vcpu, info);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static int vcpuGetcontext(MemorySegment errno, long xch, int domid, int vcpu, long context) {
    try {
      return (int) VCPU_GETCONTEXT.invokeExact(errno, xch, domid, vcpu, context);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static int vcpuSetcontext(MemorySegment errno, long xch, int domid, int vcpu, long context) {
    try {
      return (int) VCPU_SETCONTEXT.invokeExact(errno, xch, domid, vcpu, context);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static int hvmParamGet(MemorySegment errno, long xch, int domid, int index, long value) {
    try {
      return (int) HVM_PARAM_GET.invokeExact(errno, xch, domid, index, value);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static int hvmParamSet(MemorySegment errno, long xch, int domid, int index, long value) {
    try {
      return (int) HVM_PARAM_SET.invokeExact(errno, xch, domid, index, value);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static int domainHvmGetcontext(MemorySegment errno, long xch, int domid, long context, int size) {
    try {
      return (int) DOMAIN_HVM_GETCONTEXT.invokeExact(errno, xch, domid, context, size);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static int domainHvmSetcontext(MemorySegment errno, long xch, int domid, long context, int size) {
    try {
      return (int) DOMAIN_HVM_SETCONTEXT.invokeExact(errno, xch, domid, context, size);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static int domainGetTscInfo(
      MemorySegment errno, long xch, int domid, long mode, long nsec, long khz, long incarnation) {
    try {
      return (int) DOMAIN_GET_TSC_INFO.invokeExact(errno, xch, domid, mode, nsec, khz, incarnation);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static int domainSetTscInfo(
      MemorySegment errno, long xch, int domid, int mode, long nsec, int khz, int incarnation) {
    try {
      return (int) DOMAIN_SET_TSC_INFO.invokeExact(errno, xch, domid, mode, nsec, khz, incarnation);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static long bufferAllocPages(MemorySegment errno, long xch, long buffer, int pages) {
    try {
      return (long) BUFFER_ALLOC_PAGES.invokeExact(errno, xch, buffer, pages);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }

  static void bufferFreePages(MemorySegment errno, long xch, long buffer, int pages) {
    try {
      BUFFER_FREE_PAGES.invokeExact(errno, xch, buffer, pages);
    } catch (Throwable e) {
      throw NativeLibrary.unexpected(e);
    }
  }
}
