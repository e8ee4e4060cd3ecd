// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static org.xenstream.core.verify.Remedy.AS_CHECKPOINTED;
import static org.xenstream.core.verify.Remedy.CHECK_TOOLSTACK;
import static org.xenstream.core.verify.Remedy.CHOOSE_RELEASE;
import static org.xenstream.core.verify.Remedy.EXPECT_LOSS;
import static org.xenstream.core.verify.Remedy.FETCH_AGAIN;
import static org.xenstream.core.verify.Remedy.NOTHING;
import static org.xenstream.core.verify.Remedy.RAISE_LIMIT;
import static org.xenstream.core.verify.Remedy.REPORT_SAVER;
import static org.xenstream.core.verify.Remedy.SAVE_AGAIN;
import static org.xenstream.core.verify.Severity.ERROR;
import static org.xenstream.core.verify.Severity.NOTE;
import static org.xenstream.core.verify.Severity.WARNING;

import java.util.Locale;

/// Every rule: its stable id, how much it weighs, what it says, and the sentence of the
/// specification or the place in the reference on which it rests.
///
/// "Spec" is `docs/specs/libxc-migration-stream.pandoc`, "libxl spec"
/// `docs/specs/libxl-migration-stream.pandoc`, each with the section; `.c` files are those of the
/// reference: `xg_sr_*` in `tools/libs/guest`, `libxl_*` in `tools/libs/light`. A number is never
/// used for another rule. `docs/format/rules.md` is made from this file.
public enum Rule {
  // 00xx: the source, and the framing of records.
  NOT_AN_IMAGE(
      1,
      ERROR,
      FETCH_AGAIN,
      "The octets are no image of a known kind.",
      "Spec, Image Header and Legacy Images: what an image begins with."),
  TRUNCATED(
      2,
      ERROR,
      FETCH_AGAIN,
      "The image ends where more has to come.",
      "Spec, END: the last record. `read_record` in `xg_sr_common.c` fails."),
  CHECKPOINT_INCOMPLETE(
      3,
      WARNING,
      EXPECT_LOSS,
      "A checkpointed stream ends within a set of records: a restore drops that set and goes on"
          + " with the checkpoint before it.",
      "`restore` in `xg_sr_restore.c` (`remus_failover`), and `checkpoint_done` in"
          + " `libxl_stream_read.c` where CHECKPOINT_END is missing; the Python verifier refuses."),
  RECORD_TOO_LONG(
      4,
      ERROR,
      SAVE_AGAIN,
      "A record is longer than the limit.",
      "`read_record` in `xg_sr_common.c`: more than `REC_LENGTH_MAX` (128 MiB) is refused."),
  LEGACY_IMAGE(
      5,
      NOTE,
      NOTHING,
      "A legacy image (Xen 4.5 or older): its translation is judged, where there is a translator.",
      "Spec, Legacy Images: they are translated into this format to be restored."),
  DECOMPRESSION_FAILED(
      6,
      ERROR,
      FETCH_AGAIN,
      "A compressed layer does not decompress, or to more than the limit.",
      "The formats of the compressors; limits of this project."),
  RECORD_MISPLACED(
      7,
      ERROR,
      SAVE_AGAIN,
      "A record stands where the reader cannot tell whose records follow.",
      "Spec, CHECKPOINT_DIRTY_PFN_LIST, and libxl spec, CHECKPOINT_STATE: a back channel holds"
          + " nothing else."),
  PADDING_NOT_ZERO(
      8,
      WARNING,
      REPORT_SAVER,
      "The padding behind a record's body is not zero.",
      "Spec, Records: padded with zeros. The reference does not look."),
  RECORD_UNKNOWN_MANDATORY(
      9,
      ERROR,
      SAVE_AGAIN,
      "A mandatory record of a type that the specification does not know.",
      "Spec, Records: a restore of an unrecognised mandatory record must fail."),
  RECORD_UNKNOWN_OPTIONAL(
      10,
      NOTE,
      NOTHING,
      "An optional record of a type that the specification does not know.",
      "Spec, Records: what is in optional records may be ignored."),
  RECORD_OPTIONAL_BUFFERED(
      11,
      ERROR,
      CHOOSE_RELEASE,
      "An optional record behind the first CHECKPOINT, which no release of Xen gets over.",
      "`handle_checkpoint` in `xg_sr_restore.c`: the replay of buffered records takes"
          + " RECORD_NOT_PROCESSED for a failure. The specification would have it ignored."),
  TOOLSTACK_DEPRECATED(
      12,
      ERROR,
      SAVE_AGAIN,
      "A TOOLSTACK record.",
      "Spec, TOOLSTACK (deprecated): shall not be used; no reader handles it, and it is"
          + " mandatory."),
  DIRTY_PFN_LIST_FORWARD(
      13,
      ERROR,
      SAVE_AGAIN,
      "A CHECKPOINT_DIRTY_PFN_LIST outside a back channel.",
      "Spec, CHECKPOINT_DIRTY_PFN_LIST; `restore` in `xg_sr_restore.c` does not handle it."),
  DIRTY_PFN_LIST_SIZE(
      14,
      ERROR,
      SAVE_AGAIN,
      "A CHECKPOINT_DIRTY_PFN_LIST is no whole number of pfns.",
      "Spec, CHECKPOINT_DIRTY_PFN_LIST: length / 8 pfns."),
  SIGNAL_WITH_BODY(
      15,
      WARNING,
      REPORT_SAVER,
      "END, VERIFY, CHECKPOINT or STATIC_DATA_END has a body.",
      "Spec, the sections of these records: body_length is 0. The reference does not look."),

  // 01xx: the image header.
  IMAGE_MARKER(
      101,
      ERROR,
      FETCH_AGAIN,
      "The image header does not begin with its marker.",
      "Spec, Image Header; `read_headers` in `xg_sr_restore.c`."),
  IMAGE_ID(
      102,
      ERROR,
      FETCH_AGAIN,
      "The image header does not carry \"XENF\".",
      "Spec, Image Header; `read_headers` in `xg_sr_restore.c`."),
  IMAGE_VERSION(
      103,
      ERROR,
      SAVE_AGAIN,
      "A version of the format that no specification describes.",
      "Spec, Image Header; `read_headers` in `xg_sr_restore.c`: 2 or 3."),
  IMAGE_BIG_ENDIAN(
      104,
      ERROR,
      SAVE_AGAIN,
      "The image is marked big-endian, which no Xen on x86 takes.",
      "Spec, Image Header: images from x86 are little-endian; `read_headers` in"
          + " `xg_sr_restore.c`."),
  IMAGE_OPTIONS_RESERVED(
      105,
      WARNING,
      REPORT_SAVER,
      "Reserved option bits of the image header are set.",
      "Spec, Fields and Image Header: zero when saved, ignored when restored."),
  IMAGE_RESERVED(
      106,
      WARNING,
      REPORT_SAVER,
      "Reserved octets of the image header are not zero.",
      "Spec, Fields and Image Header: zero when saved, ignored when restored."),

