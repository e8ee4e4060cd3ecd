// SPDX-License-Identifier: Apache-2.0
// The load of a Linux guest: dirties memory for ever, and verifies each page before it rewrites it.
//
//   load [-d KIB] [-s PAGES] [-p MS] [-k KIB] [-c PAGES] [-f FILE]
//
//   -d  memory to dirty over and over
//   -s  pages of it a step (64)
//   -p  pause after a step, in milliseconds (10); 4 * PAGES / MS is the rate in MiB/s at most
//   -k  memory to keep: written once, then only verified, again and again
//   -c  pages of it verified a step (8)
//   -f  where to publish the line `rounds=R bad=B kept=K` (/tmp/load)
//
// R counts how often all the memory to dirty was rewritten, K how often all the memory to keep was
// verified, B the pages found bad. When K is two more than it was, each kept page was looked at
// since. The file is replaced after each round and at least once a second; it is whole at any time.
// What was wrong with the first bad pages is told on the standard error stream.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "page.h"

// Pages of the memory to keep are numbered from here, so that none looks like one of the other.
#define KEPT 0x80000000u

struct area {
  uint32_t *memory;
  uint32_t pages;
  uint32_t first;   // the index of its first page
  uint32_t at;      // the page that is next
  uint32_t rounds;  // how often `at` went round
};

static unsigned long bad;

static _Noreturn void fail(const char *what) {
  perror(what);
  exit(1);
}

static uint32_t number(const char *text, uint32_t least) {
  char *end;
  unsigned long value = strtoul(text, &end, 10);
  if (end == text || *end != 0 || value < least || value > 1u << 30) {
    fprintf(stderr, "load: '%s' must be a number from %u to %u\n", text, least, 1u << 30);
    exit(2);
  }
  return value;
}

// An area of `kib` KiB, each page of it at its generation 0.
static struct area area_of(uint32_t kib, uint32_t first) {
  struct area area = {.pages = kib / (PAGE_SIZE / 1024), .first = first};
  if (area.pages == 0) return area;
  area.memory = mmap(0, (size_t)area.pages * PAGE_SIZE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (area.memory == MAP_FAILED) fail("load: memory");
  for (uint32_t page = 0; page < area.pages; page++) {
    page_write(area.memory + (size_t)page * PAGE_WORDS, first + page, 0);
  }
  return area;
}

// Verifies the next page of an area. Where the area is dirtied, the page's generation is the number
// of rounds, and the page is rewritten for the next; else it is 0. A bad page is always rewritten,
// so that it counts once.
static void next_page(struct area *area, bool dirty) {
  uint32_t *page = area->memory + (size_t)area->at * PAGE_WORDS;
  uint32_t index = area->first + area->at;
  uint32_t generation = dirty ? area->rounds : 0;
  uint32_t wrong = page_check(page, index, generation);
  if (wrong < PAGE_WORDS && bad++ < 8) {
    fprintf(stderr,
            "LOAD bad page %#x of generation %u: word %u is %#x, must be %#x; "
            "it says that it is page %#x of generation %u\n",
            index, generation, wrong, page[wrong], page_word(index, generation, wrong), page[0],
            page[1]);
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

static void publish(const char *path, const char *next, uint32_t rounds, uint32_t kept) {
  char line[100];
  int length = snprintf(line, sizeof line, "rounds=%u bad=%lu kept=%u\n", rounds, bad, kept);
  int file = open(next, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0 || write(file, line, length) != length || close(file) != 0) fail(next);
  if (rename(next, path) != 0) fail(path);
}

static time_t seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

int main(int argc, char **argv) {
  uint32_t dirty_kib = 0, step = 64, pause = 10, kept_kib = 0, check = 8;
  const char *path = "/tmp/load";
  for (int option; (option = getopt(argc, argv, "d:s:p:k:c:f:")) != -1;) {
    switch (option) {
      case 'd': dirty_kib = number(optarg, 0); break;
      case 's': step = number(optarg, 1); break;
      case 'p': pause = number(optarg, 0); break;
      case 'k': kept_kib = number(optarg, 0); break;
      case 'c': check = number(optarg, 1); break;
      case 'f': path = optarg; break;
      default: return 2;
    }
  }
  struct area dirty = area_of(dirty_kib, 0), kept = area_of(kept_kib, KEPT);
  if (optind != argc || dirty.pages + kept.pages == 0) {
    fprintf(stderr, "load: one of -d and -k, and nothing but options\n");
    return 2;
  }
  char *next;
  if (asprintf(&next, "%s.new", path) < 0) fail("load");

  struct timespec rest = {pause / 1000, pause % 1000 * 1000000L};
  uint32_t rounds = 0;
  time_t published = -1;
  for (;;) {
    if (dirty.rounds != rounds || seconds() != published) {
      rounds = dirty.rounds;
      published = seconds();
      publish(path, next, rounds, kept.rounds);
    }
    for (uint32_t n = 0; n < step && dirty.pages > 0; n++) next_page(&dirty, true);
    for (uint32_t n = 0; n < check && kept.pages > 0; n++) next_page(&kept, false);
    nanosleep(&rest, 0);
  }
}
