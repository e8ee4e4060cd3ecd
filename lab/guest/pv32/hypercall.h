// SPDX-License-Identifier: Apache-2.0
// The hypercalls: number N is called at N * 32 of the page that Xen fills in (start.S), with its
// arguments in EBX, ECX, EDX, ESI, and answers in EAX.
#ifndef PV32_HYPERCALL_H
#define PV32_HYPERCALL_H

#include "xen.h"

extern char hypercall_page[];

static inline int32_t hypercall(uint32_t number, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  int32_t result;
  // Xen may change the registers of the arguments.
  __asm__ volatile("call *%%eax"
                   : "=a"(result), "+b"(a), "+c"(b), "+d"(c), "+S"(d)
                   : "0"(hypercall_page + number * 32)
                   : "memory");
  return result;
}

static inline int32_t HYPERVISOR_mmu_update(const struct mmu_update *updates, uint32_t count) {
  return hypercall(__HYPERVISOR_mmu_update, (uint32_t)updates, count, 0, DOMID_SELF);
}

static inline int32_t HYPERVISOR_update_va_mapping(void *address, uint64_t entry) {
  return hypercall(__HYPERVISOR_update_va_mapping, (uint32_t)address, (uint32_t)entry,
                   (uint32_t)(entry >> 32), UVMF_INVLPG);
}

static inline int32_t HYPERVISOR_sched_op(uint32_t command, const void *argument) {
  return hypercall(__HYPERVISOR_sched_op, command, (uint32_t)argument, 0, 0);
}

// Returns 0 in a domain that was restored, 1 in this one, which goes on after all.
static inline int32_t HYPERVISOR_suspend(uint32_t start_info_mfn) {
  uint32_t reason = SHUTDOWN_suspend;
  return hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (uint32_t)&reason, start_info_mfn, 0);
}

static inline int32_t HYPERVISOR_event_channel_op(uint32_t command, const void *argument) {
  return hypercall(__HYPERVISOR_event_channel_op, command, (uint32_t)argument, 0, 0);
}

// What is written before is seen by others before what is written after; nothing is read early.
static inline void barrier(void) {
  __asm__ volatile("lock; addl $0, (%%esp)" ::: "memory");
}

#endif
