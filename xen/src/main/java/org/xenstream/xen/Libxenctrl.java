// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.lang.foreign.MemorySegment;
import org.xenstream.os.NativeCall;

/// The functions of libxenctrl that this module calls (`tools/include/xenctrl.h`), the same from
/// 4.17 to 4.20. The library changes its soname with each release. Pointers are addresses; the
/// first parameter of each method takes `errno`.
final class Libxenctrl {
  static final NativeLibrary LIBRARY =
      NativeLibrary.find(XenRelease.sonames("libxenctrl", XenRelease.running()));

  // xc_interface *xc_interface_open(xentoollog_logger *logger,
  //     xentoollog_logger *dombuild_logger, unsigned open_flags);
  private static final MemorySegment OPEN = LIBRARY.function("xc_interface_open");

  // int xc_interface_close(xc_interface *xch);
  private static final MemorySegment CLOSE = LIBRARY.function("xc_interface_close");

  // int xc_version(xc_interface *xch, int cmd, void *arg);
  private static final MemorySegment VERSION = LIBRARY.function("xc_version");

  // int xc_domctl(xc_interface *xch, struct xen_domctl *domctl);
  private static final MemorySegment DOMCTL = LIBRARY.function("xc_domctl");

  // long xc_memory_op(xc_interface *xch, unsigned int cmd, void *arg, size_t len);
  private static final MemorySegment MEMORY_OP = LIBRARY.function("xc_memory_op");

  // int xc_domain_nr_gpfns(xc_interface *xch, uint32_t domid, xen_pfn_t *gpfns);
  private static final MemorySegment DOMAIN_NR_GPFNS = LIBRARY.function("xc_domain_nr_gpfns");

  // int xc_domain_populate_physmap_exact(xc_interface *xch, uint32_t domid,
  //     unsigned long nr_extents, unsigned int extent_order, unsigned int mem_flags,
  //     xen_pfn_t *extent_start);
  private static final MemorySegment DOMAIN_POPULATE_PHYSMAP_EXACT =
      LIBRARY.function("xc_domain_populate_physmap_exact");

  // int xc_shadow_control(xc_interface *xch, uint32_t domid, unsigned int sop, unsigned int *mb,
  //     unsigned int mode);
  private static final MemorySegment SHADOW_CONTROL = LIBRARY.function("xc_shadow_control");

  // long long xc_logdirty_control(xc_interface *xch, uint32_t domid, unsigned int sop,
  //     xc_hypercall_buffer_t *dirty_bitmap, unsigned long pages, unsigned int mode,
  //     xc_shadow_op_stats_t *stats);
  private static final MemorySegment LOGDIRTY_CONTROL = LIBRARY.function("xc_logdirty_control");

  // int xc_domain_get_guest_width(xc_interface *xch, uint32_t domid, unsigned int *guest_width);
  private static final MemorySegment DOMAIN_GET_GUEST_WIDTH =
      LIBRARY.function("xc_domain_get_guest_width");

  // int xc_maximum_ram_page(xc_interface *xch, unsigned long *max_mfn);
  private static final MemorySegment MAXIMUM_RAM_PAGE = LIBRARY.function("xc_maximum_ram_page");

  // int xc_machphys_mfn_list(xc_interface *xch, unsigned long max_extents,
  //     xen_pfn_t *extent_start);
  private static final MemorySegment MACHPHYS_MFN_LIST = LIBRARY.function("xc_machphys_mfn_list");

  // int xc_mmuext_op(xc_interface *xch, struct mmuext_op *op, unsigned int nr_ops, uint32_t dom);
  private static final MemorySegment MMUEXT_OP = LIBRARY.function("xc_mmuext_op");

  // int xc_vcpu_getinfo(xc_interface *xch, uint32_t domid, uint32_t vcpu, xc_vcpuinfo_t *info);
  private static final MemorySegment VCPU_GETINFO = LIBRARY.function("xc_vcpu_getinfo");

