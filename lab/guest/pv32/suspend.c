// SPDX-License-Identifier: Apache-2.0
// What the toolstack asks for by the node control/shutdown.
#include "guest.h"

#define SHUTDOWN_NODE "control/shutdown"

static uint64_t started;  // by system time; moved on by the length of each suspension

// Takes everything from start info anew: in a restored domain all of it is another's.
static void connect(void) {
  shared_info_map();
  console_init();
  xenstore_init();
}

static void watch(void) {
  // A watch outlasts a suspension that was cancelled; then this one is refused, and that is right.
  xenstore_watch(SHUTDOWN_NODE);
}

void shutdown_init(void) {
  connect();
  started = system_time();
  watch();
}

uint64_t uptime(void) {
  return system_time() - started;
}

static void suspend(void) {
  uint64_t before = uptime();
  // What is saved must name this domain's pages by their pfns: in page tables and registers the
  // toolstack replaces machine frames itself, in start info it expects it done.
  uint32_t start_info_mfn = mfn_of(start_info);
  start_info->store_mfn = mfn_to_pfn(start_info->store_mfn);
  start_info->console_mfn = mfn_to_pfn(start_info->console_mfn);
  shared_info_unmap();
  bool cancelled = HYPERVISOR_suspend(start_info_mfn) != 0;
  // Here the p2m may be another one already.
  if (cancelled) {
    start_info->store_mfn = pfn_to_mfn(start_info->store_mfn);
    start_info->console_mfn = pfn_to_mfn(start_info->console_mfn);
  }
  connect();
  started = system_time() - before;
  watch();
  print(cancelled ? "GUEST suspend cancelled\n" : "GUEST resumed\n");
}

void shutdown_poll(void) {
  char wanted[16];
  if (!xenstore_fired()) return;
  if (!xenstore_read(SHUTDOWN_NODE, wanted, sizeof wanted) || wanted[0] == 0) return;
  // An empty value tells the toolstack that the guest has seen the request.
  xenstore_write(SHUTDOWN_NODE, "");
  uint32_t reason;
  if (text_equal(wanted, "suspend")) {
    suspend();
    return;
  } else if (text_equal(wanted, "poweroff") || text_equal(wanted, "halt")) {
    reason = SHUTDOWN_poweroff;
  } else if (text_equal(wanted, "reboot")) {
    reason = SHUTDOWN_reboot;
  } else {
    print("GUEST does not know how to do this: ");
    print(wanted);
    print("\n");
    return;
  }
  print("GUEST down: ");
  print(wanted);
  print("\n");
  HYPERVISOR_sched_op(SCHEDOP_shutdown, &reason);
}
