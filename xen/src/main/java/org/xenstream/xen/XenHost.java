// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.os.NativeCall;
import org.xenstream.transfer.CpuPolicy;
import org.xenstream.transfer.DomainInfo;
import org.xenstream.transfer.ForeignMapping;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.transfer.LogDirtyStats;
import org.xenstream.transfer.PfnBitmap;
import org.xenstream.transfer.XenVersion;

/// The Xen under this kernel. The process has to be privileged, in dom0 or where dom0's rights are.
///
/// Run on Xen 4.17 (docs/LAB.md); for 4.18 to 4.20 written after headers and sources, not yet run.
final class XenHost implements Hypervisor, AutoCloseable {
  private static final int VERSION = 0;

  static final int SHADOW_OFF = 0;
  static final int SHADOW_ENABLE_LOGDIRTY = 2;
  static final int SHADOW_CLEAN = 11;
  static final int SHADOW_PEEK = 12;
  static final int LOGDIRTY_FINAL = 1;

  static final int INFO_HVM = 1 << 1;
  static final int INFO_SHUTDOWN = 1 << 2;
  static final int INFO_PAUSED = 1 << 3;
  static final int INFO_REASON_SHIFT = 16;
  static final int INFO_REASON_MASK = 255;

  private final long xch;
  private final XenMemory memory;
  private final XenVersion version;
  private final XenVcpus vcpus;
  private final XenPolicies policies;

  /// Kept from round to round, as the reference keeps its own.
  private final KeptBuffer dirty;

  private XenHost(long xch, long foreign, XenVersion version) {
    this.xch = xch;
    this.version = version;
    this.dirty = new KeptBuffer(xch);
    this.memory = new XenMemory(this, xch, foreign);
    this.vcpus = new XenVcpus(this, xch);
    this.policies = new XenPolicies(this, xch);
  }

  /// Finds Xen, and sees that it is one that this code knows.
  ///
  /// @throws MissingLibraryException when a library is not there, or another Xen runs
  /// @throws IOException when Xen cannot be spoken to
  static XenHost open() throws IOException {
    Libxenctrl.LIBRARY.check();
    Libxenforeignmemory.LIBRARY.check();
    try (Call call = new Call("open", -1)) {
      long xch = Libxenctrl.open(call.errno, 0, 0, 0);
      if (xch == 0) {
        throw call.failed(
            call.errno(), "xc_interface_open: no Xen under this kernel, or no right to use it");
      }
      XenHost host = null;
      try {
        host = opened(call, xch);
        return host;
      } finally {
        if (host == null) {
          int _ = Libxenctrl.close(call.errno, xch);
        }
      }
    }
  }

  private static XenHost opened(Call call, long xch) throws IOException {
    long number = call.check(Libxenctrl.version(call.errno, xch, VERSION, 0), "xc_version");
    XenVersion version = new XenVersion((int) (number >>> 16), (int) (number & 0xFFFF));
    XenRelease release = XenRelease.of(version);
    String soname = String.valueOf(Libxenctrl.LIBRARY.soname());
    if (release == null) {
      throw new MissingLibraryException(
          "expected Xen 4.17 to 4.20, found Xen %d.%d".formatted(version.major(), version.minor()));
    }
    if (!soname.endsWith(".so.%d.%d".formatted(version.major(), version.minor()))) {
      throw new MissingLibraryException(
          "expected the libxenctrl of %s, which is running, found %s".formatted(release, soname));
    }
    // Any operation tells whether Xen lets this process and this library control domains.
    if (new Domctl(call, xch, Domctl.GETDOMAININFO, 0).tryIt() < 0
        && call.errno() != XenErrno.ESRCH.number) {
      throw call.failed(
          call.errno(),
          "%s is refused by %s: %s".formatted(soname, release, refusal(call.errno())));
    }
    long foreign = Libxenforeignmemory.open(call.errno, 0, 0);
    if (foreign == 0) {
      throw call.failed(call.errno(), "xenforeignmemory_open");
    }
    return new XenHost(xch, foreign, version);
  }

  /// What Xen means by its answer to an operation that any toolstack may do.
  private static String refusal(int errno) {
    return switch (XenErrno.nameOf(errno)) {
      case "EACCES" ->
          "another version of the domctl interface is meant, or a security policy forbids it";
      case "EPERM" -> "this domain may not control others";
      default -> "XEN_DOMCTL_getdomaininfo failed";
    };
  }

  Domctl domctl(Call call, int command, int domid) {
    return new Domctl(call, xch, command, domid);
  }

  @Override
  public XenVersion version() {
    return version;
  }