  // 02xx: the domain header.
  DOMAIN_TYPE(
      201,
      ERROR,
      SAVE_AGAIN,
      "The domain's type is neither x86 PV nor x86 HVM.",
      "Spec, Domain Header; `x86_pv_setup` and `x86_hvm_setup` in `xg_sr_restore_x86_*.c`."),
  PAGE_SHIFT(
      202,
      ERROR,
      SAVE_AGAIN,
      "The page size is not 4096 octets.",
      "Spec, Domain Header; `x86_pv_setup` and `x86_hvm_setup` in `xg_sr_restore_x86_*.c`."),
  DOMAIN_RESERVED(
      203,
      WARNING,
      REPORT_SAVER,
      "Reserved octets of the domain header are not zero.",
      "Spec, Fields and Domain Header: zero when saved, ignored when restored."),
  DOMAIN_CONVERTED(
      204,
      NOTE,
      NOTHING,
      "The stream was converted from a legacy image.",
      "Spec, Domain Header: xen_major is 0."),
  DOMAIN_TYPE_CONFIG(
      205,
      NOTE,
      CHECK_TOOLSTACK,
      "The configuration in the xl header makes another kind of domain than the stream wants:"
          + " `xl restore` needs another one.",
      "`x86_pv_setup` and `x86_hvm_setup` in `xg_sr_restore_x86_*.c`: the domain is made by its"
          + " configuration first, which a file can replace."),

  // 03xx: which records, in which order.
  RECORD_OF_OTHER_GUEST(
      301,
      ERROR,
      SAVE_AGAIN,
      "A record that belongs to the other kind of guest.",
      "Spec, Layout; `x86_pv_process_record` and `x86_hvm_process_record` leave it unhandled,"
          + " and it is mandatory."),
  STATIC_DATA_END_MISSING(
      310,
      ERROR,
      SAVE_AGAIN,
      "A version 3 stream has no STATIC_DATA_END where one must have come.",
      "Spec, v3 compat with v2: mandatory ahead of memory; `handle_page_data` in"
          + " `xg_sr_restore.c`."),
  STATIC_DATA_END_TWICE(
      311,
      ERROR,
      SAVE_AGAIN,
      "A second STATIC_DATA_END, or one behind where a reader of version 2 infers it.",
      "`handle_static_data_end` in `xg_sr_restore.c`."),
  STATIC_DATA_END_IN_V2(
      312,
      WARNING,
      REPORT_SAVER,
      "STATIC_DATA_END in a version 2 stream.",
      "Spec, v3 compat with v2; the Python verifier refuses."),
  POLICY_IN_V2(
      313,
      WARNING,
      REPORT_SAVER,
      "A CPU policy in a version 2 stream.",
      "Spec, v3 compat with v2; the Python verifier refuses."),
  POLICY_LATE(
      314,
      WARNING,
      EXPECT_LOSS,
      "A CPU policy behind the end of the static data: it is stored and never applied.",
      "`x86_static_data_complete` in `xg_sr_common_x86.c` has run by then."),
  STATE_BEFORE_STATIC_DATA_END(
      315,
      WARNING,
      REPORT_SAVER,
      "State of the guest stands before STATIC_DATA_END.",
      "Spec, v3 compat with v2: STATIC_DATA_END comes ahead of memory and registers."),
  PV_INFO_MISSING(
      320,
      ERROR,
      SAVE_AGAIN,
      "A PV guest's record that needs X86_PV_INFO comes without one before it.",
      "Spec, x86 PV Guest (order); `handle_x86_pv_p2m_frames` and `handle_shared_info` in"
          + " `xg_sr_restore_x86_pv.c`."),
  PV_INFO_TWICE(
      321,
      ERROR,
      SAVE_AGAIN,
      "A second X86_PV_INFO.",
      "`handle_x86_pv_info` in `xg_sr_restore_x86_pv.c`."),
  PV_INFO_LATE(
      322,
      WARNING,
      REPORT_SAVER,
      "X86_PV_INFO behind the end of the static data.",
      "Spec, x86 PV Guest: it is one of the static data records."),
  P2M_FRAMES_MISSING(
      323,
      ERROR,
      SAVE_AGAIN,
      "Memory of a PV guest comes before any X86_PV_P2M_FRAMES.",
      "Spec, x86 PV Guest (order); `x86_pv_pfn_is_valid` in `xg_sr_restore_x86_pv.c`: without it"
          + " no pfn above 0 is valid."),
  P2M_FRAMES_REPEATED(
      324,
      NOTE,
      NOTHING,
      "A further X86_PV_P2M_FRAMES: the guest grew while it was saved.",
      "`expand_p2m` in `xg_sr_restore_x86_pv.c`."),
  VCPU_BEFORE_MEMORY(
      325,
      WARNING,
      REPORT_SAVER,
      "A vCPU's record comes before the memory on which it depends.",
      "Spec, x86 PV Guest (order). The reference keeps vCPU records to the end."),
  MEMORY_MISSING(
      330,
      WARNING,
      EXPECT_LOSS,
      "The stream holds no memory at all.",
      "Spec, Layout: PAGE_DATA records are the bulk of an image."),
  TSC_INFO_MISSING(
      331,
      WARNING,
      EXPECT_LOSS,
      "No X86_TSC_INFO: the guest's clock starts as that of a new domain.",
      "Spec, Layout. Both references accept."),
  SHARED_INFO_MISSING(
      332,
      WARNING,
      EXPECT_LOSS,
      "No SHARED_INFO: what the guest shares with Xen is lost.",
      "Spec, x86 PV Guest. Both references accept."),
  HVM_PARAMS_MISSING(
      333,
      WARNING,
      EXPECT_LOSS,
      "No HVM_PARAMS: the guest loses store, console and device model pages.",
      "Spec, x86 HVM Guest. Both references accept."),
  HVM_CONTEXT_MISSING(
      334,
      ERROR,
      SAVE_AGAIN,
      "No HVM_CONTEXT where the state must be complete.",
      "`x86_hvm_stream_complete` in `xg_sr_restore_x86_hvm.c`: the hypervisor refuses an empty"
          + " context."),
  HVM_CONTEXT_BEFORE_PARAMS(
      335,
      NOTE,
      NOTHING,
      "HVM_CONTEXT comes before HVM_PARAMS.",
      "Spec, x86 HVM Guest, wants the other order; every saver of Xen writes this one, and a"
          + " restore applies the context last."),
  STATE_REPEATED(
      336,
      WARNING,
      REPORT_SAVER,
      "State that a set of records holds once comes again; the last counts.",
      "Spec, Layout. Both references accept."),
  SAVING_CPU_LATE(
      340,
      WARNING,
      REPORT_SAVER,
      "SAVING_CPU behind the static data.",
      "Draft of the specification: purely informative; this project places it among the static"
          + " data."),
  SAVING_CPU_TEXT(
      341,
      WARNING,
      REPORT_SAVER,
      "The name in SAVING_CPU is not 7-bit text.",
      "Draft of the specification, SAVING_CPU: an ASCII string."),

