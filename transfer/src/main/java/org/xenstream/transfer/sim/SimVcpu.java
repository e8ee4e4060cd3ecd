// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.xenstream.core.format.Wire;
import org.xenstream.transfer.Hypervisor.VcpuState;
import org.xenstream.x86.Cr3;
import org.xenstream.x86.VcpuContext;

/// A vCPU of a PV guest: what was set, and the frames that it holds by that (`arch_set_info_guest`
/// in xen/arch/x86/domain.c, `XEN_DOMCTL_set_ext_vcpucontext` and what follows it in domctl.c).
final class SimVcpu {
  private static final int EXTENDED_SIZE = 128;
  private static final int EXTENDED_USED = 64;
  private static final int EXTENDED_LEAST = 32;
  private static final int XSAVE_HEADER = 16;
  private static final int XSAVE_LEAST = XSAVE_HEADER + 512 + 64;
  private static final int MOST_MSRS = 7;
  private static final int TABLE_3 = 3;
  private static final int TABLE_USER = 1;

  private final int number;
  private final Map<VcpuState, MemorySegment> states = new EnumMap<>(VcpuState.class);
  private final List<Long> gdt = new ArrayList<>();
  private long table = -1;
  private long userTable = -1;
  private boolean online;

  SimVcpu(int number) {
    this.number = number;
  }

  boolean isOnline() {
    return online;
  }

  /// Brings it up or down, and says so in its context where there is one.
  void setOnline(boolean value, int width) {
    online = value;
    MemorySegment basic = states.get(VcpuState.BASIC);
    VcpuContext layout = VcpuContext.of(width);
    if (basic != null && basic.byteSize() == layout.size()) {
      long flags = layout.flags.get(basic) & ~VcpuContext.ONLINE;
      layout.flags.set(basic, value ? flags | VcpuContext.ONLINE : flags);
    }
  }

  boolean has(VcpuState kind) {
    return states.containsKey(kind);
  }

  /// The state itself, which the guest changes while it runs.
  MemorySegment state(VcpuState kind) throws XenError {
    MemorySegment state = states.get(kind);
    if (state != null) {
      return state;
    }
    return switch (kind) {
      case BASIC -> throw new XenError(Errno.ENODATA, "vCPU %d was never set up".formatted(number));
      case EXTENDED -> {
        MemorySegment empty = MemorySegment.ofArray(new byte[EXTENDED_USED]);
        empty.set(ValueLayout.JAVA_INT_UNALIGNED, 0, number);
        empty.set(ValueLayout.JAVA_INT_UNALIGNED, 4, EXTENDED_USED);
        yield empty;
      }
      // No feature of the processor was ever in use.
      case XSAVE -> MemorySegment.ofArray(new byte[XSAVE_HEADER]);
      case MSRS -> MemorySegment.NULL;
    };
  }

  /// Takes the state down as it is.
  void record(VcpuState kind, MemorySegment state, int width) {
    states.put(kind, copy(state));
    if (kind == VcpuState.BASIC && state.byteSize() == VcpuContext.of(width).size()) {
      online = (VcpuContext.of(width).flags.get(state) & VcpuContext.ONLINE) != 0;
    }
  }

  private static MemorySegment copy(MemorySegment state) {
    return MemorySegment.ofArray(state.toArray(ValueLayout.JAVA_BYTE));
  }

  /// Checks the state as Xen does, and takes it over.
  void set(VcpuState kind, MemorySegment state, int width, FrameTable frames, PageTypes types)
      throws XenError {
    switch (kind) {
      case BASIC -> setBasic(state, width, frames, types);
      case EXTENDED -> checkExtended(state);
      case XSAVE -> checkXsave(state);
      case MSRS -> checkMsrs(state);
    }
    record(kind, state, width);
  }

