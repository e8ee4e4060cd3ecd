// SPDX-License-Identifier: Apache-2.0
// Dirties memory, and verifies every page before it rewrites it.
#include "guest.h"

#include "../page.h"

struct load load;

static uint32_t *memory;
static uint32_t at;

void load_init(uint32_t kib) {
  load.pages = kib / 4;
  if (load.pages == 0) return;
  memory = memory_map(load.pages);
  for (uint32_t page = 0; page < load.pages; page++) {
    page_write(memory + page * PAGE_WORDS, page, 0);
  }
}

void load_step(uint32_t pages) {
  for (; pages > 0 && load.pages > 0; pages--) {
    uint32_t *page = memory + at * PAGE_WORDS;
    uint32_t wrong = page_check(page, at, load.rounds);
    if (wrong < PAGE_WORDS && load.bad++ < 8) {
      print("LOAD bad page ");
      print_hex(at);
      print(" of generation ");
      print_number(load.rounds);
      print(": word ");
      print_number(wrong);
      print(" is ");
      print_hex(page[wrong]);
      print("; it says that it is page ");
      print_hex(page[0]);
      print(" of generation ");
      print_number(page[1]);
      print("\n");
    }
    page_write(page, at, load.rounds + 1);
    if (++at == load.pages) {
      at = 0;
      load.rounds++;
    }
  }
}
