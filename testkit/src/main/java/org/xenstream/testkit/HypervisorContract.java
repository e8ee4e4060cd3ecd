// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.transfer.CpuPolicy;
import org.xenstream.transfer.DomainInfo;
import org.xenstream.transfer.ForeignMapping;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.Hypervisor.Access;
import org.xenstream.transfer.Hypervisor.LogDirtyOp;
import org.xenstream.transfer.Hypervisor.VcpuState;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.transfer.PfnBitmap;
import org.xenstream.x86.Cr3;
import org.xenstream.x86.HvmParam;
import org.xenstream.x86.VcpuContext;

/// What every [Hypervisor] promises, the simulated one and the real one alike.
public abstract class HypervisorContract {
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int NOBODY = 0x7EEF;
  private static final int ESRCH = 3;
  private static final int EBUSY = 16;
  private static final int EINVAL = 22;

  private final Arena arena = Arena.ofAuto();
  private HypervisorLab lab;
  private Hypervisor port;

  /// A hypervisor on which nothing was done yet by this test.
  protected abstract HypervisorLab open() throws IOException;

  /// For subclasses.
  @SuppressWarnings("NullAway.Init") // JUnit calls openLab before each test
  protected HypervisorContract() {}

  @BeforeEach
  void openLab() throws IOException {
    lab = open();
    port = lab.port();
  }

  @AfterEach
  void closeLab() {
    lab.close();
  }

  private static void refused(String call, String errno, Executable code) {
    HypervisorException thrown = assertThrows(HypervisorException.class, code);
    assertEquals(errno, thrown.errno(), thrown.getMessage());
    assertEquals(call, thrown.call(), thrown.getMessage());
  }

  private long[] populate(int domid, long... pfns) throws IOException {
    port.populate(domid, 0, pfns, pfns.length);
    return pfns;
  }

  // ---- Domains

  @Test
  void aNewDomainIsPausedAndHasNotStopped() throws IOException {
    int hvm = lab.createHvm(3, 16);
    int pv = lab.createPv(1, 16);
    DomainInfo info = port.domainInfo(hvm);
    assertEquals(new DomainInfo(hvm, true, true, false, 0, 2, info.sharedInfoFrame()), info);
    info = port.domainInfo(pv);
    assertEquals(new DomainInfo(pv, false, true, false, 0, 0, info.sharedInfoFrame()), info);
    assertFalse(info.isSuspended());
  }

  @Test
  void aDomainThatIsNotThereFailsEveryCall() throws IOException {
    MemorySegment octets = MemorySegment.ofArray(new byte[16]);
    long[] one = {1};
    Map<String, Executable> calls = new LinkedHashMap<>();
    calls.put("domainInfo", () -> port.domainInfo(NOBODY));
    calls.put("pfnCount", () -> port.pfnCount(NOBODY));
    calls.put("pageTypes", () -> port.pageTypes(NOBODY, one, new byte[1], 1));
    calls.put("enableLogDirty", () -> port.enableLogDirty(NOBODY));
    calls.put("disableLogDirty", () -> port.disableLogDirty(NOBODY));
    calls.put(
        "readLogDirty",
        () -> port.readLogDirty(NOBODY, LogDirtyOp.PEEK, new PfnBitmap(arena, 64), false));
    calls.put("guestWidth", () -> port.guestWidth(NOBODY));
    calls.put("setGuestWidth", () -> port.setGuestWidth(NOBODY, 8));
    calls.put("pinTables", () -> port.pinTables(NOBODY, new int[] {1}, one, 1));
    calls.put("vcpuOnline", () -> port.vcpuOnline(NOBODY, 0));
    calls.put("vcpuState", () -> port.vcpuState(NOBODY, 0, VcpuState.BASIC, arena));
    calls.put("setVcpuState", () -> port.setVcpuState(NOBODY, 0, VcpuState.XSAVE, octets));
    calls.put("hvmParam", () -> port.hvmParam(NOBODY, 1));
    calls.put("setHvmParam", () -> port.setHvmParam(NOBODY, 1, 1));
    calls.put("hvmContext", () -> port.hvmContext(NOBODY, arena));
    calls.put("setHvmContext", () -> port.setHvmContext(NOBODY, octets));
    calls.put("tscInfo", () -> port.tscInfo(NOBODY));
    calls.put("setTscInfo", () -> port.setTscInfo(NOBODY, new StreamRecord.TscInfo(0, 0, 0, 0)));
    calls.put("cpuPolicy", () -> port.cpuPolicy(NOBODY, arena));
    calls.put("setCpuPolicy", () -> port.setCpuPolicy(NOBODY, new CpuPolicy(octets, octets)));
    calls.put("seedGrantTable", () -> port.seedGrantTable(NOBODY, true, 1, 2, 0, 0));
    calls.forEach((call, code) -> refused(call, "ESRCH", code));
    // Xen says how many it did, never why it stopped.
    refused("populate", "EBUSY", () -> port.populate(NOBODY, 0, one, 1));
    // Each frame fails, and not the call.
    try (ForeignMapping mapping = port.map(NOBODY, Access.READ, one, 1)) {
      assertEquals(ESRCH, mapping.error(0));
    }
  }