  private void setBasic(MemorySegment state, int width, FrameTable frames, PageTypes types)
      throws XenError {
    VcpuContext layout = VcpuContext.of(width);
    if (state.byteSize() != layout.size()) {
      throw new XenError(
          Errno.EINVAL,
          "a context must have %d octets but has %d".formatted(layout.size(), state.byteSize()));
    }
    long entries = layout.gdtEntries.get(state);
    long count = (entries + 511) >>> 9;
    if (Long.compareUnsigned(entries, 512L * layout.gdtFrames.count()) > 0) {
      throw new XenError(Errno.EINVAL, "a GDT of %d entries".formatted(entries));
    }
    long newTable = Cr3.toFrame(layout.controlRegisters.get(state, TABLE_3), width);
    long user = width == 8 ? layout.controlRegisters.get(state, TABLE_USER) : 0;
    long newUser = user == 0 ? -1 : Cr3.toFrame(user, width);
    boolean kernel = (layout.flags.get(state) & VcpuContext.IN_KERNEL) != 0;
    if (states.containsKey(VcpuState.BASIC)) {
      if (newTable != table || newUser != userTable) {
        throw new XenError(
            Errno.EOPNOTSUPP, "vCPU %d is set up with another page table".formatted(number));
      }
      return;
    }
    if (width == 8 && !kernel && user == 0) {
      throw new XenError(Errno.EINVAL, "user mode without a page table of its own");
    }
    synchronized (frames) {
      List<Long> held = new ArrayList<>();
      try {
        for (int i = 0; i < count; i++) {
          hold(layout.gdtFrames.get(state, i), FrameTable.SEGDESC, types, held, "GDT frame");
        }
        hold(newTable, width == 8 ? 4 : 3, types, held, "cr3");
        if (newUser >= 0) {
          hold(newUser, 4, types, held, "the page table of user mode");
        }
      } catch (XenError e) {
        held.forEach(types::put);
        throw e;
      }
      gdt.addAll(held.subList(0, (int) count));
      table = newTable;
      userTable = newUser;
    }
  }

  private static void hold(long frame, int type, PageTypes types, List<Long> held, String what)
      throws XenError {
    try {
      types.get(frame, type);
    } catch (XenError e) {
      throw new XenError(e.errno(), "%s 0x%x: %s".formatted(what, frame, e.getMessage()));
    }
    held.add(frame);
  }

  /// Loads another page table (`MMUEXT_NEW_BASEPTR`).
  void load(long frame, int width, FrameTable frames, PageTypes types) throws XenError {
    MemorySegment state = state(VcpuState.BASIC);
    synchronized (frames) {
      types.get(frame, width == 8 ? 4 : 3);
      if (table >= 0) {
        types.put(table);
      }
      table = frame;
    }
    VcpuContext.of(width).controlRegisters.set(state, TABLE_3, Cr3.fromFrame(frame, width));
  }

  private static void checkExtended(MemorySegment state) throws XenError {
    if (state.byteSize() > EXTENDED_SIZE) {
      throw new XenError(
          Errno.EINVAL,
          "an extended context has at most %d octets but %d are given"
              .formatted(EXTENDED_SIZE, state.byteSize()));
    }
    int size = state.byteSize() < 8 ? 0 : Wire.u32(state, 4);
    if (Integer.compareUnsigned(size, EXTENDED_LEAST) < 0) {
      throw new XenError(
          Errno.EINVAL,
          "an extended context of %d octets where %d are the least"
              .formatted(size, EXTENDED_LEAST));
    }
  }

  private static void checkXsave(MemorySegment state) throws XenError {
    long size = state.byteSize();
    if (size < XSAVE_HEADER || (size > XSAVE_HEADER && size < XSAVE_LEAST)) {
      throw new XenError(
          Errno.EINVAL,
          "XSAVE state has %d octets or at least %d but %d are given"
              .formatted(XSAVE_HEADER, XSAVE_LEAST, size));
    }
    long now = Wire.u64(state, 0);
    long ever = Wire.u64(state, 8);
    if ((now & ~ever) != 0 || (ever == 0 && size > XSAVE_HEADER)) {
      throw new XenError(
          Errno.EINVAL, "XSAVE features 0x%x are in use, 0x%x ever were".formatted(now, ever));
    }
  }

  private static void checkMsrs(MemorySegment state) throws XenError {
    long count = state.byteSize() / 16;
    if (state.byteSize() % 16 != 0 || count > MOST_MSRS) {
      throw new XenError(
          Errno.EINVAL,
          "MSRs are 16 octets each and at most %d, but %d octets are given"
              .formatted(MOST_MSRS, state.byteSize()));
    }
    for (int i = 0; i < count; i++) {
      int index = Wire.u32(state, 16L * i);
      if (Wire.u32(state, 16L * i + 4) != 0) {
        throw new XenError(Errno.EINVAL, "MSR 0x%x: reserved octets are set".formatted(index));
      }
      switch (index) {
        case 0x48, 0x140, 0xC000_0103, 0xC001_1019, 0xC001_101A, 0xC001_101B, 0xC001_1027 -> {
          // Those that a guest can write.
        }
        default ->
            throw new XenError(Errno.EINVAL, "MSR 0x%x is none of a guest's".formatted(index));
      }
    }
  }
}