  // 04xx: PAGE_DATA.
  PAGE_DATA_SIZE(
      401,
      ERROR,
      FETCH_AGAIN,
      "PAGE_DATA's length does not fit its count and its pages.",
      "Spec, PAGE_DATA; `handle_page_data` in `xg_sr_restore.c`."),
  PAGE_DATA_EMPTY(
      402,
      ERROR,
      SAVE_AGAIN,
      "PAGE_DATA without an entry.",
      "Spec, PAGE_DATA: the count is greater than 0; `handle_page_data` in `xg_sr_restore.c`."),
  PAGE_DATA_RESERVED(
      403,
      WARNING,
      REPORT_SAVER,
      "PAGE_DATA's reserved field is not zero.",
      "Spec, Fields: zero when saved, ignored when restored."),
  PFN_RESERVED_BITS(
      404,
      WARNING,
      REPORT_SAVER,
      "Reserved bits of an entry are set.",
      "Spec, PAGE_DATA (bits 59–52) and Fields: zero when saved, ignored when restored."),
  PAGE_TYPE_RESERVED(
      405,
      ERROR,
      SAVE_AGAIN,
      "A page type that the specification reserves.",
      "Spec, PAGE_DATA: a restore of an unrecognised page type shall fail; `handle_page_data`."),
  PFN_REPEATED(
      406,
      WARNING,
      REPORT_SAVER,
      "A pfn comes twice in a batch.",
      "Spec, PAGE_DATA. Both references accept; no saver writes it."),
  PFN_BEYOND_GUEST(
      407,
      ERROR,
      SAVE_AGAIN,
      "A pfn beyond the PV guest's end.",
      "`x86_pv_pfn_is_valid` in `xg_sr_restore_x86_pv.c`: at most the highest end_pfn of"
          + " X86_PV_P2M_FRAMES so far."),
  PFN_BEYOND_ADDRESS(
      408,
      ERROR,
      SAVE_AGAIN,
      "A pfn that no physical address of 52 bits reaches.",
      "`pfn_set_populated` in `xg_sr_restore.c` cannot have a bitmap for it; x86 has 52 bits of"
          + " physical address."),
  PAGE_TABLE_IN_HVM(
      409,
      WARNING,
      REPORT_SAVER,
      "A page-table type in an HVM guest.",
      "Spec, PAGE_DATA: the types are those of PV page tables. Both references accept."),
  PAGE_TABLE_LEVEL(
      410,
      ERROR,
      SAVE_AGAIN,
      "An L4 page table in a guest with three levels.",
      "Spec, X86_PV_INFO: there is no fourth level. `process_vcpu_basic` in"
          + " `xg_sr_restore_x86_pv.c` refuses it in cr3; of a pin `do_mmuext_op` in"
          + " `xen/arch/x86/mm.c` takes no notice."),
  PTE_BEYOND_GUEST(
      411,
      ERROR,
      SAVE_AGAIN,
      "A present page-table entry refers to a pfn beyond the guest's end.",
      "`x86_pv_localise_page` in `xg_sr_restore_x86_pv.c`: `pfn_to_mfn` asserts."),
  BATCH_LARGE(
      412,
      NOTE,
      NOTHING,
      "A batch of more pages than the reference writes.",
      "`MAX_BATCH_SIZE` in `xg_sr_common.h`: 1024. Any count is read."),

  // 05xx: records of a PV guest.
  PV_INFO_SIZE(
      501,
      ERROR,
      SAVE_AGAIN,
      "X86_PV_INFO is shorter than its fields.",
      "Spec, X86_PV_INFO; `handle_x86_pv_info` in `xg_sr_restore_x86_pv.c`."),
  PV_INFO_LONG(
      502,
      WARNING,
      REPORT_SAVER,
      "X86_PV_INFO is longer than its fields.",
      "Spec, X86_PV_INFO. The reference does not look; the Python verifier refuses."),
  PV_INFO_PAIR(
      503,
      ERROR,
      SAVE_AGAIN,
      "Guest width and page-table levels are neither (4, 3) nor (8, 4).",
      "`valid_x86_pv_info_combination` in `xg_sr_restore_x86_pv.c`."),
  PV_INFO_RESERVED(
      504,
      WARNING,
      REPORT_SAVER,
      "X86_PV_INFO's reserved octets are not zero.",
      "Spec, Fields: zero when saved, ignored when restored."),
  P2M_SIZE(
      510,
      ERROR,
      SAVE_AGAIN,
      "X86_PV_P2M_FRAMES is shorter than its fields or holds a part of a number.",
      "Spec, X86_PV_P2M_FRAMES; `handle_x86_pv_p2m_frames` in `xg_sr_restore_x86_pv.c`."),
  P2M_RANGE(
      511,
      ERROR,
      SAVE_AGAIN,
      "X86_PV_P2M_FRAMES starts behind its end.",
      "`handle_x86_pv_p2m_frames` in `xg_sr_restore_x86_pv.c`."),
  P2M_COUNT(
      512,
      ERROR,
      SAVE_AGAIN,
      "X86_PV_P2M_FRAMES does not hold one frame for each p2m page of its range.",
      "Spec, X86_PV_P2M_FRAMES; `handle_x86_pv_p2m_frames` in `xg_sr_restore_x86_pv.c`."),
  P2M_GAP(
      513,
      ERROR,
      SAVE_AGAIN,
      "A frame of the guest's p2m is in no X86_PV_P2M_FRAMES.",
      "`update_guest_p2m` in `xg_sr_restore_x86_pv.c` finds no valid pfn there."),
  P2M_FRAME_BEYOND_GUEST(
      514,
      ERROR,
      SAVE_AGAIN,
      "A p2m frame's pfn lies beyond the guest's end.",
      "`update_guest_p2m` in `xg_sr_restore_x86_pv.c`."),
  P2M_FRAME_TYPE(
      515,
      ERROR,
      SAVE_AGAIN,
      "A p2m frame is no ordinary page, or was never sent.",
      "`update_guest_p2m` in `xg_sr_restore_x86_pv.c`."),
  SHARED_INFO_SIZE(
      520,
      ERROR,
      SAVE_AGAIN,
      "SHARED_INFO is not one page.",
      "Spec, SHARED_INFO; `handle_shared_info` in `xg_sr_restore_x86_pv.c`."),

