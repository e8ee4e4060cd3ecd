// SPDX-License-Identifier: Apache-2.0
// Dirties memory, and verifies every page before it rewrites it; keeps other memory, and verifies
// that as well.
#include "guest.h"

#include "../page.h"

// Pages of the memory to keep are numbered from here, so that none looks like one of the other.
#define KEPT 0x80000000u

struct load load;

static void area_init(struct area *area, uint32_t *memory, uint32_t first) {
  area->memory = memory;
  area->first = first;
  for (uint32_t page = 0; page < area->pages; page++) {
    page_write(memory + page * PAGE_WORDS, first + page, 0);
  }
}

void load_init(uint32_t dirty_kib, uint32_t kept_kib) {
  load.dirty.pages = dirty_kib / 4;
  load.kept.pages = kept_kib / 4;
  if (load.dirty.pages + load.kept.pages == 0) return;
  uint32_t *memory = memory_map(load.dirty.pages + load.kept.pages);
  area_init(&load.dirty, memory, 0);
  area_init(&load.kept, memory + load.dirty.pages * PAGE_WORDS, KEPT);
}

// Verifies the next page of an area. Where the area is dirtied, the page's generation is the number
// of rounds, and the page is rewritten for the next; else it is 0. A bad page is always rewritten,
// so that it counts once.
static void next_page(struct area *area, bool dirty) {
  uint32_t *page = area->memory + area->at * PAGE_WORDS;
  uint32_t index = area->first + area->at;
  uint32_t generation = dirty ? area->rounds : 0;
  uint32_t wrong = page_check(page, index, generation);
  if (wrong < PAGE_WORDS && load.bad++ < 8) {
    print("LOAD bad page ");
    print_hex(index);
    print(" of generation ");
    print_number(generation);
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
  if (dirty) {
    page_write(page, index, generation + 1);
  } else if (wrong < PAGE_WORDS) {
    page_write(page, index, generation);
  }
  if (++area->at == area->pages) {
    area->at = 0;
    area->rounds++;
  }
}

void load_step(uint32_t dirty, uint32_t kept) {
  for (; dirty > 0 && load.dirty.pages > 0; dirty--) next_page(&load.dirty, true);
  for (; kept > 0 && load.kept.pages > 0; kept--) next_page(&load.kept, false);
}