  // int xc_vcpu_getcontext(xc_interface *xch, uint32_t domid, uint32_t vcpu,
  //     vcpu_guest_context_any_t *ctxt);
  private static final MemorySegment VCPU_GETCONTEXT = LIBRARY.function("xc_vcpu_getcontext");

  // int xc_vcpu_setcontext(xc_interface *xch, uint32_t domid, uint32_t vcpu,
  //     vcpu_guest_context_any_t *ctxt);
  private static final MemorySegment VCPU_SETCONTEXT = LIBRARY.function("xc_vcpu_setcontext");

  // int xc_hvm_param_get(xc_interface *handle, uint32_t dom, uint32_t param, uint64_t *value);
  private static final MemorySegment HVM_PARAM_GET = LIBRARY.function("xc_hvm_param_get");

  // int xc_hvm_param_set(xc_interface *handle, uint32_t dom, uint32_t param, uint64_t value);
  private static final MemorySegment HVM_PARAM_SET = LIBRARY.function("xc_hvm_param_set");

  // int xc_domain_hvm_getcontext(xc_interface *xch, uint32_t domid, uint8_t *ctxt_buf,
  //     uint32_t size);
  private static final MemorySegment DOMAIN_HVM_GETCONTEXT =
      LIBRARY.function("xc_domain_hvm_getcontext");

  // int xc_domain_hvm_setcontext(xc_interface *xch, uint32_t domid, uint8_t *hvm_ctxt,
  //     uint32_t size);
  private static final MemorySegment DOMAIN_HVM_SETCONTEXT =
      LIBRARY.function("xc_domain_hvm_setcontext");

  // int xc_domain_get_tsc_info(xc_interface *xch, uint32_t domid, uint32_t *tsc_mode,
  //     uint64_t *elapsed_nsec, uint32_t *gtsc_khz, uint32_t *incarnation);
  private static final MemorySegment DOMAIN_GET_TSC_INFO =
      LIBRARY.function("xc_domain_get_tsc_info");

  // int xc_domain_set_tsc_info(xc_interface *xch, uint32_t domid, uint32_t tsc_mode,
  //     uint64_t elapsed_nsec, uint32_t gtsc_khz, uint32_t incarnation);
  private static final MemorySegment DOMAIN_SET_TSC_INFO =
      LIBRARY.function("xc_domain_set_tsc_info");

  // void *xc__hypercall_buffer_alloc_pages(xc_interface *xch, xc_hypercall_buffer_t *b,
  //     int nr_pages);
  private static final MemorySegment BUFFER_ALLOC_PAGES =
      LIBRARY.function("xc__hypercall_buffer_alloc_pages");

  // void xc__hypercall_buffer_free_pages(xc_interface *xch, xc_hypercall_buffer_t *b,
  //     int nr_pages);
  private static final MemorySegment BUFFER_FREE_PAGES =
      LIBRARY.function("xc__hypercall_buffer_free_pages");

  private Libxenctrl() {}

  static long open(MemorySegment errno, long logger, long buildLogger, int flags) {
    return NativeCall.call(errno, OPEN, logger, buildLogger, flags);
  }

  static int close(MemorySegment errno, long xch) {
    return (int) NativeCall.call(errno, CLOSE, xch);
  }

  static int version(MemorySegment errno, long xch, int command, long argument) {
    return (int) NativeCall.call(errno, VERSION, xch, command, argument);
  }

  static int domctl(MemorySegment errno, long xch, long domctl) {
    return (int) NativeCall.call(errno, DOMCTL, xch, domctl);
  }

  static long memoryOp(MemorySegment errno, long xch, int command, long argument, long length) {
    return NativeCall.call(errno, MEMORY_OP, xch, command, argument, length);
  }

  static int domainNrGpfns(MemorySegment errno, long xch, int domid, long count) {
    return (int) NativeCall.call(errno, DOMAIN_NR_GPFNS, xch, domid, count);
  }