  // 06xx: vCPU records of a PV guest.
  VCPU_SIZE(
      601,
      ERROR,
      SAVE_AGAIN,
      "A vCPU's record is shorter than its own header.",
      "Spec, X86_PV_VCPU_*; `handle_x86_pv_vcpu_blob` in `xg_sr_restore_x86_pv.c`."),
  VCPU_RESERVED(
      602,
      WARNING,
      REPORT_SAVER,
      "The reserved field of a vCPU's record is not zero.",
      "Spec, Fields: zero when saved, ignored when restored."),
  VCPU_ID(
      603,
      ERROR,
      SAVE_AGAIN,
      "A vCPU that the domain cannot have.",
      "`handle_x86_pv_vcpu_blob` in `xg_sr_restore_x86_pv.c`: below the domain's max_vcpus, which"
          + " an xl header tells; else below 1024, as libxl makes no larger domain"
          + " (`libxl__domain_build_info_setdefault` in `libxl_create.c`: 128 octets of bitmap)."),
  VCPU_EMPTY(
      604,
      NOTE,
      NOTHING,
      "A vCPU's record without content.",
      "Spec, Errata 1: Xen 4.6 to 4.8 wrote such records; tolerate and ignore."),
  VCPU_BASIC_SIZE(
      605,
      ERROR,
      SAVE_AGAIN,
      "X86_PV_VCPU_BASIC does not hold one `vcpu_guest_context` of the guest's width.",
      "`handle_x86_pv_vcpu_blob` in `xg_sr_restore_x86_pv.c`."),
  VCPU_EXTENDED_SIZE(
      606,
      ERROR,
      SAVE_AGAIN,
      "X86_PV_VCPU_EXTENDED is longer than 128 octets.",
      "`handle_x86_pv_vcpu_blob` in `xg_sr_restore_x86_pv.c`."),
  VCPU_XSAVE_SIZE(
      607,
      ERROR,
      SAVE_AGAIN,
      "X86_PV_VCPU_XSAVE is shorter than 16 octets.",
      "`handle_x86_pv_vcpu_blob` in `xg_sr_restore_x86_pv.c`."),
  VCPU_MSRS_SIZE(
      608,
      ERROR,
      SAVE_AGAIN,
      "X86_PV_VCPU_MSRS is no whole number of MSRs of 16 octets.",
      "`handle_x86_pv_vcpu_blob` in `xg_sr_restore_x86_pv.c`."),
  VCPU_REPEATED(
      609,
      WARNING,
      REPORT_SAVER,
      "A vCPU's record comes again within a set of records; the last counts.",
      "Spec, x86 PV Guest. Both references accept."),
  VCPU0_MISSING(
      610,
      ERROR,
      SAVE_AGAIN,
      "No X86_PV_VCPU_BASIC for vCPU 0 where the state must be complete.",
      "`update_vcpu_context` in `xg_sr_restore_x86_pv.c`."),
  VCPU_WITHOUT_BASIC(
      611,
      WARNING,
      EXPECT_LOSS,
      "A vCPU has other state and no X86_PV_VCPU_BASIC.",
      "Spec, x86 PV Guest: a saver writes all records of an online vCPU. Both references"
          + " accept."),
  START_INFO_PFN(
      612,
      ERROR,
      SAVE_AGAIN,
      "The start info page that vCPU 0 names is beyond the guest, no ordinary page, or never sent.",
      "`process_start_info` in `xg_sr_restore_x86_pv.c`: edx of vCPU 0."),
  VCPU_GDT_COUNT(
      613,
      ERROR,
      SAVE_AGAIN,
      "A vCPU's GDT has more entries than Xen leaves to the guest.",
      "`process_vcpu_basic` in `xg_sr_restore_x86_pv.c`: FIRST_RESERVED_GDT_ENTRY, 7168."),
  VCPU_GDT_FRAME(
      614,
      ERROR,
      SAVE_AGAIN,
      "A frame of a vCPU's GDT is beyond the guest, no ordinary page, or never sent.",
      "`process_vcpu_basic` in `xg_sr_restore_x86_pv.c`."),
  VCPU_CR3(
      615,
      ERROR,
      SAVE_AGAIN,
      "A vCPU's cr3 names no top-level page table of the guest.",
      "`process_vcpu_basic` in `xg_sr_restore_x86_pv.c`."),
  VCPU_CR1(
      616,
      ERROR,
      SAVE_AGAIN,
      "A vCPU's cr1 (the page tables of 64-bit user mode) names no top-level page table.",
      "`process_vcpu_basic` in `xg_sr_restore_x86_pv.c`."),
  VCPU_MSRS_REFUSED(
      617,
      ERROR,
      SAVE_AGAIN,
      "More MSRs of a PV vCPU than a hypervisor has, or one whose reserved field is not zero.",
      "`XEN_DOMCTL_set_vcpu_msrs` in `xen/arch/x86/domctl.c`; Xen 4.6 hands none over."),
  VCPU_MSR(
      618,
      NOTE,
      SAVE_AGAIN,
      "An MSR of a PV vCPU that the hypervisor of no release takes.",
      "`XEN_DOMCTL_set_vcpu_msrs` in `xen/arch/x86/domctl.c`; `docs/DIFFERENCES.md` says why it is"
          + " a note."),
  VCPU_EXTENDED_REFUSED(
      619,
      ERROR,
      SAVE_AGAIN,
      "What X86_PV_VCPU_EXTENDED holds says that it is shorter than 32 octets, or of a vCPU that"
          + " the domain cannot have.",
      "`XEN_DOMCTL_set_ext_vcpucontext` in `xen/arch/x86/domctl.c`; `process_vcpu_extended` in"
          + " `xg_sr_restore_x86_pv.c` hands it over as it is."),
  VCPU_EXTENDED_OTHER(
      620,
      WARNING,
      EXPECT_LOSS,
      "X86_PV_VCPU_EXTENDED holds the state of another vCPU than it says, and that one gets it.",
      "`XEN_DOMCTL_set_ext_vcpucontext` in `xen/arch/x86/domctl.c`; `process_vcpu_extended` in"
          + " `xg_sr_restore_x86_pv.c` hands it over as it is."),
  START_INFO_NAMES(
      621,
      ERROR,
      SAVE_AGAIN,
      "The start info page names a store or console page that is beyond the guest or was never sent.",
      "`process_start_info` in `xg_sr_restore_x86_pv.c`: store_mfn and console.domU.mfn, which are"
          + " pfns in a saved guest; any type will do."),
  VCPU_LDT(
      622,
      ERROR,
      SAVE_AGAIN,
      "A vCPU's LDT begins within a page or has more than 8192 entries.",
      "`arch_set_info_guest` in `xen/arch/x86/domain.c`, by way of `process_vcpu_basic`."),
  VCPU_REGISTERS(
      623,
      NOTE,
      SAVE_AGAIN,
      "Registers in X86_PV_VCPU_BASIC or X86_PV_VCPU_EXTENDED that the hypervisor refuses.",
      "`arch_set_info_guest` in `xen/arch/x86/domain.c`, `XEN_DOMCTL_set_ext_vcpucontext` in"
          + " `xen/arch/x86/domctl.c`; `docs/DIFFERENCES.md` says why it is a note."),
  VCPU_XSAVE_MASKS(
      624,
      ERROR,
      SAVE_AGAIN,
      "The masks of X86_PV_VCPU_XSAVE contradict each other, or no host takes them.",
      "`XEN_DOMCTL_setvcpuextstate` in `xen/arch/x86/domctl.c`; `validate_xstate` and `valid_xcr0`"
          + " in `xen/arch/x86/xstate.c`."),
  VCPU_XSAVE_AREA(
      625,
      NOTE,
      SAVE_AGAIN,
      "The area in X86_PV_VCPU_XSAVE contradicts its masks in header or length, or is compacted:"
          + " the hypervisor refuses it.",
      "`XEN_DOMCTL_setvcpuextstate` in `xen/arch/x86/domctl.c`; `validate_xstate` in"
          + " `xen/arch/x86/xstate.c`; `docs/DIFFERENCES.md` says why it is a note."),

