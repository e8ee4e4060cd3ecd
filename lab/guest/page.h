// SPDX-License-Identifier: Apache-2.0
// A page of memory that says what it is, so that a guest notices a page that was lost, altered, put
// in another's place or left as it was at an earlier time. For load.c and for the kernel in pv32/.
#ifndef LAB_GUEST_PAGE_H
#define LAB_GUEST_PAGE_H

#include <stdint.h>

#define PAGE_SIZE 4096
#define PAGE_WORDS (PAGE_SIZE / 4)

// The first two words are the page's index and its generation: the number of times it was written.
// All others follow from these two. Whoever checks a page knows its index by its place, and its
// generation by his own count: a page that is merely consistent in itself may still be a stale one.
static inline uint32_t page_word(uint32_t index, uint32_t generation, uint32_t at) {
  switch (at) {
    case 0:
      return index;
    case 1:
      return generation;
    default:
      return (index * 0x9e3779b1u ^ generation * 0x85ebca77u) + at * 0xc2b2ae3du;
  }
}

static inline void page_write(uint32_t *page, uint32_t index, uint32_t generation) {
  for (uint32_t at = 0; at < PAGE_WORDS; at++) page[at] = page_word(index, generation, at);
}

// Returns the place of the first word that is wrong; PAGE_WORDS, if none is.
static inline uint32_t page_check(const uint32_t *page, uint32_t index, uint32_t generation) {
  for (uint32_t at = 0; at < PAGE_WORDS; at++) {
    if (page[at] != page_word(index, generation, at)) return at;
  }
  return PAGE_WORDS;
}

#endif