  @Test
  void tellsOfTheMachine() throws IOException {
    assertEquals(4, port.version().major());
    assertTrue(port.maximumRamPage() > 0);
    assertTrue(port.compatM2pFirstFrame() > 0);
  }

  // ---- Memory

  @Test
  void anHvmGuestsFramesAreItsPfns() throws IOException {
    int domid = lab.createHvm(1, 16);
    assertArrayEquals(new long[] {7, 2, 0xFEFF8}, populate(domid, 7, 2, 0xFEFF8));
    assertEquals(0xFEFF9, port.pfnCount(domid));
    long[] frames = {2, 3, 7, Hypervisor.INVALID_FRAME, 0xFEFF8, 0xF_FFFF_FFFFL};
    byte[] types = new byte[6];
    port.pageTypes(domid, frames, types, 6);
    assertArrayEquals(
        new byte[] {
          PageType.NOTAB,
          PageType.XTAB,
          PageType.NOTAB,
          PageType.XTAB,
          PageType.NOTAB,
          PageType.XTAB
        },
        types);
  }

  @Test
  void aPvGuestsFramesAreTheMachines() throws IOException {
    int domid = lab.createPv(1, 16);
    int other = lab.createPv(1, 16);
    long[] frames = populate(domid, 0, 5, 9);
    long[] others = populate(other, 0);
    try (ForeignMapping m2p = port.mapM2p()) {
      assertEquals(0, m2p.memory().get(U64, 8 * frames[0]));
      assertEquals(5, m2p.memory().get(U64, 8 * frames[1]));
      assertEquals(9, m2p.memory().get(U64, 8 * frames[2]));
      assertTrue(m2p.memory().byteSize() >= 8 * (port.maximumRamPage() + 1));
      for (int i = 0; i < m2p.count(); i++) {
        assertEquals(0, m2p.error(i));
        assertEquals(4096L * i, m2p.offset(i));
      }
    }
    byte[] types = new byte[3];
    port.pageTypes(domid, new long[] {frames[2], others[0], frames[0]}, types, 3);
    assertArrayEquals(new byte[] {PageType.NOTAB, PageType.XTAB, PageType.NOTAB}, types);
    try (ForeignMapping mapping =
        port.map(domid, Access.READ, new long[] {frames[0], others[0]}, 2)) {
      assertEquals(0, mapping.error(0));
      assertEquals(EBUSY, mapping.error(1));
    }
  }