  @Override
  public DomainInfo domainInfo(int domid) throws HypervisorException {
    try (Call call = new Call("domainInfo", domid)) {
      Domctl info = domctl(call, Domctl.GETDOMAININFO, domid);
      info.run("XEN_DOMCTL_getdomaininfo");
      // Xen before 4.18 gives the next domain where there is none of that number.
      if (info.get(XenField.INFO_DOMAIN) != domid) {
        throw call.refused(XenErrno.ESRCH, "no such domain");
      }
      long flags = info.get(XenField.INFO_FLAGS);
      boolean shutdown = (flags & INFO_SHUTDOWN) != 0;
      return new DomainInfo(
          domid,
          (flags & INFO_HVM) != 0,
          (flags & INFO_PAUSED) != 0,
          shutdown,
          shutdown ? (int) (flags >>> INFO_REASON_SHIFT) & INFO_REASON_MASK : 0,
          (int) info.get(XenField.INFO_MAX_VCPU_ID),
          info.get(XenField.INFO_SHARED_INFO_FRAME));
    }
  }

  @Override
  public long pfnCount(int domid) throws HypervisorException {
    try (Call call = new Call("pfnCount", domid)) {
      MemorySegment count = call.word();
      call.check(
          Libxenctrl.domainNrGpfns(call.errno, xch, domid, count.address()), "xc_domain_nr_gpfns");
      return count.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  // ---- Memory

  @Override
  public void pageTypes(int domid, long[] frames, byte[] types, int count)
      throws HypervisorException {
    memory.pageTypes(domid, frames, types, count);
  }

  @Override
  public ForeignMapping map(int domid, Access access, long[] frames, int count)
      throws HypervisorException {
    return memory.map(domid, access == Access.WRITE, frames, count);
  }

  @Override
  public void populate(int domid, int order, long[] frames, int count) throws HypervisorException {
    memory.populate(domid, order, frames, count);
  }

  @Override
  public long maximumRamPage() throws HypervisorException {
    return memory.maximumRamPage("maximumRamPage");
  }

  @Override
  public ForeignMapping mapM2p() throws HypervisorException {
    return memory.mapM2p();
  }

  @Override
  public long compatM2pFirstFrame() throws HypervisorException {
    return memory.compatM2pFirstFrame();
  }

  @Override
  public void pinTables(int domid, int[] levels, long[] frames, int count)
      throws HypervisorException {
    memory.pinTables(domid, levels, frames, count);
  }

  @Override
  public void seedGrantTable(
      int domid, boolean hvm, long consoleFrame, long storeFrame, int consoleDomid, int storeDomid)
      throws HypervisorException {
    memory.seedGrantTable(domid, consoleFrame, storeFrame, consoleDomid, storeDomid);
  }

  // ---- Log-dirty

  private void shadow(String name, int domid, int operation) throws HypervisorException {
    try (Call call = new Call(name, domid)) {
      call.check(
          Libxenctrl.shadowControl(call.errno, xch, domid, operation, 0, 0), "xc_shadow_control");
    }
  }

  @Override
  public void enableLogDirty(int domid) throws HypervisorException {
    shadow("enableLogDirty", domid, SHADOW_ENABLE_LOGDIRTY);
  }

  @Override
  public void disableLogDirty(int domid) throws HypervisorException {
    shadow("disableLogDirty", domid, SHADOW_OFF);
  }

  @Override
  public synchronized LogDirtyStats readLogDirty(
      int domid, LogDirtyOp op, PfnBitmap into, boolean last) throws HypervisorException {
    try (Call call = new Call("readLogDirty", domid)) {
      long octets = into.words().byteSize();
      HypercallBuffer buffer = dirty.of(call, octets);
      buffer.memory().asSlice(0, octets).fill((byte) 0);
      MemorySegment stats = call.arena.allocate(XenField.Struct.SHADOW_STATS.size, 8);
      long pfns =
          call.check(
              Libxenctrl.logdirtyControl(
                  call.errno,
                  xch,
                  domid,
                  op == LogDirtyOp.CLEAN ? SHADOW_CLEAN : SHADOW_PEEK,
                  buffer.descriptor(),
                  into.pfns(),
                  last ? LOGDIRTY_FINAL : 0,
                  stats.address()),
              "xc_logdirty_control");
      if (pfns != into.pfns()) {
        throw call.refused(
            XenErrno.EIO,
            "xc_logdirty_control: expected the bits of %d pfns, found those of %d"
                .formatted(into.pfns(), pfns));
      }
      MemorySegment words = into.words();
      MemorySegment.copy(buffer.memory(), 0, words, 0, words.byteSize());
      if ((into.pfns() & 63) != 0) {
        long tail = words.byteSize() - 8;
        long mask = (1L << into.pfns()) - 1;
        words.set(ValueLayout.JAVA_LONG, tail, words.get(ValueLayout.JAVA_LONG, tail) & mask);
      }
      return new LogDirtyStats(XenField.STATS_FAULTS.get(stats), XenField.STATS_DIRTY.get(stats));
    }
  }

  // ---- vCPUs of PV guests

  @Override
  public int guestWidth(int domid) throws HypervisorException {
    return vcpus.guestWidth("guestWidth", domid);
  }

  @Override
  public void setGuestWidth(int domid, int octets) throws HypervisorException {
    try (Call call = new Call("setGuestWidth", domid)) {
      domctl(call, Domctl.SET_ADDRESS_SIZE, domid)
          .set(XenField.ADDRESS_SIZE, 8L * octets)
          .run("XEN_DOMCTL_set_address_size");
    }
  }

  @Override
  public boolean vcpuOnline(int domid, int vcpu) throws HypervisorException {
    return vcpus.isOnline(domid, vcpu);
  }

  @Override
  public MemorySegment vcpuState(int domid, int vcpu, VcpuState kind, SegmentAllocator allocator)
      throws HypervisorException {
    return vcpus.state(domid, vcpu, kind, allocator);
  }

  @Override
  public void setVcpuState(int domid, int vcpu, VcpuState kind, MemorySegment state)
      throws HypervisorException {
    vcpus.setState(domid, vcpu, kind, state);
  }

  // ---- HVM guests

  @Override
  public long hvmParam(int domid, int index) throws HypervisorException {
    try (Call call = new Call("hvmParam", domid)) {
      MemorySegment value = call.word();
      call.check(
          Libxenctrl.hvmParamGet(call.errno, xch, domid, index, value.address()),
          "xc_hvm_param_get of " + index);
      return value.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  @Override
  public void setHvmParam(int domid, int index, long value) throws HypervisorException {
    try (Call call = new Call("setHvmParam", domid)) {
      int result = Libxenctrl.hvmParamSet(call.errno, xch, domid, index, value);
      if (result < 0) {
        throw call.failed(
            call.errno(),
            "xc_hvm_param_set of %d to 0x%x returned %d".formatted(index, value, result));
      }
    }
  }

  @Override
  public MemorySegment hvmContext(int domid, SegmentAllocator allocator)
      throws HypervisorException {
    try (Call call = new Call("hvmContext", domid)) {
      String function = "xc_domain_hvm_getcontext";
      long size =
          call.check(Libxenctrl.domainHvmGetcontext(call.errno, xch, domid, 0, 0), function);
      MemorySegment context = call.arena.allocate(Math.max(8, size), 8);
      long got =
          call.check(
              Libxenctrl.domainHvmGetcontext(call.errno, xch, domid, context.address(), (int) size),
              function);
      if (got > size) {
        throw call.refused(XenErrno.ENOSPC, "expected %d octets, found %d".formatted(size, got));
      }
      return allocator.allocate(got, 8).copyFrom(context.asSlice(0, got));
    }
  }

  @Override
  public void setHvmContext(int domid, MemorySegment context) throws HypervisorException {
    try (Call call = new Call("setHvmContext", domid)) {
      MemorySegment copy = call.copy(context);
      call.check(
          Libxenctrl.domainHvmSetcontext(
              call.errno, xch, domid, copy.address(), Math.toIntExact(context.byteSize())),
          "xc_domain_hvm_setcontext of %d octets".formatted(context.byteSize()));
    }
  }

  // ---- Guests of both kinds

  @Override
  public StreamRecord.TscInfo tscInfo(int domid) throws HypervisorException {
    return policies.tscInfo(domid);
  }

  @Override
  public void setTscInfo(int domid, StreamRecord.TscInfo tsc) throws HypervisorException {
    policies.setTscInfo(domid, tsc);
  }

  @Override
  public CpuPolicy cpuPolicy(int domid, SegmentAllocator allocator) throws HypervisorException {
    return policies.cpuPolicy(domid, allocator);
  }

  @Override
  public void setCpuPolicy(int domid, CpuPolicy policy) throws HypervisorException {
    policies.setCpuPolicy(domid, policy);
  }

  @Override
  public synchronized void close() {
    dirty.close();
    memory.close();
    try (Arena arena = Arena.ofConfined()) {
      int _ = Libxenctrl.close(NativeCall.state(arena), xch);
    }
  }
}
