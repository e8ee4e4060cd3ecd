/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands in for libxenctrl and libxenforeignmemory, for XenDoubleTest: a Xen without guests that answers what the
 * environment says.
 *   DOUBLE_DOMCTL    the error of every domctl; none where it is not set
 *   DOUBLE_LOGDIRTY  what xc_logdirty_control returns; as many pages as it was asked for where it is not set
 */
#include <errno.h>
#include <stdlib.h>

static long variable(const char *name, long otherwise)
{
    const char *value = getenv(name);
    return value ? atol(value) : otherwise;
}

void *xc_interface_open(void *logger, void *dombuild_logger, unsigned flags)
{
    (void)logger, (void)dombuild_logger, (void)flags;
    return malloc(1);
}

int xc_interface_close(void *xch)
{
    free(xch);
    return 0;
}

int xc_version(void *xch, int cmd, void *arg)
{
    (void)xch, (void)cmd, (void)arg;
    return 4 << 16 | 17;
}

int xc_domctl(void *xch, void *domctl)
{
    (void)xch, (void)domctl;
    errno = (int)variable("DOUBLE_DOMCTL", 0);
    return errno ? -1 : 0;
}

long long xc_logdirty_control(void *xch, unsigned domid, unsigned sop, void *bitmap, unsigned long pages,
                              unsigned mode, void *stats)
{
    (void)xch, (void)domid, (void)sop, (void)bitmap, (void)mode, (void)stats;
    return variable("DOUBLE_LOGDIRTY", (long)pages);
}

void *xc__hypercall_buffer_alloc_pages(void *xch, void *buffer, int pages)
{
    (void)xch, (void)buffer;
    return aligned_alloc(4096, (size_t)pages * 4096);
}

void *xenforeignmemory_open(void *logger, unsigned flags)
{
    (void)logger, (void)flags;
    return malloc(1);
}

/* What nobody calls here; it only has to be there. */
#define ABSENT(name) long name(void) { errno = ENOSYS; return -1; }
ABSENT(xc_memory_op)
ABSENT(xc_domain_nr_gpfns)
ABSENT(xc_domain_populate_physmap_exact)
ABSENT(xc_shadow_control)
ABSENT(xc_domain_get_guest_width)
ABSENT(xc_maximum_ram_page)
ABSENT(xc_machphys_mfn_list)
ABSENT(xc_mmuext_op)
ABSENT(xc_vcpu_getinfo)
ABSENT(xc_vcpu_getcontext)
ABSENT(xc_vcpu_setcontext)
ABSENT(xc_hvm_param_get)
ABSENT(xc_hvm_param_set)
ABSENT(xc_domain_hvm_getcontext)
ABSENT(xc_domain_hvm_setcontext)
ABSENT(xc_domain_get_tsc_info)
ABSENT(xc_domain_set_tsc_info)
ABSENT(xc__hypercall_buffer_free_pages)
ABSENT(xenforeignmemory_close)
ABSENT(xenforeignmemory_map)
ABSENT(xenforeignmemory_unmap)
ABSENT(xenforeignmemory_map_resource)
ABSENT(xenforeignmemory_unmap_resource)