  @Test
  void newMemoryIsZeroAndKeepsWhatIsWritten() throws IOException {
    int domid = lab.createHvm(1, 16);
    populate(domid, 0, 1, 2);
    long[] frames = {1, 99, 2};
    try (ForeignMapping mapping = port.map(domid, Access.WRITE, frames, 3)) {
      assertEquals(3, mapping.count());
      assertEquals(0, mapping.error(0));
      assertEquals(EINVAL, mapping.error(1));
      assertEquals(0, mapping.error(2));
      MemorySegment memory = mapping.memory();
      assertTrue(memory.isNative());
      for (int i = 0; i < 3; i += 2) {
        MemorySegment page = memory.asSlice(mapping.offset(i), 4096);
        assertEquals(-1, page.mismatch(MemorySegment.ofArray(new byte[4096])));
        page.fill((byte) (i + 5));
      }
    }
    try (ForeignMapping mapping = port.map(domid, Access.READ, new long[] {2, 1}, 2)) {
      MemorySegment memory = mapping.memory();
      assertTrue(memory.isReadOnly());
      assertEquals(0x0707_0707_0707_0707L, memory.get(U64, mapping.offset(0) + 4088));
      assertEquals(0x0505_0505_0505_0505L, memory.get(U64, mapping.offset(1)));
    }
  }

  @Test
  void populatesNoMoreThanTheDomainMayHave() throws IOException {
    int domid = lab.createHvm(1, 4);
    refused("populate", "EBUSY", () -> populate(domid, 0, 1, 2, 3, 4));
    int roomy = lab.createHvm(1, 1024);
    long[] superpage = {512};
    port.populate(roomy, 9, superpage, 1);
    assertEquals(512, superpage[0]);
    assertEquals(1024, port.pfnCount(roomy));
  }

  @Test
  void asksTheTypesOfAtMostAThousandAndTwentyFourFrames() throws IOException {
    int domid = lab.createHvm(1, 4);
    port.pageTypes(domid, new long[1024], new byte[1024], 1024);
    refused(
        "pageTypes", "E2BIG", () -> port.pageTypes(domid, new long[1025], new byte[1025], 1025));
  }

  // ---- Log-dirty

  @Test
  void tellsWhatWasWrittenSinceTheLastClean() throws IOException {
    int domid = lab.createHvm(1, 300);
    long[] pfns = new long[200];
    for (int i = 0; i < pfns.length; i++) {
      pfns[i] = i;
    }
    populate(domid, pfns);
    lab.write(domid, 3, 1);
    port.enableLogDirty(domid);
    refused("enableLogDirty", "EINVAL", () -> port.enableLogDirty(domid));
    PfnBitmap bitmap = new PfnBitmap(arena, 130);
    bitmap.setAll();
    port.readLogDirty(domid, LogDirtyOp.CLEAN, bitmap, false);
    assertEquals(0, bitmap.count(), "nothing was written since log-dirty is on");
    lab.write(domid, 5, 1);
    lab.write(domid, 129, 1);
    lab.write(domid, 129, 2);
    lab.write(domid, 131, 2);
    for (LogDirtyOp op : new LogDirtyOp[] {LogDirtyOp.PEEK, LogDirtyOp.CLEAN}) {
      bitmap.setAll();
      assertEquals(3, port.readLogDirty(domid, op, bitmap, false).dirtyCount());
      assertEquals(2, bitmap.count());
      assertTrue(bitmap.get(5) && bitmap.get(129));
    }
    assertEquals(0, port.readLogDirty(domid, LogDirtyOp.CLEAN, bitmap, true).dirtyCount());
    assertEquals(0, bitmap.count());
    lab.write(domid, 5, 3);
    port.disableLogDirty(domid);
    port.enableLogDirty(domid);
    port.readLogDirty(domid, LogDirtyOp.PEEK, bitmap, false);
    assertEquals(0, bitmap.count(), "what was marked is forgotten when log-dirty goes off");
  }

  @Test
  void mayBeToldToEndLogDirtyThatIsOff() throws IOException {
    int domid = lab.createHvm(1, 4);
    populate(domid, 0);
    port.disableLogDirty(domid);
    PfnBitmap bitmap = new PfnBitmap(arena, 64);
    bitmap.setAll();
    port.readLogDirty(domid, LogDirtyOp.CLEAN, bitmap, false);
    assertEquals(0, bitmap.count());
  }