  // 07xx: HVM_CONTEXT.
  HVM_CONTEXT_EMPTY(
      701,
      ERROR,
      SAVE_AGAIN,
      "HVM_CONTEXT is empty.",
      "`handle_hvm_context` in `xg_sr_restore_x86_hvm.c`; the Python verifier refuses, too."),
  HVM_CONTEXT_TRUNCATED(
      702,
      ERROR,
      SAVE_AGAIN,
      "An entry of the HVM context reaches beyond it.",
      "`hvm_load` in `xen/arch/x86/hvm/save.c`."),
  HVM_CONTEXT_NO_END(
      703,
      ERROR,
      SAVE_AGAIN,
      "The HVM context has no END.",
      "`hvm_load` in `xen/arch/x86/hvm/save.c`."),
  HVM_CONTEXT_HEADER(
      704,
      ERROR,
      SAVE_AGAIN,
      "The HVM context does not begin with one HEADER.",
      "`hvm_load` in `xen/arch/x86/hvm/save.c`; a second one has no loader."),
  HVM_CONTEXT_MAGIC(
      705,
      ERROR,
      SAVE_AGAIN,
      "The magic of the HVM context's header is wrong.",
      "`arch_hvm_check` in `xen/arch/x86/hvm/save.c`: HVM_FILE_MAGIC."),
  HVM_CONTEXT_VERSION(
      706,
      ERROR,
      SAVE_AGAIN,
      "The version of the HVM context's header is not 1.",
      "`arch_hvm_check` in `xen/arch/x86/hvm/save.c`: HVM_FILE_VERSION."),
  HVM_CONTEXT_TYPECODE(
      707,
      ERROR,
      SAVE_AGAIN,
      "An entry of the HVM context of a type that no release knows.",
      "`hvm_load` in `xen/arch/x86/hvm/save.c`: none is optional."),
  HVM_CONTEXT_LENGTH(
      708,
      ERROR,
      SAVE_AGAIN,
      "An entry of the HVM context has a length that no release takes.",
      "`hvm_load_entry`, `hvm_load_entry_zeroextend` in `xen/include/xen/hvm/save.h`;"
          + " `docs/format/releases.md`."),
  HVM_CONTEXT_INSTANCE(
      709,
      ERROR,
      SAVE_AGAIN,
      "An entry of the HVM context for a vCPU or a PIC that no domain has.",
      "The loaders in `xen/arch/x86/hvm`: below 128 (HVM_MAX_VCPUS), PIC 0 or 1."),
  HVM_CONTEXT_REPEATED(
      710,
      WARNING,
      REPORT_SAVER,
      "An entry of the HVM context comes twice for one instance; the last counts.",
      "`hvm_load` in `xen/arch/x86/hvm/save.c`."),
  HVM_CONTEXT_AFTER_END(
      711,
      WARNING,
      REPORT_SAVER,
      "Octets behind END in the HVM context.",
      "`hvm_load` in `xen/arch/x86/hvm/save.c` does not look at them."),
  HVM_CONTEXT_NO_CPU(
      712,
      WARNING,
      EXPECT_LOSS,
      "The HVM context has no CPU entry: no vCPU will run.",
      "`hvm_load` in `xen/arch/x86/hvm/save.c` takes every vCPU down first."),
  HVM_CONTEXT_CPU(
      720,
      ERROR,
      SAVE_AGAIN,
      "Registers in a CPU entry of the HVM context that no CPU can have.",
      "`hvm_load_cpu_ctxt` and `hvm_efer_valid` in `xen/arch/x86/hvm/hvm.c`; `vmx_vmcs_restore`,"
          + " `svm_vmcb_restore`."),
  HVM_CONTEXT_PIC(
      721,
      ERROR,
      SAVE_AGAIN,
      "A PIC entry of the HVM context in a state that no PIC reaches.",
      "`vpic_check` in `xen/arch/x86/hvm/vpic.c`, since Xen 4.19."),
  HVM_CONTEXT_LAPIC(
      722,
      ERROR,
      SAVE_AGAIN,
      "A local APIC in x2APIC mode that is disabled.",
      "`lapic_check_hidden` in `xen/arch/x86/hvm/vlapic.c`."),
  HVM_CONTEXT_PCI_LINK(
      723,
      ERROR,
      SAVE_AGAIN,
      "A PCI link that leads to no ISA interrupt.",
      "`irq_check_link` in `xen/arch/x86/hvm/irq.c`; its padding since Xen 4.19."),
  HVM_CONTEXT_PIT(
      724,
      ERROR,
      SAVE_AGAIN,
      "A PIT entry of the HVM context in a state that no PIT reaches.",
      "`pit_check` in `xen/arch/x86/emul-i8254.c`, since Xen 4.19."),
  HVM_CONTEXT_MTRR(
      725,
      ERROR,
      SAVE_AGAIN,
      "More variable MTRRs than the hypervisor has.",
      "`hvm_load_mtrr_msr` in `xen/arch/x86/hvm/mtrr.c`, since Xen 4.12."),
  HVM_CONTEXT_XSAVE(
      726,
      ERROR,
      SAVE_AGAIN,
      "An XSAVE area whose masks no host takes, that contradicts them, or is compacted.",
      "`validate_xstate` and `valid_xcr0` in `xen/arch/x86/xstate.c`; `hvm_load_cpu_xsave_states` in"
          + " `xen/arch/x86/hvm/hvm.c`."),
  HVM_CONTEXT_VIRIDIAN(
      727,
      ERROR,
      SAVE_AGAIN,
      "The padding of a VIRIDIAN_VCPU entry is not zero.",
      "`viridian_load_vcpu_ctxt` in `xen/arch/x86/hvm/viridian/viridian.c`, since Xen 4.7."),
  HVM_CONTEXT_MSR(
      728,
      ERROR,
      SAVE_AGAIN,
      "A CPU_MSR entry whose count, reserved fields or MSRs the hypervisor refuses.",
      "`hvm_load_cpu_msrs` in `xen/arch/x86/hvm/hvm.c`."),
  HVM_CONTEXT_VMCE(
      729,
      ERROR,
      SAVE_AGAIN,
      "Machine-check capabilities that no host emulates.",
      "`vmce_restore_vcpu` in `xen/arch/x86/cpu/mcheck/vmce.c`."),
  HVM_CONTEXT_OF_PVH(
      730,
      ERROR,
      CHECK_TOOLSTACK,
      "The state of a PC's device for a domain that the configuration makes PVH.",
      "`vpic_load` in `xen/arch/x86/hvm/vpic.c` and the like, since Xen 4.7: the domain must have"
          + " the device."),

  // 08xx: HVM_PARAMS.
  HVM_PARAMS_SIZE(
      801,
      ERROR,
      SAVE_AGAIN,
      "HVM_PARAMS' length does not fit its count.",
      "Spec, HVM_PARAMS; `handle_hvm_params` in `xg_sr_restore_x86_hvm.c`."),
  HVM_PARAMS_RESERVED(
      802,
      WARNING,
      REPORT_SAVER,
      "HVM_PARAMS' reserved field is not zero.",
      "Spec, Fields: zero when saved, ignored when restored."),
  HVM_PARAMS_EMPTY(
      803,
      NOTE,
      NOTHING,
      "HVM_PARAMS without a parameter.",
      "Spec, Errata 1: Xen 4.6 to 4.8 wrote such records; tolerate and ignore."),
  HVM_PARAM_INDEX(
      804,
      ERROR,
      SAVE_AGAIN,
      "An HVM parameter that every release refuses.",
      "`hvm_allow_set_param` in `xen/arch/x86/hvm/hvm.c`; `handle_hvm_params` fails with it."),
  HVM_PARAM_VALUE(
      805,
      ERROR,
      SAVE_AGAIN,
      "An HVM parameter with a value that every release refuses.",
      "`hvm_set_param` in `xen/arch/x86/hvm/hvm.c`; `handle_hvm_params` fails with it."),
  HVM_PARAM_NOT_NOW(
      806,
      NOTE,
      CHOOSE_RELEASE,
      "An HVM parameter that some releases take and the newest refuses.",
      "`hvm_allow_set_param`, `hvm_set_param` in `xen/arch/x86/hvm/hvm.c`;"
          + " `docs/format/releases.md`."),
  HVM_PARAM_REPEATED(
      807,
      WARNING,
      REPORT_SAVER,
      "An HVM parameter comes twice in a record.",
      "Spec, HVM_PARAMS. The later is set over the earlier."),
  HVM_PARAM_CHANGED(
      808,
      ERROR,
      SAVE_AGAIN,
      "An HVM parameter that the hypervisor lets be set once comes again with another value.",
      "`hvm_allow_set_param` in `xen/arch/x86/hvm/hvm.c`: 9, 32, 33, 35, since Xen 4.10 also 38,"
          + " since 4.12 also 5 and 6, each unless it is 0 so far; `handle_hvm_params` fails with"
          + " it."),

