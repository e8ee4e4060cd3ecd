// SPDX-License-Identifier: Apache-2.0
// Event channels and time. No upcalls: the builder starts the vCPU with them masked, and so it
// stays; this kernel looks at pending bits, and sleeps by SCHEDOP_poll.
#include "guest.h"

void event_clear(uint32_t port) {
  __asm__ volatile("lock; btrl %1, %0"
                   : "+m"(shared_info.evtchn_pending[port / 32])
                   : "r"(port % 32)
                   : "memory");
}

void event_send(uint32_t port) {
  HYPERVISOR_event_channel_op(EVTCHNOP_send, &port);
}

void event_wait(uint32_t port, uint64_t time) {
  struct sched_poll poll = {.ports = &port, .nr_ports = 1, .timeout = time};
  HYPERVISOR_sched_op(SCHEDOP_poll, &poll);
}

// a * b >> 32, without an overflow of 64 bits.
static uint64_t multiply_shift32(uint64_t a, uint32_t b) {
  return ((a & 0xffffffffu) * b >> 32) + (a >> 32) * b;
}

uint64_t system_time(void) {
  struct vcpu_time_info *time = &shared_info.vcpu_info[0].time;
  uint64_t result;
  uint32_t version;
  do {
    version = time->version;
    barrier();
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    uint64_t ticks = ((uint64_t)high << 32 | low) - time->tsc_timestamp;
    ticks = time->tsc_shift >= 0 ? ticks << time->tsc_shift : ticks >> -time->tsc_shift;
    result = time->system_time + multiply_shift32(ticks, time->tsc_to_system_mul);
    barrier();
  } while (version % 2 != 0 || version != time->version);
  return result;
}

uint32_t divide(uint64_t *value, uint32_t by) {
  uint32_t high = (uint32_t)(*value >> 32), low = (uint32_t)*value, rest = 0;
  __asm__("divl %2" : "+a"(high), "+d"(rest) : "rm"(by));
  __asm__("divl %2" : "+a"(low), "+d"(rest) : "rm"(by));
  *value = (uint64_t)high << 32 | low;
  return rest;
}
