// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.xenstream.core.format.Wire;
import org.xenstream.transfer.ForeignMapping;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.Hypervisor.VcpuState;
import org.xenstream.transfer.XenVersion;
import org.xenstream.transfer.sim.SimDomain;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.transfer.sim.SimOptions;
import org.xenstream.x86.Cr3;
import org.xenstream.x86.SharedInfo;
import org.xenstream.x86.VcpuContext;

/// A PV guest put together by hand on a host that only records: what a save looks at and no more.
final class PvFixture implements AutoCloseable {
  static final int PFNS = 3000;

  /// Ballooned out: ten pfns from here on.
  static final long HOLE = 2000;

  static final long START_INFO = 0x10;
  static final long GDT = 0x11;
  static final long ROOT = 0x20;
  static final long L3 = 0x21;
  static final long L2 = 0x22;
  static final long L1 = 0x23;
  static final long LEAVES = 0x30;
  static final long LIST = 0x40;
  static final long LIST_LIST = 0x41;
  static final long EMPTY_LIST = 0x42;
  static final long USER_ROOT = 0x50;

  /// A level 1 table that maps [#MAPPED] and what follows.
  static final long TABLE = 0x60;

  static final long MAPPED = 100;
  static final long GENERATION = 42;

  /// The linear p2m begins in the fifth slot of its table.
  static final long ADDRESS_64 = 0xFFFF_C900_0000_5000L;

  static final long ADDRESS_32 = 0x8000_5000L;

  final SimHost host;
  final SimDomain domain;
  final Toolstack toolstack;
  final int width;
  final SharedInfo sharedInfo;
  final VcpuContext context;
  private final ForeignMapping mapping;
  private final int[] place = new int[PFNS];

  PvFixture(int width, boolean linear) throws IOException {
    this.width = width;
    this.sharedInfo = SharedInfo.of(width);
    this.context = VcpuContext.of(width);
    host =
        new SimHost(
            new SimOptions(
                new XenVersion(4, 20),
                16_384,
                SimOptions.MOST_PFNS,
                16_383,
                pfn -> 0x1000 + (pfn * 2731 & 8191),
                -1,
                17_000,
                SimOptions.Checks.RECORDED,
                false));
    domain = host.createPv(3, 8192);
    host.setGuestWidth(domid(), width);
    long[] frames = new long[PFNS];
    int count = 0;
    for (long pfn = 0; pfn < PFNS; pfn++) {
      if (pfn < HOLE || pfn >= HOLE + 10) {
        host.populate(domid(), 0, new long[] {pfn}, 1);
        place[(int) pfn] = count;
        frames[count++] = mfn(pfn);
      }
    }
    // Made before any page is a table, which cannot be mapped to be written to.
    mapping = host.map(domid(), Hypervisor.Access.WRITE, frames, count);
    for (long pfn = 0; pfn < PFNS; pfn++) {
      if (mfn(pfn) >= 0) {
        write(pfn, 2048, pfn * 0x1234_5677L);
      }
    }
    makeP2m(linear);
    makeTables();
    for (int vcpu = 0; vcpu < 3; vcpu++) {
      makeVcpu(vcpu);
    }
    domain.unpause();
    toolstack = new Toolstack(domain);
  }

  int domid() {
    return domain.domid();
  }

  long mfn(long pfn) {
    return domain.frameOf(pfn);
  }

  int perLeaf() {
    return 4096 / width;
  }

  int leaves() {
    return (PFNS + perLeaf() - 1) / perLeaf();
  }

  /// The toolstack writes; the page counts as dirty.
  void write(long pfn, int offset, long value) throws IOException {
    write(pfn, offset, 8, value);
  }

  private void write(long pfn, int offset, int octets, long value) {
    long at = mapping.offset(place[(int) pfn]) + offset;
    if (octets == 8) {
      mapping.memory().set(ValueLayout.JAVA_LONG, at, value);
    } else {
      mapping.memory().set(ValueLayout.JAVA_INT, at, (int) value);
    }
    domain.modifiedMemory(pfn, 1);
  }

  /// How many mappings there are beside the fixture's own.
  int mappings() {
    return host.openMappings() - 1;
  }

  /// A number of the guest's width in a list.
  void writeNumber(long pfn, int index, long value) throws IOException {
    write(pfn, index * width, width, value);
  }

  void writeEntry(long table, int slot, long mfn, long flags) throws IOException {
    write(table, 8 * slot, mfn << 12 | flags);
  }