  // 09xx: TSC and CPU policies.
  TSC_INFO_SIZE(
      901,
      ERROR,
      SAVE_AGAIN,
      "X86_TSC_INFO is not 24 octets.",
      "Spec, X86_TSC_INFO; `handle_x86_tsc_info` in `xg_sr_common_x86.c`."),
  TSC_INFO_RESERVED(
      902,
      WARNING,
      REPORT_SAVER,
      "X86_TSC_INFO's reserved field is not zero.",
      "Spec, Fields: zero when saved, ignored when restored."),
  TSC_MODE(
      903,
      ERROR,
      SAVE_AGAIN,
      "A TSC mode that never was.",
      "Spec, X86_TSC_INFO: TSC_MODE_*; `tsc_set_info` in `xen/arch/x86/time.c`."),
  TSC_MODE_PVRDTSCP(
      904,
      NOTE,
      CHOOSE_RELEASE,
      "TSC mode 3 (PVRDTSCP), which is refused since Xen 4.12.",
      "`tsc_set_info` in `xen/arch/x86/time.c`; `docs/format/releases.md`."),
  CPUID_POLICY_SIZE(
      910,
      ERROR,
      SAVE_AGAIN,
      "X86_CPUID_POLICY is no whole number of leaves of 24 octets, at least one.",
      "`handle_x86_cpuid_policy` in `xg_sr_common_x86.c`."),
  MSR_POLICY_SIZE(
      911,
      ERROR,
      SAVE_AGAIN,
      "X86_MSR_POLICY is no whole number of entries of 16 octets, at least one.",
      "`handle_x86_msr_policy` in `xg_sr_common_x86.c`."),
  POLICY_REPEATED(
      912,
      WARNING,
      REPORT_SAVER,
      "A CPU policy comes twice; the last counts.",
      "`update_blob` in `xg_sr_common.h`. Both references accept."),
  POLICY_MISSING(
      913,
      NOTE,
      NOTHING,
      "A version 3 stream without a CPUID or MSR policy: the toolstack has to supply it.",
      "`x86_static_data_complete` in `xg_sr_common_x86.c` tells the toolstack what is missing."),
  CPUID_POLICY_LEAF(
      914,
      ERROR,
      SAVE_AGAIN,
      "A leaf of the CPUID policy, or a number of them, for which no release has a place.",
      "`x86_cpuid_copy_from_buffer` in `xen/lib/x86/cpuid.c`, by way of"
          + " `x86_static_data_complete`."),
  MSR_POLICY_ENTRY(
      915,
      ERROR,
      SAVE_AGAIN,
      "An entry of the MSR policy, or a number of them, for which no release has a place.",
      "`x86_msr_copy_from_buffer` in `xen/lib/x86/msr.c`, by way of"
          + " `x86_static_data_complete`."),

  // 10xx: checkpoints and the verify pass.
  CHECKPOINT_IN_PLAIN(
      1001,
      ERROR,
      AS_CHECKPOINTED,
      "CHECKPOINT in a stream that ends with END, as only a plain one does since Xen 4.7.",
      "`handle_checkpoint` in `xg_sr_restore.c` refuses it in a plain stream; `save` in"
          + " `xg_sr_save.c` leaves a checkpointed one without END since 4.7."),
  CHECKPOINT_TAIL_DROPPED(
      1002,
      NOTE,
      EXPECT_LOSS,
      "Records between the last CHECKPOINT and END, which the reference drops.",
      "`restore` in `xg_sr_restore.c` buffers them and END does not apply them; Spec, CHECKPOINT:"
          + " a set may end with END."),
  VERIFY_WITHOUT_MEMORY(
      1010,
      WARNING,
      REPORT_SAVER,
      "VERIFY before any memory.",
      "Spec, VERIFY: all memory has been sent by then."),
  VERIFY_TWICE(
      1011, WARNING, REPORT_SAVER, "A second VERIFY.", "Spec, VERIFY. Both references accept."),
  VERIFY_CHECKPOINTED(
      1012,
      WARNING,
      EXPECT_LOSS,
      "VERIFY in a checkpointed stream: memory behind it is compared and not taken over.",
      "`process_page_data` in `xg_sr_restore.c`: the mode is never left."),