  // ---- PV

  @Test
  void aPvGuestBecomesOneOf32BitsBeforeItHasMemory() throws IOException {
    int domid = lab.createPv(1, 16);
    assertEquals(8, port.guestWidth(domid));
    port.setGuestWidth(domid, 8);
    port.setGuestWidth(domid, 4);
    assertEquals(4, port.guestWidth(domid));
    port.setGuestWidth(domid, 4);
    refused("setGuestWidth", "EINVAL", () -> port.setGuestWidth(domid, 8));
    int full = lab.createPv(1, 16);
    populate(full, 0);
    refused("setGuestWidth", "EACCES", () -> port.setGuestWidth(full, 4));
    int hvm = lab.createHvm(1, 16);
    refused("setGuestWidth", "EOPNOTSUPP", () -> port.setGuestWidth(hvm, 4));
    refused("guestWidth", "EOPNOTSUPP", () -> port.guestWidth(hvm));
  }

  @Test
  void pinsGoodTablesAndKeepsOthersFromWritingThem() throws IOException {
    int domid = lab.createPv(1, 16);
    PvTables tables = new PvTables(port, domid);
    assertArrayEquals(new byte[5], tables.types());
    tables.pin(4);
    assertArrayEquals(
        new byte[] {
          PageType.NOTAB,
          PageType.L1TAB,
          PageType.L2TAB,
          PageType.L3TAB,
          PageType.L4TAB | PageType.PINNED
        },
        tables.types());
    try (ForeignMapping mapping =
        port.map(domid, Access.WRITE, new long[] {tables.frame(1), tables.frame(0)}, 2)) {
      assertEquals(EBUSY, mapping.error(0));
      assertEquals(0, mapping.error(1));
    }
    tables.pin(2);
    refused("pinTables", "EINVAL", () -> tables.pin(4));
  }

  @Test
  void pinsNoneAfterTheFirstBadOne() throws IOException {
    int domid = lab.createPv(1, 16);
    PvTables tables = new PvTables(port, domid);
    tables.set(3, 7, tables.get(3, 0) | 0x80);
    long[] frames = {tables.frame(1), tables.frame(2), tables.frame(4), tables.frame(2)};
    refused("pinTables", "EINVAL", () -> port.pinTables(domid, new int[] {1, 2, 4, 2}, frames, 4));
    assertArrayEquals(
        new byte[] {
          PageType.NOTAB,
          PageType.L1TAB | PageType.PINNED,
          PageType.L2TAB | PageType.PINNED,
          PageType.NOTAB,
          PageType.NOTAB
        },
        tables.types());
  }

  @Test
  void pinsNothingThatIsMappedWritable() throws IOException {
    int domid = lab.createPv(1, 16);
    PvTables tables = new PvTables(port, domid);
    try (ForeignMapping mapping = port.map(domid, Access.WRITE, new long[] {tables.frame(1)}, 1)) {
      assertEquals(0, mapping.error(0));
      refused("pinTables", "EINVAL", () -> tables.pin(4));
    }
    tables.pin(4);
  }

  private static MemorySegment context(long cr3) {
    VcpuContext layout = VcpuContext.OF_64_BIT;
    MemorySegment context = MemorySegment.ofArray(new byte[VcpuContext.SIZE_64]);
    layout.flags.set(context, VcpuContext.ONLINE | VcpuContext.IN_KERNEL);
    layout.controlRegisters.set(context, 3, cr3);
    layout.edx.set(context, 0x1234);
    return context;
  }

