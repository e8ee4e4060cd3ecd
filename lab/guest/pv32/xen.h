// SPDX-License-Identifier: Apache-2.0
// What this kernel needs of Xen's public interface, as a 32-bit PV guest sees it; the names are
// those of xen/include/public. Types of 64 bits are aligned to 4 octets here, as in that interface.
#ifndef PV32_XEN_H
#define PV32_XEN_H

#include <stdbool.h>
#include <stdint.h>

#define __HYPERVISOR_mmu_update 1
#define __HYPERVISOR_update_va_mapping 14
#define __HYPERVISOR_sched_op 29
#define __HYPERVISOR_event_channel_op 32

#define DOMID_SELF 0x7ff0u

// mmu_update: which of its updates the two low bits of `ptr` ask for
#define MMU_NORMAL_PT_UPDATE 0
#define UVMF_INVLPG 2

#define SCHEDOP_shutdown 2
#define SCHEDOP_poll 3
#define SHUTDOWN_poweroff 0
#define SHUTDOWN_reboot 1
#define SHUTDOWN_suspend 2
#define SHUTDOWN_crash 3
#define EVTCHNOP_send 4

struct mmu_update {
  uint64_t ptr;  // machine address of the entry
  uint64_t val;
};

struct sched_poll {
  uint32_t *ports;
  uint32_t nr_ports;
  uint64_t timeout;  // system time in nanoseconds; 0: none
};

struct start_info {
  // Filled in at boot and at each resumption.
  char magic[32];
  uint32_t nr_pages;
  uint32_t shared_info;  // machine address
  uint32_t flags;
  uint32_t store_mfn;
  uint32_t store_evtchn;
  uint32_t console_mfn;
  uint32_t console_evtchn;
  // Filled in at boot only.
  uint32_t pt_base;
  uint32_t nr_pt_frames;
  uint32_t mfn_list;
  uint32_t mod_start;
  uint32_t mod_len;
  char cmd_line[1024];
  uint32_t first_p2m_pfn;
  uint32_t nr_p2m_frames;
};

struct vcpu_time_info {
  volatile uint32_t version;  // odd while Xen changes the rest
  uint32_t pad0;
  uint64_t tsc_timestamp;
  uint64_t system_time;
  uint32_t tsc_to_system_mul;
  int8_t tsc_shift;
  uint8_t flags;
  uint8_t pad1[2];
};

struct vcpu_info {
  uint8_t evtchn_upcall_pending;
  uint8_t evtchn_upcall_mask;
  uint32_t evtchn_pending_sel;
  uint32_t arch[6];
  struct vcpu_time_info time;
};

struct arch_shared_info {
  uint32_t max_pfn;
  uint32_t pfn_to_mfn_frame_list_list;
  uint32_t nmi_reason;
  uint32_t p2m_cr3;
  uint32_t p2m_vaddr;
  uint32_t p2m_generation;
  uint32_t wc_sec_hi;
};

struct shared_info {
  struct vcpu_info vcpu_info[32];
  uint32_t evtchn_pending[32];
  uint32_t evtchn_mask[32];
  uint32_t wc_version, wc_sec, wc_nsec;
  struct arch_shared_info arch;
};

_Static_assert(sizeof(struct vcpu_info) == 64, "struct vcpu_info");
_Static_assert(__builtin_offsetof(struct shared_info, arch) == 2316, "struct shared_info");
_Static_assert(__builtin_offsetof(struct start_info, cmd_line) == 80, "struct start_info");

// io/console.h
struct xencons_interface {
  char in[1024];
  char out[2048];
  volatile uint32_t in_cons, in_prod;
  volatile uint32_t out_cons, out_prod;
};

// io/xs_wire.h
enum {
  XS_READ = 2,
  XS_WATCH = 4,
  XS_WRITE = 11,
  XS_WATCH_EVENT = 15,
  XS_ERROR = 16,
};

struct xsd_sockmsg {
  uint32_t type, req_id, tx_id, len;
};

struct xenstore_domain_interface {
  char req[1024];
  char rsp[1024];
  volatile uint32_t req_cons, req_prod;
  volatile uint32_t rsp_cons, rsp_prod;
};

#endif