  // 20xx: the libxl stream.
  LIBXL_VERSION(
      2002,
      ERROR,
      SAVE_AGAIN,
      "The libxl stream's version is not 2.",
      "libxl spec, Header; `stream_header_done` in `libxl_stream_read.c`."),
  LIBXL_BIG_ENDIAN(
      2003,
      ERROR,
      SAVE_AGAIN,
      "The libxl stream is marked big-endian, which no libxl on x86 takes.",
      "libxl spec, Header; `stream_header_done` in `libxl_stream_read.c`."),
  LIBXL_OPTIONS_RESERVED(
      2004,
      WARNING,
      REPORT_SAVER,
      "Reserved option bits of the libxl header are set.",
      "libxl spec, Header. libxl does not look; the Python verifier refuses."),
  LIBXL_CONVERTED(
      2005,
      NOTE,
      NOTHING,
      "The libxl stream was converted from a legacy image.",
      "libxl spec, Header: options bit 1."),
  LIBXL_RECORD_UNKNOWN(
      2006,
      ERROR,
      SAVE_AGAIN,
      "A libxl record of an unknown type; libxl passes over none, optional or not.",
      "`process_record` in `libxl_stream_read.c`."),
  LIBXL_SIGNAL_WITH_BODY(
      2007,
      WARNING,
      REPORT_SAVER,
      "END or CHECKPOINT_END of libxl has a body.",
      "libxl spec, the sections of these records: body_length is 0. libxl does not look."),
  LIBXL_RECORD_SIZE(
      2008,
      ERROR,
      SAVE_AGAIN,
      "A libxl record is shorter than its own fields.",
      "`process_record` and `write_emulator_blob` in `libxl_stream_read.c`."),
  LIBXL_RECORD_TOO_LONG(
      2009,
      ERROR,
      RAISE_LIMIT,
      "A libxl record is longer than the limit.",
      "A limit of this project: libxl allocates what a record says."),
  LIBXL_PADDING_NOT_ZERO(
      2010,
      WARNING,
      REPORT_SAVER,
      "The padding behind a libxl record's body is not zero.",
      "libxl spec, Record Overview: padded with zeros. libxl does not look."),
  EMULATOR_WITHOUT_HVM(
      2011,
      ERROR,
      CHECK_TOOLSTACK,
      "An emulator's record for a guest that has no emulator.",
      "`process_record` in `libxl_stream_read.c`: the domain must be HVM."),
  EMULATOR_ID(
      2012,
      WARNING,
      REPORT_SAVER,
      "An emulator's number that the specification reserves.",
      "libxl spec, Emulator Records: 0, 1 and 2. libxl does not look."),
  XENSTORE_DATA_FORM(
      2013,
      ERROR,
      CHECK_TOOLSTACK,
      "EMULATOR_XENSTORE_DATA is no row of NUL-terminated keys and values.",
      "`libxl__restore_emulator_xenstore_data` in `libxl_dom_save.c`."),
  XENSTORE_KEY(
      2014,
      ERROR,
      CHECK_TOOLSTACK,
      "A key in EMULATOR_XENSTORE_DATA is empty or begins with a slash.",
      "`libxl__restore_emulator_xenstore_data` in `libxl_dom_save.c`."),
  CHECKPOINT_END_STRAY(
      2015,
      ERROR,
      SAVE_AGAIN,
      "CHECKPOINT_END without a CHECKPOINT of libxc before it.",
      "`process_record` in `libxl_stream_read.c`."),
  CHECKPOINT_STATE_STRAY(
      2016,
      ERROR,
      SAVE_AGAIN,
      "CHECKPOINT_STATE elsewhere than directly behind CHECKPOINT_END, where alone libxl waits for it.",
      "`process_record` in `libxl_stream_read.c` (`in_checkpoint_state`)."),
  LIBXC_CONTEXT_MISSING(
      2017,
      ERROR,
      SAVE_AGAIN,
      "The libxl stream ends without LIBXC_CONTEXT: there is no guest in it.",
      "libxl spec, LIBXC_CONTEXT and Layout."),
  LIBXC_CONTEXT_TWICE(
      2018,
      ERROR,
      SAVE_AGAIN,
      "A second LIBXC_CONTEXT.",
      "libxl spec, Layout; `process_record` in `libxl_stream_read.c` would restore twice into one"
          + " domain."),
  CHECKPOINT_SET_BROKEN(
      2019,
      ERROR,
      SAVE_AGAIN,
      "END or LIBXC_CONTEXT of libxl between a CHECKPOINT of libxc and CHECKPOINT_END.",
      "`stream_complete` in `libxl_stream_read.c` asserts."),

  LIBXC_CONTEXT_WITH_BODY(
      2020,
      ERROR,
      SAVE_AGAIN,
      "LIBXC_CONTEXT has a body: the libxc stream does not begin where its record ends.",
      "libxl spec, LIBXC_CONTEXT: body_length is 0, and the libxc stream follows at once."),
  COLO_ORDER(
      2021,
      ERROR,
      SAVE_AGAIN,
      "COLO's hand-shake says something else than what its reader waits for.",
      "libxl spec, CHECKPOINT_STATE: the loops of primary and secondary. `colo_stream_read_done` in"
          + " `libxl_colo_restore.c`, `colo_read_svm_*_done` in `libxl_colo_save.c`,"
          + " `colo_merge_secondary_dirty_bitmap` in `xg_sr_save.c`."),
  XENSTORE_KEY_CHARACTERS(
      2022,
      WARNING,
      CHECK_TOOLSTACK,
      "A key in EMULATOR_XENSTORE_DATA has a character that xenstore does not take: the pair is"
          + " lost.",
      "libxl spec, EMULATOR_XENSTORE_DATA: letters, digits and -/_@ of ASCII."
          + " `libxl__restore_emulator_xenstore_data` in `libxl_dom_save.c` does not look whether"
          + " the write succeeds."),
  EMULATOR_CONTEXT_MISSING(
      2023,
      ERROR,
      SAVE_AGAIN,
      "No EMULATOR_CONTEXT for a guest that has a device model.",
      "`domcreate_stream_done` in `libxl_create.c`: the device model of every HVM guest is started"
          + " with the file that EMULATOR_CONTEXT fills, and `libxl_dm.c` cannot open it."),
  EMULATOR_CONTEXT_STALE(
      2024,
      WARNING,
      EXPECT_LOSS,
      "A checkpoint without EMULATOR_CONTEXT: the device model goes on from the checkpoint before"
          + " it.",
      "`write_emulator_blob` in `libxl_stream_read.c`: the file of an earlier record stays."),
  EMULATOR_CONTEXT_REPEATED(
      2025,
      WARNING,
      REPORT_SAVER,
      "A second EMULATOR_CONTEXT of the same emulator; the last counts.",
      "`write_emulator_blob` in `libxl_stream_read.c` writes each over the one before it."),

  // 21xx: xl and other outer layers.
  XL_BYTE_ORDER(
      2101,
      ERROR,
      CHECK_TOOLSTACK,
      "The xl header's byte-order word is not that of x86.",
      "`create_domain` in `tools/xl/xl_vmcontrol.c`."),
  XL_MANDATORY_FLAGS(
      2102,
      ERROR,
      CHECK_TOOLSTACK,
      "The xl header sets mandatory flags that xl does not know.",
      "`create_domain` in `tools/xl/xl_vmcontrol.c`: XL_MANDATORY_FLAG_ALL."),
  XL_OPTIONAL_FLAGS(
      2103,
      NOTE,
      NOTHING,
      "The xl header sets optional flags; none is defined.",
      "`struct save_file_header` in `tools/xl/xl.h`. xl does not look."),
  XL_OPTIONAL_DATA(
      2104,
      ERROR,
      CHECK_TOOLSTACK,
      "The xl header's optional data is too short for the configuration in it.",
      "`create_domain` in `tools/xl/xl_vmcontrol.c`: \"Savefile truncated\"."),
  XL_CONFIG_MISSING(
      2105,
      WARNING,
      CHECK_TOOLSTACK,
      "The xl header holds no configuration: `xl restore` wants one from a file.",
      "`create_domain` in `tools/xl/xl_vmcontrol.c`."),
  XL_CONFIG_JSON(
      2106,
      WARNING,
      CHECK_TOOLSTACK,
      "The configuration in the xl header is marked as JSON and is none.",
      "RFC 8259. `create_domain` in `tools/xl/xl_vmcontrol.c` does not look at what its parser"
          + " says."),
  XL_CONFIG_ENDLESS(
      2107,
      WARNING,
      CHECK_TOOLSTACK,
      "The configuration in the xl header is marked as JSON and no NUL ends it: xl reads on into"
          + " whatever its memory holds behind it.",
      "`create_domain` in `tools/xl/xl_vmcontrol.c` keeps no more than was sent, and"
          + " `libxl__json_parse` in `libxl_json.c` asks for its `strlen`. `xl save` counts the NUL"
          + " in."),
  LAYER_MALFORMED(
      2110,
      ERROR,
      CHECK_TOOLSTACK,
      "The header of an outer layer contradicts itself or is none.",
      "`docs/format/layers.md`: the layouts of libvirt's, XenServer's and xend's files."),
  LAYER_TEXT_TOO_LONG(
      2111,
      ERROR,
      RAISE_LIMIT,
      "A text or part in an outer layer is longer than the limit.",
      "A limit of this project."),