  @Test
  void aVcpuNeedsAPageTableThatIsOne() throws IOException {
    int domid = lab.createPv(2, 16);
    PvTables tables = new PvTables(port, domid);
    assertFalse(port.vcpuOnline(domid, 0));
    refused("vcpuState", "ENODATA", () -> port.vcpuState(domid, 0, VcpuState.BASIC, arena));
    tables.pin(3);
    for (long frame : new long[] {0x7FFF_FFFFL, tables.frame(1), tables.frame(2)}) {
      refused(
          "setVcpuState",
          "EINVAL",
          () -> port.setVcpuState(domid, 0, VcpuState.BASIC, context(Cr3.fromFrame(frame, 8))));
    }
    MemorySegment good = context(Cr3.fromFrame(tables.frame(4), 8));
    port.setVcpuState(domid, 0, VcpuState.BASIC, good);
    assertTrue(port.vcpuOnline(domid, 0));
    assertFalse(port.vcpuOnline(domid, 1));
    MemorySegment got = port.vcpuState(domid, 0, VcpuState.BASIC, arena);
    VcpuContext layout = VcpuContext.OF_64_BIT;
    assertEquals(layout.size(), got.byteSize());
    assertEquals(0x1234, layout.edx.get(got));
    assertEquals(layout.controlRegisters.get(good, 3), layout.controlRegisters.get(got, 3));
    assertEquals(PageType.L4TAB, tables.types()[4]);
  }

  @Test
  void refusesVcpuStateThatCannotBe() throws IOException {
    int domid = lab.createPv(2, 16);
    refused("vcpuOnline", "EINVAL", () -> port.vcpuOnline(domid, 2));
    for (VcpuState kind : VcpuState.values()) {
      String errno = kind == VcpuState.BASIC ? "EINVAL" : "ESRCH";
      refused("vcpuState", errno, () -> port.vcpuState(domid, 2, kind, arena));
    }
    Map<VcpuState, int[]> sizes =
        Map.of(
            VcpuState.BASIC, new int[] {0, VcpuContext.SIZE_32, VcpuContext.SIZE_64 + 8},
            VcpuState.EXTENDED, new int[] {4, 128, 136},
            VcpuState.XSAVE, new int[] {8, 100},
            VcpuState.MSRS, new int[] {8, 16 * 8});
    sizes.forEach((kind, all) -> {
      for (int size : all) {
        MemorySegment octets = MemorySegment.ofArray(new byte[size]);
        refused("setVcpuState", "EINVAL", () -> port.setVcpuState(domid, 1, kind, octets));
      }
    });
    MemorySegment msr = MemorySegment.ofArray(new byte[16]);
    refused("setVcpuState", "EINVAL", () -> port.setVcpuState(domid, 1, VcpuState.MSRS, msr));
  }

  @Test
  void takesTheStatesOfAVcpuThatWasNeverSetUp() throws IOException {
    int domid = lab.createPv(2, 16);
    MemorySegment extended = port.vcpuState(domid, 1, VcpuState.EXTENDED, arena);
    assertEquals(1, extended.get(U32, 0));
    assertEquals(extended.byteSize(), extended.get(U32, 4));
    port.setVcpuState(domid, 1, VcpuState.EXTENDED, extended);
    // What older releases had of it: no word on machine checks.
    MemorySegment old = MemorySegment.ofArray(new byte[32]);
    old.set(U32, 4, 32);
    port.setVcpuState(domid, 1, VcpuState.EXTENDED, old);
    old.set(U32, 4, 31);
    refused("setVcpuState", "EINVAL", () -> port.setVcpuState(domid, 1, VcpuState.EXTENDED, old));
    MemorySegment xsave = port.vcpuState(domid, 1, VcpuState.XSAVE, arena);
    assertEquals(-1, xsave.mismatch(MemorySegment.ofArray(new byte[16])), "a header alone");
    port.setVcpuState(domid, 1, VcpuState.XSAVE, xsave);
    assertEquals(0, port.vcpuState(domid, 1, VcpuState.MSRS, arena).byteSize());
    port.setVcpuState(domid, 1, VcpuState.MSRS, MemorySegment.NULL);
  }

  // ---- HVM

