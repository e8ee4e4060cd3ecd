// SPDX-License-Identifier: Apache-2.0
// The kernel writes the same lines to its console as lab/guest/init, and knows of its options
// lab.dirty=KIB (1024), lab.step=PAGES (64), lab.pause=MS (10), lab.hold=KIB (0), lab.check=PAGES (8);
// besides lab.p2m=list (memory.c).
#include "guest.h"

#define MILLISECOND 1000000u
#define SECOND (1000 * MILLISECOND)

// Seconds with two decimal places.
static void print_seconds(uint64_t nanoseconds) {
  divide(&nanoseconds, SECOND / 100);
  uint32_t hundredths = divide(&nanoseconds, 100);
  print_number((uint32_t)nanoseconds);
  print(hundredths < 10 ? ".0" : ".");
  print_number(hundredths);
}

static void print_tick(uint32_t tick) {
  print("GUEST tick ");
  print_number(tick);
  print(" uptime=");
  print_seconds(uptime());
  if (load.dirty.pages + load.kept.pages > 0) {
    print(" load: rounds=");
    print_number(load.dirty.rounds);
    print(" bad=");
    print_number(load.bad);
    print(" kept=");
    print_number(load.kept.rounds);
  }
  print("\n");
}

_Noreturn void main(struct start_info *info) {
  memory_init(info);
  shutdown_init();
  load_init(option_number("lab.dirty=", 1024), option_number("lab.hold=", 0));
  uint32_t step = option_number("lab.step=", 64);
  uint32_t check = option_number("lab.check=", 8);
  uint32_t pause = option_number("lab.pause=", 10) * MILLISECOND;
  print("GUEST up: lab-pv32 cpus=1 hv=xen/PV mem=");
  print_number(info->nr_pages * 4);
  print("kB\n");

  uint32_t tick = 0;
  for (uint64_t next = 0;;) {
    if (uptime() >= next) {
      next = uptime() + SECOND;
      print_tick(++tick);
    }
    load_step(step, check);
    shutdown_poll();
    event_wait(info->store_evtchn, system_time() + pause);
  }
}
