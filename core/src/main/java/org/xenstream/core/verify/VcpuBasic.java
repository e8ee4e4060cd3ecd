// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static org.xenstream.core.verify.Report.expected;

import java.lang.foreign.MemorySegment;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.Wire;

/// What a restore takes for granted in an X86_PV_VCPU_BASIC: the fields that name pfns
/// (`vcpu_guest_context` of `xen/include/public/arch-x86/xen.h`; `process_vcpu_basic` of
/// `xg_sr_restore_x86_pv.c`).
///
/// ```
///            edx   gdt_frames  gdt_ents  ctrlreg   size
///  64 bits   616   4832        4960      4984      5168
///  32 bits   524   2640        2704      2716      2800
/// ```
final class VcpuBasic {
  private static final int SIZE_64 = 5168;
  private static final int SIZE_32 = 2800;
  private static final int FRAMES = 16;
  private static final int FIRST_RESERVED_GDT_ENTRY = 7168;
  private static final int GDT_ENTRIES_IN_FRAME = 512;

  private final Frame frame;
  private final int width;
  private final long startInfo;
  private final long gdtEntries;
  private final long[] gdtFrames = new long[FRAMES];
  private final long cr1;
  private final long cr3;

  private VcpuBasic(MemorySegment context, int width, Frame frame) {
    this.frame = new Frame(frame.offset(), frame.index(), frame.type(), MemorySegment.NULL, 0);
    this.width = width;
    this.startInfo = word(context, offset(616, 524));
    this.gdtEntries = word(context, offset(4960, 2704));
    for (int i = 0; i < FRAMES; i++) {
      gdtFrames[i] = word(context, offset(4832, 2640) + (long) i * width);
    }
    this.cr1 = word(context, offset(4984, 2716) + width);
    this.cr3 = word(context, offset(4984, 2716) + 3L * width);
  }

  /// Reads one; the frame is kept without its octets.
  ///
  /// @param context as long as [#size] says
  static VcpuBasic of(MemorySegment context, int width, Frame frame) {
    return new VcpuBasic(context, width, frame);
  }

  /// Octets of the context of a guest of a width.
  static int size(int width) {
    return width == 4 ? SIZE_32 : SIZE_64;
  }

  private int offset(int wide, int narrow) {
    return width == 4 ? narrow : wide;
  }

  private long word(MemorySegment context, long at) {
    return width == 4 ? Integer.toUnsignedLong(Wire.u32(context, at)) : Wire.u64(context, at);
  }

  /// Judges the fields against the guest's memory as it is when a set of records is complete.
  void judge(int id, StreamState state, Report report) {
    if (id == 0) {
      ordinary(Rule.START_INFO_PFN, offset(616, 524), "user_regs.edx", startInfo, state, report);
      startInfo(state, report);
    }
    if (Long.compareUnsigned(gdtEntries, FIRST_RESERVED_GDT_ENTRY) > 0) {
      if (!report.counted(Rule.VCPU_GDT_COUNT)) {
        report.at(
            Rule.VCPU_GDT_COUNT,
            frame,
            8 + offset(4960, 2704),
            "gdt_ents",
            expected("at most " + FIRST_RESERVED_GDT_ENTRY, Long.toUnsignedString(gdtEntries)));
      }
    } else {
      long frames = (gdtEntries + GDT_ENTRIES_IN_FRAME - 1) / GDT_ENTRIES_IN_FRAME;
      for (int i = 0; i < frames; i++) {
        long at = offset(4832, 2640) + (long) i * width;
        ordinary(Rule.VCPU_GDT_FRAME, at, "gdt_frames[" + i + "]", gdtFrames[i], state, report);
      }
    }
    long registers = offset(4984, 2716);
    topTable(Rule.VCPU_CR3, registers + 3L * width, "ctrlreg[3]", cr3Pfn(), state, report);
    if (width == 8 && (cr1 & 1) != 0) {
      long pfn = cr1 >>> Wire.PAGE_SHIFT;
      topTable(Rule.VCPU_CR1, registers + width, "ctrlreg[1]", pfn, state, report);
    }
  }

  /// What `process_start_info` asks of the pfns in the page, which need a frame and no type.
  private void startInfo(StreamState state, Report report) {
    if (!state.isOrdinary(startInfo) || !PvMemory.isTracked(startInfo)) {
      return;
    }
    StartInfoPages.Names names = state.startInfo().of(startInfo, state.maxPfn());
    if (names == null) {
      return;
    }
    if (names.areBeyond()) {
      named("store_mfn or console.domU.mfn", "a pfn above 0x%x".formatted(state.maxPfn()), report);
    } else {
      named("store_mfn", names.store(), state, report);
      named("console.domU.mfn", names.console(), state, report);
    }
  }

  private void named(String field, long pfn, StreamState state, Report report) {
    if (!state.isPopulated(pfn)) {
      named(field, state.describe(pfn), report);
    }
  }

  private void named(String field, String found, Report report) {
    if (!report.counted(Rule.START_INFO_NAMES)) {
      report.at(
          Rule.START_INFO_NAMES,
          frame,
          8 + offset(616, 524),
          "user_regs.edx",
          "%s of the start info page, pfn 0x%x: expected a page of the guest, found %s"
              .formatted(field, startInfo, found));
    }
  }

  /// A 32-bit guest has the upper bits of the pfn below the lower (`cr3_to_mfn` of
  /// `xg_sr_common_x86_pv.c`).
  private long cr3Pfn() {
    return width == 8
        ? cr3 >>> Wire.PAGE_SHIFT
        : Integer.toUnsignedLong(Integer.rotateRight((int) cr3, Wire.PAGE_SHIFT));
  }

  private void ordinary(
      Rule rule, long at, String field, long pfn, StreamState state, Report report) {
    if (!state.isOrdinary(pfn) && !report.counted(rule)) {
      report.at(rule, frame, 8 + at, field, expected("an ordinary page", state.describe(pfn)));
    }
  }

  private void topTable(
      Rule rule, long at, String field, long pfn, StreamState state, Report report) {
    if (!state.isTopTable(pfn) && !report.counted(rule)) {
      report.at(
          rule, frame, 8 + at, field, expected("a top-level page table", state.describe(pfn)));
    }
  }
}
