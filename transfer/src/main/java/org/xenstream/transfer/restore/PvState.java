// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.Wire;
import org.xenstream.transfer.DomainInfo;
import org.xenstream.transfer.ForeignMapping;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.x86.Cr3;
import org.xenstream.x86.StartInfo;
import org.xenstream.x86.VcpuContext;

/// Puts the frames of this host into what a PV guest knows of its frames: start_info, the vCPUs'
/// registers, its own p2m (`process_start_info`, `process_vcpu_basic`, `update_guest_p2m` of
/// `xg_sr_restore_x86_pv.c`).
final class PvState {
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int GDT_ENTRIES_IN_PAGE = 512;
  private static final int USER_TABLE = 1;
  private static final int KERNEL_TABLE = 3;

  private final Hypervisor hypervisor;
  private final RestoreRequest request;
  private final DomainInfo domain;
  private final PvFrames frames;
  private final String source;
  private final long[] batch = new long[Wire.MAX_BATCH];

  /// The frames in one page of the guest's p2m, of 32 bits at the narrowest.
  private final long[] inPage = new long[Wire.PAGE_SIZE / 4];

  private long storeFrame;
  private long consoleFrame;

  PvState(
      Hypervisor hypervisor,
      RestoreRequest request,
      DomainInfo domain,
      PvFrames frames,
      String source) {
    this.hypervisor = hypervisor;
    this.request = request;
    this.domain = domain;
    this.frames = frames;
    this.source = source;
  }

  /// Changes a vCPU's basic state in place; for vCPU 0 the start_info page as well.
  ///
  /// @param at where the records end, in octets
  /// @param pages how many pfns the guest has
  void translate(long at, int vcpu, MemorySegment basic, int width, long pages) throws IOException {
    VcpuContext context = VcpuContext.of(width);
    String part = "vCPU " + vcpu;
    if (vcpu == 0) {
      // A suspended guest has left the pfn of its start_info in this register.
      long frame = frames.ordinary(at, part, context.edx.name(), context.edx.get(basic));
      context.edx.set(basic, frame);
      startInfo(at, StartInfo.of(width), frame, pages);
    }
    context.flags.set(basic, context.flags.get(basic) | VcpuContext.ONLINE);
    gdt(at, part, context, basic);
    int level = width == 8 ? 4 : 3;
    long root = Cr3.toFrame(context.controlRegisters.get(basic, KERNEL_TABLE), width);
    context.controlRegisters.set(
        basic,
        KERNEL_TABLE,
        Cr3.fromFrame(frames.table(at, part, "ctrlreg[3]", root, level), width));
    long user = context.controlRegisters.get(basic, USER_TABLE);
    if (width == 8 && (user & Cr3.USER_VALID) != 0) {
      context.controlRegisters.set(
          basic,
          USER_TABLE,
          Cr3.fromFrame(
              frames.table(at, part, "ctrlreg[1]", Cr3.toFrame(user, width), level), width));
    }
  }

  private void gdt(long at, String part, VcpuContext context, MemorySegment basic)
      throws IOException {
    long entries = context.gdtEntries.get(basic);
    if (Long.compareUnsigned(entries, VcpuContext.GDT_GUEST_ENTRIES) > 0) {
      throw new RefusedStreamException(
          Location.of(source, at, "libxc", part, context.gdtEntries.name()),
          "at most " + VcpuContext.GDT_GUEST_ENTRIES,
          Long.toUnsignedString(entries));
    }
    int pages = (int) (entries + GDT_ENTRIES_IN_PAGE - 1) / GDT_ENTRIES_IN_PAGE;
    for (int i = 0; i < pages; i++) {
      context.gdtFrames.set(
          basic,
          i,
          frames.ordinary(at, part, "gdt_frames[" + i + "]", context.gdtFrames.get(basic, i)));
    }
  }

  private void startInfo(long at, StartInfo layout, long frame, long pages) throws IOException {
    batch[0] = frame;
    try (ForeignMapping mapping = map("start_info", 1)) {
      MemorySegment page = mapping.memory().asSlice(mapping.offset(0), Wire.PAGE_SIZE);
      String part = "start_info";
      storeFrame = frames.frame(at, part, layout.storeFrame.name(), layout.storeFrame.get(page));
      layout.storeFrame.set(page, storeFrame);
      layout.storeEventChannel.set(page, request.storeEventChannel());
      consoleFrame =
          frames.frame(at, part, layout.consoleFrame.name(), layout.consoleFrame.get(page));
      layout.consoleFrame.set(page, consoleFrame);
      layout.consoleEventChannel.set(page, request.consoleEventChannel());
      layout.pages.set(page, pages);
      layout.sharedInfo.set(page, domain.sharedInfoFrame() << Wire.PAGE_SHIFT);
      layout.flags.set(page, 0);
    }
  }

  /// Writes all frames into the pages in which the guest keeps its p2m.
  void writeP2m(long at, PvP2m p2m, int width) throws IOException {
    long entries = Wire.PAGE_SIZE / width;
    long leaves = p2m.maxPfn() / entries + 1;
    for (long from = 0; from < leaves; from += batch.length) {
      int count = (int) Math.min(batch.length, leaves - from);
      for (int i = 0; i < count; i++) {
        batch[i] = frames.ordinary(at, "p2m", "p2m_pfn[" + (from + i) + "]", p2m.leaf(from + i));
      }
      try (ForeignMapping mapping = map("p2m", count)) {
        for (int i = 0; i < count; i++) {
          long first = (from + i) * entries;
          long last = Math.min(first + entries - 1, p2m.maxPfn());
          fill(p2m, first, last, mapping.memory(), mapping.offset(i), width);
        }
      }
    }
  }

  private void fill(
      PvP2m p2m, long first, long last, MemorySegment memory, long offset, int width) {
    int count = (int) (last - first) + 1;
    p2m.frames(first, inPage, count);
    if (width == 8) {
      MemorySegment.copy(inPage, 0, memory, U64, offset, count);
    } else {
      for (int i = 0; i < count; i++) {
        Wire.putU32(memory, offset + 4L * i, (int) inPage[i], ByteOrder.LITTLE_ENDIAN);
      }
    }
  }

  private ForeignMapping map(String what, int count) throws IOException {
    ForeignMapping mapping = hypervisor.map(request.domid(), Hypervisor.Access.WRITE, batch, count);
    for (int i = 0; i < count; i++) {
      if (mapping.error(i) != 0) {
        int error = mapping.error(i);
        mapping.close();
        throw new HypervisorException(
            "map", request.domid(), "errno " + error, "%s at frame 0x%x".formatted(what, batch[i]));
      }
    }
    return mapping;
  }

  /// The frame of the xenstore page, 0 before vCPU 0 was given.
  long storeFrame() {
    return storeFrame;
  }

  /// The frame of the console page, 0 before vCPU 0 was given.
  long consoleFrame() {
    return consoleFrame;
  }
}