  @Test
  void keepsParamsByXensRules() throws IOException {
    int domid = lab.createHvm(1, 16);
    port.setHvmParam(domid, HvmParam.STORE_PFN.index(), 0xFEFFC);
    assertEquals(0xFEFFC, port.hvmParam(domid, HvmParam.STORE_PFN.index()));
    port.setHvmParam(domid, HvmParam.IOREQ_SERVER_PFN.index(), 0xFEFF0);
    port.setHvmParam(domid, HvmParam.IOREQ_SERVER_PFN.index(), 0xFEFF0);
    refused(
        "setHvmParam",
        "EEXIST",
        () -> port.setHvmParam(domid, HvmParam.IOREQ_SERVER_PFN.index(), 0xFEFF1));
    refused(
        "setHvmParam", "EINVAL", () -> port.setHvmParam(domid, HvmParam.PAE_ENABLED.index(), 1));
    refused("hvmParam", "EINVAL", () -> port.hvmParam(domid, HvmParam.PAE_ENABLED.index()));
    refused("setHvmParam", "EINVAL", () -> port.setHvmParam(domid, HvmParam.TIMER_MODE.index(), 4));
    refused("setHvmParam", "EINVAL", () -> port.setHvmParam(domid, 1000, 4));
    refused("hvmParam", "EINVAL", () -> port.hvmParam(domid, -1));
    port.setHvmParam(domid, HvmParam.VM86_TSS.index(), 0xFED0_0000L);
    assertEquals(0xFED0_0000L | 128L << 32, port.hvmParam(domid, HvmParam.VM86_TSS_SIZED.index()));
    int pv = lab.createPv(1, 16);
    refused("hvmParam", "EINVAL", () -> port.hvmParam(pv, HvmParam.STORE_PFN.index()));
    refused("setHvmParam", "EINVAL", () -> port.setHvmParam(pv, HvmParam.STORE_PFN.index(), 1));
  }

  @Test
  void takesTheContextThatItGave() throws IOException {
    int domid = lab.createHvm(1, 16);
    MemorySegment context = port.hvmContext(domid, arena);
    port.setHvmContext(domid, context);
    MemorySegment cut = context.asSlice(0, context.byteSize() - 8);
    refused("setHvmContext", "ENODATA", () -> port.setHvmContext(domid, cut));
    refused("setHvmContext", "ENODATA", () -> port.setHvmContext(domid, context.asSlice(0, 4)));
    int pv = lab.createPv(1, 16);
    refused("hvmContext", "EINVAL", () -> port.hvmContext(pv, arena));
  }

  /// An entry of one vCPU's TSC_ADJUST, which every guest may have, behind the header that is
  /// there.
  private static MemorySegment contextWith(MemorySegment whole, int vcpu, int length) {
    int header = 8 + whole.get(U32, 4);
    MemorySegment context = MemorySegment.ofArray(new byte[header + 8 + length + 8]);
    context.asSlice(0, header).copyFrom(whole.asSlice(0, header));
    context.set(U32, header, 19 | vcpu << 16);
    context.set(U32, header + 4, length);
    return context;
  }

  @Test
  void refusesAContextThatCannotBe() throws IOException {
    int domid = lab.createHvm(2, 16);
    MemorySegment whole = port.hvmContext(domid, arena);
    port.setHvmContext(domid, contextWith(whole, 1, 8));
    for (int length : new int[] {0, 4, 16}) {
      refused(
          "setHvmContext",
          "EINVAL",
          () -> port.setHvmContext(domid, contextWith(whole, 1, length)));
    }
    refused("setHvmContext", "EINVAL", () -> port.setHvmContext(domid, contextWith(whole, 2, 8)));
    MemorySegment unknown = contextWith(whole, 0, 8);
    unknown.set(U32, unknown.byteSize() - 24, 99);
    refused("setHvmContext", "EINVAL", () -> port.setHvmContext(domid, unknown));
  }

  // ---- Both

  @Test
  void seedsTheGrantTable() throws IOException {
    int hvm = lab.createHvm(1, 16);
    populate(hvm, 0xFEFF8, 0xFEFF9);
    port.seedGrantTable(hvm, true, 0xFEFF8, 0xFEFF9, 0, 0);
    int pv = lab.createPv(1, 16);
    long[] frames = populate(pv, 0, 1);
    port.seedGrantTable(pv, false, frames[0], frames[1], 0, 0);
  }

