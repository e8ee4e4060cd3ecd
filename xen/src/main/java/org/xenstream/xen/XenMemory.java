// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.xenstream.core.format.Wire;
import org.xenstream.os.NativeCall;
import org.xenstream.transfer.ForeignMapping;
import org.xenstream.transfer.HypervisorException;

/// What [XenHost] does with frames: types, mappings, population, page tables, the machine's table,
/// the grant table.
final class XenMemory implements AutoCloseable {
  static final int DOMID_XEN = 0x7FF2;
  static final int XENMEM_MACHPHYS_COMPAT_MFN_LIST = 25;
  static final int XENMEM_RESOURCE_GRANT_TABLE = 1;
  static final int RESOURCE_SHARED = 0;
  private static final int PROT_READ_WRITE = 3;
  static final int GTF_PERMIT_ACCESS = 1;
  static final int GRANT_CONSOLE = 0;
  static final int GRANT_STORE = 1;

  /// Types lie in the top four of 32 bits (`XEN_DOMCTL_PFINFO_LTAB_SHIFT`).
  static final int TYPE_SHIFT = 28;

  /// A piece of the machine-to-physical table: 2 MiB.
  private static final long EXTENT = 1L << 21;

  private static final int EXTENT_PAGES = 512;
  private static final int PAGE = 4096;

  /// As often does libxenctrl try once more.
  private static final int RETRIES = 2;

  private final XenHost host;
  private final long xch;
  private final long foreign;
  private final KeptBuffer typesBuffer;
  private long[] numbers = new long[Wire.MAX_BATCH];

  XenMemory(XenHost host, long xch, long foreign) {
    this.host = host;
    this.xch = xch;
    this.foreign = foreign;
    this.typesBuffer = new KeptBuffer(xch);
  }

  /// What `xc_get_pfn_type_batch` does, but for a buffer that it gets and gives back each time.
  synchronized void pageTypes(int domid, long[] frames, byte[] types, int count)
      throws HypervisorException {
    try (Call call = new Call("pageTypes", domid)) {
      MemorySegment batch = typesBuffer.of(call, 8L * Math.max(count, Wire.MAX_BATCH)).memory();
      MemorySegment.copy(frames, 0, batch, ValueLayout.JAVA_LONG, 0, count);
      Domctl domctl =
          host.domctl(call, Domctl.GETPAGEFRAMEINFO3, domid)
              .set(XenField.FRAMES_COUNT, count)
              .set(XenField.FRAMES_BUFFER, batch.address());
      for (int tries = 0; domctl.tryIt() < 0; tries++) {
        // An older kernel may take the buffer away for a moment; Xen goes on where it was.
        if (call.errno() != XenErrno.EFAULT.number || tries == RETRIES) {
          throw call.failed(
              call.errno(), "XEN_DOMCTL_getpageframeinfo3 of %d frames".formatted(count));
        }
      }
      // An array is read many times faster than memory, above all by code that is not compiled.
      if (numbers.length < count) {
        numbers = new long[count];
      }
      long[] found = numbers;
      MemorySegment.copy(batch, ValueLayout.JAVA_LONG, 0, found, 0, count);
      for (int i = 0; i < count; i++) {
        types[i] = (byte) (found[i] >>> TYPE_SHIFT & 0xF);
      }
    }
  }

  ForeignMapping map(int domid, boolean writable, long[] frames, int count)
      throws HypervisorException {
    try (Call call = new Call("map", domid)) {
      return ForeignPages.map(foreign, call, domid, writable, call.copy(frames, count), count);
    }
  }

  void populate(int domid, int order, long[] frames, int count) throws HypervisorException {
    try (Call call = new Call("populate", domid)) {
      MemorySegment extents = call.copy(frames, count);
      long result =
          Libxenctrl.domainPopulatePhysmapExact(
              call.errno, xch, domid, count, order, 0, extents.address());
      if (result < 0) {
        throw call.failed(
            call.errno(), "%d extents of order %d returned %d".formatted(count, order, result));
      }
      MemorySegment.copy(extents, ValueLayout.JAVA_LONG, 0, frames, 0, count);
    }
  }

  long maximumRamPage(String name) throws HypervisorException {
    try (Call call = new Call(name, -1)) {
      MemorySegment frame = call.word();
      call.check(
          Libxenctrl.maximumRamPage(call.errno, xch, frame.address()), "xc_maximum_ram_page");
      // What Xen gives is `max_page`, the first that is not one (`xen/common/memory.c`).
      return frame.get(ValueLayout.JAVA_LONG, 0) - 1;
    }
  }