  // 30xx: what one release does not take (`--for`).
  FOR_IMAGE_VERSION(
      3001,
      ERROR,
      CHOOSE_RELEASE,
      "The release does not read this version of the format.",
      "`read_headers` in `xg_sr_restore.c`; 6501e46ca7: version 3 since 4.14."),
  FOR_RECORD_TYPE(
      3002,
      ERROR,
      CHOOSE_RELEASE,
      "The release does not know a mandatory record.",
      "`process_record` in `xg_sr_restore*.c`; 4.14 brought 0x10 to 0x12."),
  FOR_RECORD_LENGTH(
      3003,
      ERROR,
      CHOOSE_RELEASE,
      "A record is longer than the release reads.",
      "`REC_LENGTH_MAX` in `xg_sr_stream_format.h`; e48e33e219: 8 MiB up to 4.9, 128 MiB since"
          + " 4.10.0."),
  FOR_EMPTY_RECORD(
      3004,
      ERROR,
      CHOOSE_RELEASE,
      "The release does not tolerate a record without content.",
      "`handle_x86_pv_vcpu_blob` in `xg_sr_restore_x86_pv.c`; f593747666 (4.11.0)."),
  FOR_VCPU_XSAVE(
      3005,
      ERROR,
      CHOOSE_RELEASE,
      "The release does not take an X86_PV_VCPU_XSAVE of this length.",
      "`handle_x86_pv_vcpu_blob` in `xg_sr_restore_x86_pv.c`; 0729830cc4: a multiple of 16 up to"
          + " 4.11."),
  FOR_TSC_MODE(
      3006,
      ERROR,
      CHOOSE_RELEASE,
      "The release does not take this TSC mode.",
      "`tsc_set_info` in `xen/arch/x86/time.c`; a4ac3d40ec (4.12.0)."),
  FOR_HVM_PARAM(
      3007,
      ERROR,
      CHOOSE_RELEASE,
      "The release refuses an HVM parameter.",
      "`hvm_allow_set_param` in `xen/arch/x86/hvm/hvm.c`; 2c257bd69a, f5bdb4aaa1;"
          + " HVM_NR_PARAMS."),
  FOR_HVM_PARAM_VALUE(
      3008,
      ERROR,
      CHOOSE_RELEASE,
      "The release refuses the value of an HVM parameter.",
      "`hvm_set_param` in `xen/arch/x86/hvm/hvm.c`."),
  FOR_HVM_CONTEXT_LENGTH(
      3009,
      ERROR,
      CHOOSE_RELEASE,
      "The release does not take the length of an entry of the HVM context.",
      "`xen/include/public/arch-x86/hvm/save.h`; 105b06fc7e, 26fba3c855, e2fea563b9,"
          + " 4a480e7a14."),
  FOR_LIBXL_RECORD(
      3010,
      ERROR,
      CHOOSE_RELEASE,
      "The release's libxl does not know a record.",
      "`libxl_sr_stream_format.h`: CHECKPOINT_STATE since 4.7."),
  FOR_NEWER_SAVER(
      3011,
      NOTE,
      CHOOSE_RELEASE,
      "The image was saved by a newer release than the one that shall restore it.",
      "The Xen project supports moving guests to the same or a newer release."),
  FOR_VCPU_MSR(
      3012,
      ERROR,
      CHOOSE_RELEASE,
      "The release's hypervisor refuses an MSR of a PV vCPU.",
      "`XEN_DOMCTL_set_vcpu_msrs` in `xen/arch/x86/domctl.c`."),
  FOR_VCPU_MSRS_LOST(
      3013,
      WARNING,
      CHOOSE_RELEASE,
      "The release sets none of the MSRs of a PV vCPU.",
      "`process_vcpu_msrs` in `xg_sr_restore_x86_pv.c` up to f1a0a8c3fe: a remainder instead of a"
          + " quotient."),
  FOR_PVH(
      3014,
      ERROR,
      CHOOSE_RELEASE,
      "The configuration makes a PVH domain, which the release's libxl does not know.",
      "`libxl_domain_type` in `libxl_types.idl`: since 4.10."),

  // 40xx: behind the end.
  TRAILING_OCTETS(
      4001,
      WARNING,
      NOTHING,
      "Octets behind the end of the image.",
      "Spec, END: the final record. No reference looks; the octets may belong to whoever wrote"
          + " the file."),

  // 50xx: legacy images. `xc_domain_restore.c` is that of `tools/libxc` in the releases up to 4.5.
  LEGACY_MALFORMED(
      5001,
      ERROR,
      FETCH_AGAIN,
      "A legacy image contradicts itself: no record can be made of what stands there.",
      "`xc_domain_restore.c`: a restore fails, or reads what is none."),
  LEGACY_GUESSED(
      5002,
      NOTE,
      NOTHING,
      "A legacy image does not say of itself what it holds: that was found by evidence.",
      "No image of Xen 3.0.0 and 3.0.2 has extended info, and of 3.0.3 to 3.1 only those of PAE"
          + " guests with extended CR3 have it."),
  LEGACY_BLOCK_SKIPPED(
      5003,
      NOTE,
      NOTHING,
      "A block of a legacy image's extended info that is unknown was passed over.",
      "`load_p2m_frame_list` in `xc_domain_restore.c` passes over it, too."),
  LEGACY_TMEM_SKIPPED(
      5004,
      WARNING,
      EXPECT_LOSS,
      "Transcendent memory in a legacy image is left out: Xen has none since 4.13.",
      "`xc_tmem.c`; c492e19fdd: removed from Xen."),
  LEGACY_CHUNK_SKIPPED(
      5005,
      NOTE,
      NOTHING,
      "A chunk of a legacy image that has no place in the modern stream was left out.",
      "`pagebuf_get_one` in `xc_domain_restore.c` knows it; `xg_sr_restore.c` does not."),
  LEGACY_NO_DEVICE_MODEL(
      5006,
      NOTE,
      CHECK_TOOLSTACK,
      "A legacy image of an HVM guest without its device model's state: the toolstack keeps it"
          + " elsewhere, or it is lost.",
      "`dump_qemu` in `xc_domain_restore.c`: read by libxc unless a toolstack does it itself."),
  LEGACY_ODDITY(
      5007,
      NOTE,
      REPORT_SAVER,
      "Something in a legacy image that contradicts the rest of it, or that no known saver writes,"
          + " and that was taken all the same.",
      "`xc_domain_save.c` of the releases up to 4.5.");

  private final int number;
  private final Severity severity;
  private final Remedy remedy;
  private final String title;
  private final String basis;

  Rule(int number, Severity severity, Remedy remedy, String title, String basis) {
    this.number = number;
    this.severity = severity;
    this.remedy = remedy;
    this.title = title;
    this.basis = basis;
  }

  /// The stable id, `XS0310-static-data-end-missing`.
  public String id() {
    // Not formatted: to find a locale's numerals takes a short run milliseconds.
    String digits = Integer.toString(10_000 + number).substring(1);
    return "XS" + digits + "-" + name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /// The stable number.
  public int number() {
    return number;
  }

  /// How much a finding of the rule weighs.
  public Severity severity() {
    return severity;
  }

  /// What an operator can do.
  public Remedy remedy() {
    return remedy;
  }

  /// What is the matter when the rule speaks, in a sentence.
  public String title() {
    return title;
  }

  /// The sentence of the specification or the place in the reference on which it rests.
  public String basis() {
    return basis;
  }
}
