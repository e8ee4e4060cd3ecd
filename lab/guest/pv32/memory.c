// SPDX-License-Identifier: Apache-2.0
// The domain builder maps page N at N * 4096: this kernel, then the p2m, start info, the rings of
// xenstore and console, page tables, a stack, and some free pages. The rest of the domain's pages
// are mapped nowhere until memory_map.
#include "guest.h"

#define PTE_PRESENT 0x001u
#define PTE_RW 0x002u
#define PTE_USER 0x004u
#define PTE_ACCESSED 0x020u
#define PTE_DIRTY 0x040u
#define PTE_KERNEL (PTE_PRESENT | PTE_RW | PTE_ACCESSED | PTE_DIRTY)

#define ENTRIES 512                  // of a page table
#define P2M_ENTRIES 1024             // of a page of the p2m
#define MAP_AT ((char *)0x10000000)  // far above what the builder maps
// So many page tables fit into the free pages that the builder maps: it promises 512 KiB.
#define MAX_TABLES 128

struct start_info *start_info;

static uint32_t *p2m;
static uint32_t free_pfn;  // from here on no page is in use

static uint32_t frame_list_list[P2M_ENTRIES] __attribute__((aligned(4096)));
static uint32_t frame_list[P2M_ENTRIES] __attribute__((aligned(4096)));

uint32_t pfn_to_mfn(uint32_t pfn) {
  return p2m[pfn];
}

// Slow, but asked only of a few frames, at boot and at each suspension.
uint32_t mfn_to_pfn(uint32_t mfn) {
  for (uint32_t pfn = 0; pfn < start_info->nr_pages; pfn++) {
    if (p2m[pfn] == mfn) return pfn;
  }
  return ~0u;
}

uint32_t mfn_of(const void *page) {
  return p2m[(uint32_t)page >> 12];
}

void *page_of_mfn(uint32_t mfn) {
  return (void *)(mfn_to_pfn(mfn) << 12);
}

void memory_init(struct start_info *info) {
  start_info = info;
  p2m = (uint32_t *)info->mfn_list;
  free_pfn = (info->pt_base >> 12) + info->nr_pt_frames + 1;  // 1: the builder's stack
  shared_info_map();
}

static uint64_t entry_of(uint32_t mfn, uint32_t flags) {
  return (uint64_t)mfn << 12 | flags;
}

// Tells the toolstack where the p2m is, in one of two ways: by a tree of frames (the list of the
// frames of the list of the p2m's frames), or by an address in page tables, `lab.p2m=list`.
static void publish_p2m(void) {
  struct arch_shared_info *arch = &shared_info.arch;
  uint32_t frames = (start_info->nr_pages + P2M_ENTRIES - 1) / P2M_ENTRIES;
  for (uint32_t i = 0; i < frames; i++) frame_list[i] = mfn_of(p2m + i * P2M_ENTRIES);
  frame_list_list[0] = mfn_of(frame_list);
  arch->max_pfn = start_info->nr_pages;
  arch->pfn_to_mfn_frame_list_list = mfn_of(frame_list_list);
  if (option_is("lab.p2m=", "list")) {
    uint32_t root = mfn_of((void *)start_info->pt_base);
    arch->p2m_vaddr = (uint32_t)p2m;
    arch->p2m_generation = 0;
    arch->pfn_to_mfn_frame_list_list = ~0u;
    arch->p2m_cr3 = root << 12 | root >> 20;
  } else {
    arch->p2m_cr3 = 0;
  }
}

void shared_info_map(void) {
  uint32_t mfn = start_info->shared_info >> 12;
  if (HYPERVISOR_update_va_mapping(&shared_info, entry_of(mfn, PTE_KERNEL)) != 0) {
    panic("shared info cannot be mapped");
  }
  publish_p2m();
}

// The shared info's frame is not one of the domain's pages: a page table with it cannot be saved.
void shared_info_unmap(void) {
  if (HYPERVISOR_update_va_mapping(&shared_info, 0) != 0) panic("shared info cannot be unmapped");
}

// Gives the page table at `table` to Xen as the one for the 2 MiB from `address` on. Xen takes no
// page table that the guest could write to.
static void install_table(uint64_t *table, const char *address) {
  const uint64_t *root = (uint64_t *)start_info->pt_base;
  uint32_t directory = (uint32_t)(root[(uint32_t)address >> 30] >> 12);
  struct mmu_update update = {
      .ptr = entry_of(directory, ((uint32_t)address >> 21) % ENTRIES * 8 | MMU_NORMAL_PT_UPDATE),
      .val = entry_of(mfn_of(table), PTE_KERNEL | PTE_USER),
  };
  uint64_t read_only = entry_of(mfn_of(table), PTE_PRESENT | PTE_ACCESSED);
  if (HYPERVISOR_update_va_mapping(table, read_only) != 0 ||
      HYPERVISOR_mmu_update(&update, 1) != 0) {
    panic("page table refused");
  }
}

void *memory_map(uint32_t pages) {
  uint32_t tables = (pages + ENTRIES - 1) / ENTRIES;
  if (tables > MAX_TABLES || free_pfn + tables + pages > start_info->nr_pages) {
    panic("lab.dirty, lab.hold: more memory than there is");
  }
  uint64_t *table = (uint64_t *)(free_pfn << 12);
  free_pfn += tables;
  uint32_t mapped = 0;
  for (uint32_t t = 0; t < tables; t++, table += ENTRIES) {
    for (uint32_t i = 0; i < ENTRIES; i++) {
      table[i] = mapped++ < pages ? entry_of(p2m[free_pfn++], PTE_KERNEL) : 0;
    }
    install_table(table, MAP_AT + t * ENTRIES * 4096);
  }
  return MAP_AT;
}
