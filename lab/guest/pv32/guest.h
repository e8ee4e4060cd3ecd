// SPDX-License-Identifier: Apache-2.0
// A guest's kernel of our own: paravirtualized, 32 bits (PAE), one vCPU, no interrupts, no user
// space. It dirties and verifies memory, tells of it on its console, and does what control/shutdown
// asks. It handles no trap: a fault of its own makes Xen crash the domain; `xl dmesg` says where.
#ifndef PV32_GUEST_H
#define PV32_GUEST_H

#include "hypercall.h"
#include "xen.h"

// Text, for all.
uint32_t text_length(const char *text);
bool text_equal(const char *one, const char *other);
// The number after `name` on the kernel's command line, else `otherwise`. `name` ends with `=`.
uint32_t option_number(const char *name, uint32_t otherwise);
bool option_is(const char *name, const char *value);

// memory.c: frames, page tables, the p2m. `pfn` counts this domain's pages, `mfn` the machine's.
extern struct start_info *start_info;
extern struct shared_info shared_info;
void memory_init(struct start_info *info);
uint32_t mfn_of(const void *page);    // of a page that the builder mapped
void *page_of_mfn(uint32_t mfn);      // the other way round
uint32_t mfn_to_pfn(uint32_t mfn);
uint32_t pfn_to_mfn(uint32_t pfn);
void shared_info_map(void);           // and tells the toolstack in it where the p2m is
void shared_info_unmap(void);
void *memory_map(uint32_t pages);     // maps free pages, by page tables of this kernel's making

// events.c: event channels and time.
void event_clear(uint32_t port);
void event_send(uint32_t port);
// Sleeps until there is an event, at once if there is one that was not cleared, or until `time`.
void event_wait(uint32_t port, uint64_t time);
uint64_t system_time(void);           // nanoseconds since the machine started
uint32_t divide(uint64_t *value, uint32_t by);  // *value /= by; returns what remains

// console.c
void console_init(void);
void print(const char *text);
void print_number(uint32_t value);
void print_hex(uint32_t value);
_Noreturn void panic(const char *what);

// xenstore.c
void xenstore_init(void);
// Reads or writes a value; false if xenstored refuses. The value read is cut to fit, NUL included.
bool xenstore_read(const char *path, char *value, uint32_t size);
bool xenstore_write(const char *path, const char *value);
bool xenstore_watch(const char *path);
// Takes what has come; tells whether a watch fired since the last time.
bool xenstore_fired(void);

// suspend.c
void shutdown_init(void);
void shutdown_poll(void);             // does what control/shutdown asks, if it asks
uint64_t uptime(void);                // in nanoseconds, without those of suspension

// load.c: the same as lab/guest/load.c does in Linux guests.
struct area {
  uint32_t *memory;
  uint32_t pages, first, at, rounds;
};
struct load {
  struct area dirty, kept;
  uint32_t bad;
};
extern struct load load;
void load_init(uint32_t dirty_kib, uint32_t kept_kib);
void load_step(uint32_t dirty, uint32_t kept);  // pages

#endif
