// SPDX-License-Identifier: Apache-2.0
// The notes by which Xen's domain builder knows this kernel, and its first instructions.

#define XEN_ELFNOTE_ENTRY 1
#define XEN_ELFNOTE_HYPERCALL_PAGE 2
#define XEN_ELFNOTE_VIRT_BASE 3
#define XEN_ELFNOTE_PADDR_OFFSET 4
#define XEN_ELFNOTE_XEN_VERSION 5
#define XEN_ELFNOTE_GUEST_OS 6
#define XEN_ELFNOTE_GUEST_VERSION 7
#define XEN_ELFNOTE_LOADER 8
#define XEN_ELFNOTE_PAE_MODE 9
#define XEN_ELFNOTE_FEATURES 10
#define XEN_ELFNOTE_SUSPEND_CANCEL 14

.macro NOTE type, directive, value:vararg
  .balign 4
  .long 4, 2f - 1f, \type
  .asciz "Xen"
1:
  \directive \value
2:
  .balign 4
.endm

  .section .note.Xen, "a", @note
  NOTE XEN_ELFNOTE_GUEST_OS, .asciz, "lab-pv32"
  NOTE XEN_ELFNOTE_GUEST_VERSION, .asciz, "1"
  NOTE XEN_ELFNOTE_XEN_VERSION, .asciz, "xen-3.0"
  NOTE XEN_ELFNOTE_LOADER, .asciz, "generic"
  NOTE XEN_ELFNOTE_ENTRY, .long, _start
  NOTE XEN_ELFNOTE_HYPERCALL_PAGE, .long, hypercall_page
  // Page N of the domain is at N * 4096, as far as the builder maps it.
  NOTE XEN_ELFNOTE_VIRT_BASE, .long, 0
  NOTE XEN_ELFNOTE_PADDR_OFFSET, .long, 0
  // Page tables of the extended kind: their root may lie above 4 GiB.
  NOTE XEN_ELFNOTE_PAE_MODE, .asciz, "yes"
  NOTE XEN_ELFNOTE_FEATURES, .asciz, ""
  NOTE XEN_ELFNOTE_SUSPEND_CANCEL, .long, 1

  .text
  .globl _start
_start: // ESI: the start info
  cld
  movl $stack_top, %esp
  pushl %esi
  call main
1:
  jmp 1b

  .balign 4096
  .globl hypercall_page
hypercall_page:
  .skip 4096

  .bss
  .balign 4096
  .skip 16384
stack_top:
  // An address to map the shared info at. The domain's own page that is there first is not used.
  .globl shared_info
shared_info:
  .skip 4096