  private void makeP2m(boolean linear) throws IOException {
    for (long pfn = 0; pfn < (long) leaves() * perLeaf(); pfn++) {
      boolean there = pfn < PFNS && mfn(pfn) >= 0;
      writeNumber(
          LEAVES + pfn / perLeaf(),
          (int) (pfn % perLeaf()),
          there ? mfn(pfn) : Hypervisor.INVALID_FRAME);
    }
    for (int i = 0; i < perLeaf(); i++) {
      writeNumber(LIST, i, mfn(i < leaves() ? LEAVES + i : LEAVES));
      writeNumber(EMPTY_LIST, i, mfn(LEAVES));
      writeNumber(LIST_LIST, i, mfn(i == 0 ? LIST : EMPTY_LIST));
    }
    MemorySegment page = domain.sharedInfo();
    sharedInfo.maxPfn.set(page, PFNS);
    sharedInfo.frameListList.set(page, mfn(LIST_LIST));
    if (linear) {
      sharedInfo.p2mCr3.set(page, Cr3.fromFrame(mfn(ROOT), width));
      sharedInfo.p2mVaddr.set(page, width == 8 ? ADDRESS_64 : ADDRESS_32);
      sharedInfo.p2mGeneration.set(page, GENERATION);
    }
  }

  private void makeTables() throws IOException {
    for (long table : new long[] {ROOT, L3, L2, L1, USER_ROOT, TABLE}) {
      for (int slot = 0; slot < 512; slot++) {
        write(table, 8 * slot, 0);
      }
    }
    if (width == 8) {
      writeEntry(ROOT, (int) (ADDRESS_64 >>> 39 & 511), mfn(L3), 0x67);
      writeEntry(ROOT, 256, 0x3F00, 0x63);
      writeEntry(L3, 0, mfn(L2), 0x67);
      writeEntry(L3, 1, mfn(L2), 0x67);
    } else {
      writeEntry(ROOT, 2, mfn(L2), 0x1);
      writeEntry(ROOT, 5, 0x3F00, 0x1);
    }
    writeEntry(L2, 0, mfn(L1), 0x67);
    writeEntry(L2, 1, mfn(TABLE), 0x67);
    for (int i = 0; i < leaves(); i++) {
      writeEntry(L1, 5 + i, mfn(LEAVES + i), 0x67);
    }
    for (int slot = 0; slot < 512; slot++) {
      writeEntry(TABLE, slot, mfn(MAPPED + slot), 0x8000_0000_0000_0067L);
    }
    pin(width == 8 ? 4 : 3, ROOT);
    pin(2, L2);
    pin(1, L1);
    pin(1, TABLE);
    if (width == 8) {
      pin(3, L3);
      pin(4, USER_ROOT);
    }
  }

  private void pin(int level, long pfn) throws IOException {
    host.pinTables(domid(), new int[] {level}, new long[] {mfn(pfn)}, 1);
  }

  private void makeVcpu(int vcpu) throws IOException {
    MemorySegment state = MemorySegment.ofArray(new byte[(int) context.size()]);
    // The second one is offline.
    context.flags.set(state, vcpu == 1 ? 0 : VcpuContext.ONLINE | VcpuContext.IN_KERNEL);
    context.gdtEntries.set(state, 600);
    context.gdtFrames.set(state, 0, mfn(GDT));
    context.gdtFrames.set(state, 1, mfn(GDT + 1));
    context.edx.set(state, vcpu == 0 ? mfn(START_INFO) : 0x77);
    context.controlRegisters.set(state, 3, Cr3.fromFrame(mfn(ROOT), width));
    if (width == 8 && vcpu == 0) {
      context.controlRegisters.set(state, 1, mfn(USER_ROOT) << 12 | Cr3.USER_VALID);
    }
    host.setVcpuState(domid(), vcpu, VcpuState.BASIC, state);
    if (vcpu == 2) {
      MemorySegment msrs = MemorySegment.ofArray(new byte[16]);
      Wire.putU64(msrs, 0, 0xC000_0103L, java.nio.ByteOrder.LITTLE_ENDIAN);
      host.setVcpuState(domid(), vcpu, VcpuState.MSRS, msrs);
    }
  }

  /// Changes a vCPU's registers.
  void setRegisters(int vcpu, java.util.function.Consumer<MemorySegment> change)
      throws IOException {
    change.accept(domain.vcpuState(vcpu, VcpuState.BASIC));
  }

  @Override
  public void close() {
    mapping.close();
    host.close();
  }
}