  static int domainPopulatePhysmapExact(
      MemorySegment errno, long xch, int domid, long extents, int order, int flags, long frames) {
    return (int)
        NativeCall.call(
            errno, DOMAIN_POPULATE_PHYSMAP_EXACT, xch, domid, extents, order, flags, frames);
  }

  static int shadowControl(
      MemorySegment errno, long xch, int domid, int operation, long megabytes, int mode) {
    return (int) NativeCall.call(errno, SHADOW_CONTROL, xch, domid, operation, megabytes, mode);
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
    return NativeCall.call(
        errno, LOGDIRTY_CONTROL, xch, domid, operation, bitmap, pages, mode, stats, 0, 0);
  }

  static int domainGetGuestWidth(MemorySegment errno, long xch, int domid, long width) {
    return (int) NativeCall.call(errno, DOMAIN_GET_GUEST_WIDTH, xch, domid, width);
  }

  static int maximumRamPage(MemorySegment errno, long xch, long frame) {
    return (int) NativeCall.call(errno, MAXIMUM_RAM_PAGE, xch, frame);
  }

  static int machphysMfnList(MemorySegment errno, long xch, long extents, long frames) {
    return (int) NativeCall.call(errno, MACHPHYS_MFN_LIST, xch, extents, frames);
  }

  static int mmuextOp(MemorySegment errno, long xch, long operations, int count, int domid) {
    return (int) NativeCall.call(errno, MMUEXT_OP, xch, operations, count, domid);
  }

  static int vcpuGetinfo(MemorySegment errno, long xch, int domid, int vcpu, long info) {
    return (int) NativeCall.call(errno, VCPU_GETINFO, xch, domid, vcpu, info);
  }

  static int vcpuGetcontext(MemorySegment errno, long xch, int domid, int vcpu, long context) {
    return (int) NativeCall.call(errno, VCPU_GETCONTEXT, xch, domid, vcpu, context);
  }

  static int vcpuSetcontext(MemorySegment errno, long xch, int domid, int vcpu, long context) {
    return (int) NativeCall.call(errno, VCPU_SETCONTEXT, xch, domid, vcpu, context);
  }

  static int hvmParamGet(MemorySegment errno, long xch, int domid, int index, long value) {
    return (int) NativeCall.call(errno, HVM_PARAM_GET, xch, domid, index, value);
  }

  static int hvmParamSet(MemorySegment errno, long xch, int domid, int index, long value) {
    return (int) NativeCall.call(errno, HVM_PARAM_SET, xch, domid, index, value);
  }

  static int domainHvmGetcontext(MemorySegment errno, long xch, int domid, long context, int size) {
    return (int) NativeCall.call(errno, DOMAIN_HVM_GETCONTEXT, xch, domid, context, size);
  }

  static int domainHvmSetcontext(MemorySegment errno, long xch, int domid, long context, int size) {
    return (int) NativeCall.call(errno, DOMAIN_HVM_SETCONTEXT, xch, domid, context, size);
  }

  static int domainGetTscInfo(
      MemorySegment errno, long xch, int domid, long mode, long nsec, long khz, long incarnation) {
    return (int)
        NativeCall.call(errno, DOMAIN_GET_TSC_INFO, xch, domid, mode, nsec, khz, incarnation);
  }

  static int domainSetTscInfo(
      MemorySegment errno, long xch, int domid, int mode, long nsec, int khz, int incarnation) {
    return (int)
        NativeCall.call(errno, DOMAIN_SET_TSC_INFO, xch, domid, mode, nsec, khz, incarnation);
  }

  static long bufferAllocPages(MemorySegment errno, long xch, long buffer, int pages) {
    return NativeCall.call(errno, BUFFER_ALLOC_PAGES, xch, buffer, pages);
  }

  static void bufferFreePages(MemorySegment errno, long xch, long buffer, int pages) {
    long _ = NativeCall.call(errno, BUFFER_FREE_PAGES, xch, buffer, pages);
  }
}
