// SPDX-License-Identifier: Apache-2.0
// The console's ring, and text.
#include "guest.h"

static struct xencons_interface *ring;

void console_init(void) {
  ring = page_of_mfn(start_info->console_mfn);
}

static void put(char c) {
  while (ring->out_prod - ring->out_cons >= sizeof ring->out) {
    event_clear(start_info->console_evtchn);
    event_send(start_info->console_evtchn);
    if (ring->out_prod - ring->out_cons >= sizeof ring->out) {
      event_wait(start_info->console_evtchn, system_time() + 100000000);
    }
  }
  ring->out[ring->out_prod % sizeof ring->out] = c;
  barrier();
  ring->out_prod++;
}

void print(const char *text) {
  for (; *text != 0; text++) {
    if (*text == '\n') put('\r');
    put(*text);
  }
  barrier();
  event_send(start_info->console_evtchn);
}

static void print_digits(uint32_t value, uint32_t base) {
  char digits[12];
  char *at = digits + sizeof digits;
  *--at = 0;
  do {
    *--at = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  print(at);
}

void print_number(uint32_t value) {
  print_digits(value, 10);
}

void print_hex(uint32_t value) {
  print("0x");
  print_digits(value, 16);
}

_Noreturn void panic(const char *what) {
  if (ring != 0) {
    print("GUEST panic: ");
    print(what);
    print("\n");
  }
  for (uint32_t reason = SHUTDOWN_crash;;) HYPERVISOR_sched_op(SCHEDOP_shutdown, &reason);
}

uint32_t text_length(const char *text) {
  uint32_t length = 0;
  while (text[length] != 0) length++;
  return length;
}

bool text_equal(const char *one, const char *other) {
  while (*one != 0 && *one == *other) one++, other++;
  return *one == *other;
}

// What follows `name` at the start of a word of the command line; null, if no word starts so.
static const char *option(const char *name) {
  const char *at = start_info->cmd_line;
  while (*at != 0) {
    const char *wanted = name;
    while (*wanted != 0 && *at == *wanted) at++, wanted++;
    if (*wanted == 0) return at;
    while (*at != 0 && *at != ' ') at++;
    while (*at == ' ') at++;
  }
  return 0;
}

uint32_t option_number(const char *name, uint32_t otherwise) {
  const char *at = option(name);
  if (at == 0) return otherwise;
  uint32_t number = 0;
  for (; *at >= '0' && *at <= '9'; at++) number = number * 10 + (*at - '0');
  return number;
}

bool option_is(const char *name, const char *value) {
  const char *at = option(name);
  if (at == 0) return false;
  while (*value != 0 && *at == *value) at++, value++;
  return *value == 0 && (*at == 0 || *at == ' ');
}