  ForeignMapping mapM2p() throws HypervisorException {
    long octets = 8 * (maximumRamPage("mapM2p") + 1);
    int extents = Math.toIntExact((octets + EXTENT - 1) / EXTENT);
    try (Call call = new Call("mapM2p", -1)) {
      MemorySegment starts = call.arena.allocate(ValueLayout.JAVA_LONG, extents);
      call.check(
          Libxenctrl.machphysMfnList(call.errno, xch, extents, starts.address()),
          "xc_machphys_mfn_list of %d extents".formatted(extents));
      int pages = Math.multiplyExact(extents, EXTENT_PAGES);
      long[] frames = new long[pages];
      for (int i = 0; i < extents; i++) {
        long start = starts.getAtIndex(ValueLayout.JAVA_LONG, i);
        for (int j = 0; j < EXTENT_PAGES; j++) {
          frames[i * EXTENT_PAGES + j] = start + j;
        }
      }
      return ForeignPages.map(foreign, call, DOMID_XEN, false, call.copy(frames, pages), pages);
    }
  }

  long compatM2pFirstFrame() throws HypervisorException {
    try (Call call = new Call("compatM2pFirstFrame", -1);
        HypercallBuffer first = HypercallBuffer.of(xch, call, 8)) {
      MemorySegment list = call.arena.allocate(XenField.Struct.M2P_LIST.size, 8);
      XenField.M2P_MAX_EXTENTS.set(list, 1);
      XenField.M2P_EXTENT_START.set(list, first.address());
      call.check(
          Libxenctrl.memoryOp(
              call.errno, xch, XENMEM_MACHPHYS_COMPAT_MFN_LIST, list.address(), list.byteSize()),
          "XENMEM_machphys_compat_mfn_list");
      if (XenField.M2P_NR_EXTENTS.get(list) != 1) {
        throw call.refused(
            XenErrno.ENODATA, "expected 1 extent, found " + XenField.M2P_NR_EXTENTS.get(list));
      }
      return first.memory().get(ValueLayout.JAVA_LONG, 0);
    }
  }

  void pinTables(int domid, int[] levels, long[] frames, int count) throws HypervisorException {
    try (Call call = new Call("pinTables", domid)) {
      int size = XenField.Struct.MMUEXT.size;
      MemorySegment operations = call.arena.allocate((long) size * count, 8);
      for (int i = 0; i < count; i++) {
        MemorySegment operation = operations.asSlice((long) size * i, size);
        // MMUEXT_PIN_L1_TABLE is 0.
        XenField.MMUEXT_CMD.set(operation, levels[i] - 1L);
        XenField.MMUEXT_MFN.set(operation, frames[i]);
      }
      call.check(
          Libxenctrl.mmuextOp(call.errno, xch, operations.address(), count, domid),
          "xc_mmuext_op with %d tables to pin".formatted(count));
    }
  }

  /// By the kernel's way of mapping a grant table, which Linux has since 4.18; the older ways
  /// change the guest's memory map for a moment, and are left out.
  void seedGrantTable(
      int domid, long consoleFrame, long storeFrame, int consoleDomid, int storeDomid)
      throws HypervisorException {
    try (Call call = new Call("seedGrantTable", domid)) {
      MemorySegment place = call.word();
      long resource =
          Libxenforeignmemory.mapResource(
              call.errno,
              foreign,
              (short) domid,
              XENMEM_RESOURCE_GRANT_TABLE,
              RESOURCE_SHARED,
              0,
              1,
              place.address(),
              PROT_READ_WRITE,
              0);
      if (resource == 0) {
        throw call.failed(call.errno(), "xenforeignmemory_map_resource of the grant table");
      }
      MemorySegment table =
          NativeLibrary.memory(place.get(ValueLayout.JAVA_LONG, 0), PAGE, call.arena);
      grant(table, GRANT_CONSOLE, domid, consoleDomid, consoleFrame);
      grant(table, GRANT_STORE, domid, storeDomid, storeFrame);
      call.check(
          Libxenforeignmemory.unmapResource(call.errno, foreign, resource),
          "xenforeignmemory_unmap_resource");
    }
  }

  private static void grant(MemorySegment table, int index, int domid, int to, long frame) {
    if (domid == to || frame == -1) {
      return;
    }
    int size = XenField.Struct.GRANT.size;
    MemorySegment entry = table.asSlice((long) size * index, size);
    XenField.GRANT_DOMID.set(entry, to);
    XenField.GRANT_FRAME.set(entry, frame);
    XenField.GRANT_FLAGS.set(entry, GTF_PERMIT_ACCESS);
  }

  @Override
  public synchronized void close() {
    typesBuffer.close();
    try (Arena arena = Arena.ofConfined()) {
      int _ = Libxenforeignmemory.close(NativeCall.state(arena), foreign);
    }
  }
}