  @Test
  void keepsTheTscsMode() throws IOException {
    int domid = lab.createHvm(1, 16);
    port.setTscInfo(domid, new StreamRecord.TscInfo(1, 2_000_000, 5, 3));
    StreamRecord.TscInfo got = port.tscInfo(domid);
    assertEquals(1, got.mode());
    assertEquals(2_000_000, got.khz());
    assertTrue(got.nsec() >= 5);
    assertEquals(4, got.incarnation(), "each set is another incarnation");
    refused(
        "setTscInfo",
        "EINVAL",
        () -> port.setTscInfo(domid, new StreamRecord.TscInfo(3, 2_000_000, 5, 3)));
  }

  @Test
  void takesThePolicyThatItGave() throws IOException {
    int domid = lab.createHvm(1, 16);
    CpuPolicy policy = port.cpuPolicy(domid, arena);
    assertTrue(policy.leaves().byteSize() > 0 && policy.leaves().byteSize() % 24 == 0);
    assertEquals(0, policy.msrs().byteSize() % 16);
    port.setCpuPolicy(domid, policy);
    port.setCpuPolicy(domid, new CpuPolicy(MemorySegment.NULL, MemorySegment.NULL));
    CpuPolicy again = port.cpuPolicy(domid, arena);
    assertEquals(-1, policy.leaves().mismatch(again.leaves()));
    assertEquals(-1, policy.msrs().mismatch(again.msrs()));
  }

  private static CpuPolicy leaf(int leaf, int subleaf) {
    MemorySegment octets = MemorySegment.ofArray(new byte[24]);
    octets.set(U32, 0, leaf);
    octets.set(U32, 4, subleaf);
    return new CpuPolicy(octets, MemorySegment.NULL);
  }

  private static CpuPolicy msr(int index, int flags, long value) {
    MemorySegment octets = MemorySegment.ofArray(new byte[16]);
    octets.set(U32, 0, index);
    octets.set(U32, 4, flags);
    octets.set(U64, 8, value);
    return new CpuPolicy(MemorySegment.NULL, octets);
  }

  @Test
  void refusesAPolicyThatCannotBe() throws IOException {
    int domid = lab.createHvm(1, 16);
    CpuPolicy before = port.cpuPolicy(domid, arena);
    int none = -1;
    refused("setCpuPolicy", "ERANGE", () -> port.setCpuPolicy(domid, leaf(0x5000_0000, none)));
    refused("setCpuPolicy", "ERANGE", () -> port.setCpuPolicy(domid, leaf(0xE, none)));
    refused("setCpuPolicy", "ERANGE", () -> port.setCpuPolicy(domid, leaf(1, 0)));
    refused("setCpuPolicy", "ERANGE", () -> port.setCpuPolicy(domid, leaf(0xD, 63)));
    refused("setCpuPolicy", "ERANGE", () -> port.setCpuPolicy(domid, msr(0x10, 0, 0)));
    refused("setCpuPolicy", "EINVAL", () -> port.setCpuPolicy(domid, msr(0xCE, 1, 0)));
    refused("setCpuPolicy", "EOVERFLOW", () -> port.setCpuPolicy(domid, msr(0xCE, 0, 1L << 32)));
    MemorySegment many = MemorySegment.ofArray(new byte[24 * 1000]);
    refused(
        "setCpuPolicy",
        "E2BIG",
        () -> port.setCpuPolicy(domid, new CpuPolicy(many, MemorySegment.NULL)));
    MemorySegment three = MemorySegment.ofArray(new byte[16 * 3]);
    refused(
        "setCpuPolicy",
        "E2BIG",
        () -> port.setCpuPolicy(domid, new CpuPolicy(MemorySegment.NULL, three)));
    assertEquals(-1, before.leaves().mismatch(port.cpuPolicy(domid, arena).leaves()));
  }
}
