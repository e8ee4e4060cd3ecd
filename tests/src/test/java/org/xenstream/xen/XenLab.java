// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.xenstream.os.NativeCall;
import org.xenstream.testkit.HypervisorLab;
import org.xenstream.transfer.ForeignMapping;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.HypervisorException;

/// The Xen under this kernel, as a lab: empty domains, made by the same domctls as libxl's, without
/// a line in xenstore. Needs dom0's rights.
///
/// A domain that is destroyed goes only when nobody has its memory any more, so that a lab that
/// closes has shown that no mapping was left.
final class XenLab implements HypervisorLab {
  /// `xen_arch_domainconfig.emulation_flags` of an HVM domain, as libxl sets them.
  enum Devices {
    /// A PVH guest's.
    LOCAL_APIC(0x001),
    /// An HVM guest's: all but the PCI bridge.
    PC(0x3FF);

    final int flags;

    Devices(int flags) {
      this.flags = flags;
    }
  }

  private static final int CREATEDOMAIN = 1;
  private static final int DESTROYDOMAIN = 2;
  private static final int MAX_MEM = 11;
  private static final int MAX_VCPUS = 15;
  private static final int SET_PAGING_MEMPOOL_SIZE = 86;

  /// `XEN_DOMCTL_CDF_hvm`, `XEN_DOMCTL_CDF_hap`.
  private static final int HVM_WITH_HAP = 3;

  // struct xen_domctl_createdomain of 4.17; ssidref and handle come before.
  private static final int FLAGS = 20;
  private static final int VCPUS = 28;
  private static final int EVENT_CHANNEL_PORT = 32;
  private static final int GRANT_FRAMES = 36;
  private static final int MAPTRACK_FRAMES = 40;
  private static final int GRANT_OPTS = 44;
  private static final int EMULATION = 56;

  private static final int AS_XEN_HAS_IT = -1;
  private static final int GRANT_VERSION = 1;
  private static final int PORTS = 1023;
  private static final long PAGING_POOL = 4 << 20;
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);
  private static final long MOMENT = TimeUnit.MILLISECONDS.toNanos(20);

  private static final NativeLibrary DEVICE_MODEL =
      NativeLibrary.find(List.of("libxendevicemodel.so.1"));

  // xendevicemodel_handle *xendevicemodel_open(xentoollog_logger *logger, unsigned open_flags);
  private static final MemorySegment OPEN = DEVICE_MODEL.function("xendevicemodel_open");

  // int xendevicemodel_close(xendevicemodel_handle *dmod);
  private static final MemorySegment CLOSE = DEVICE_MODEL.function("xendevicemodel_close");

  // int xendevicemodel_modified_memory(xendevicemodel_handle *dmod, domid_t domid,
  //     uint64_t first_pfn, uint32_t nr);
  private static final MemorySegment MODIFIED_MEMORY =
      DEVICE_MODEL.function("xendevicemodel_modified_memory");

  private final XenHost host;
  private final Devices devices;
  private final List<Integer> domains = new ArrayList<>();

  /// @param devices what HVM domains get
  XenLab(Devices devices) throws IOException {
    DEVICE_MODEL.check();
    this.host = XenHost.open();
    this.devices = devices;
  }

  @Override
  public Hypervisor port() {
    return host;
  }

  @Override
  public int createHvm(int vcpus, long maxPages) throws IOException {
    int domid = create(HVM_WITH_HAP, devices.flags, vcpus, maxPages);
    try (Call call = new Call("create", domid)) {
      Domctl pool = host.domctl(call, SET_PAGING_MEMPOOL_SIZE, domid);
      pool.body().set(ValueLayout.JAVA_LONG, 0, PAGING_POOL);
      pool.run("XEN_DOMCTL_set_paging_mempool_size");
    }
    return domid;
  }

  @Override
  public int createPv(int vcpus, long maxPages) throws IOException {
    return create(0, 0, vcpus, maxPages);
  }

  private int create(int flags, int emulation, int vcpus, long maxPages) throws IOException {
    try (Call call = new Call("create", -1)) {
      Domctl create = host.domctl(call, CREATEDOMAIN, 0);
      MemorySegment body = create.body();
      body.set(ValueLayout.JAVA_INT, FLAGS, flags);
      body.set(ValueLayout.JAVA_INT, VCPUS, vcpus);
      body.set(ValueLayout.JAVA_INT, EVENT_CHANNEL_PORT, PORTS);
      body.set(ValueLayout.JAVA_INT, GRANT_FRAMES, AS_XEN_HAS_IT);
      body.set(ValueLayout.JAVA_INT, MAPTRACK_FRAMES, AS_XEN_HAS_IT);
      body.set(ValueLayout.JAVA_INT, GRANT_OPTS, GRANT_VERSION);
      body.set(ValueLayout.JAVA_INT, EMULATION, emulation);
      create.run("XEN_DOMCTL_createdomain");
      int domid = (int) create.get(XenField.DOMCTL_DOMAIN);
      domains.add(domid);

      Domctl maxVcpus = host.domctl(call, MAX_VCPUS, domid);
      maxVcpus.body().set(ValueLayout.JAVA_INT, 0, vcpus);
      maxVcpus.run("XEN_DOMCTL_max_vcpus");
      Domctl maxMem = host.domctl(call, MAX_MEM, domid);
      maxMem.body().set(ValueLayout.JAVA_LONG, 0, 4 * maxPages);
      maxMem.run("XEN_DOMCTL_max_mem");
      return domid;
    }
  }

  /// As a device model does it: Xen does not see what dom0 stores, and has to be told.
  @Override
  public void write(int domid, long pfn, long value) throws IOException {
    try (ForeignMapping mapping = host.map(domid, Hypervisor.Access.WRITE, new long[] {pfn}, 1)) {
      if (mapping.error(0) != 0) {
        throw new IOException("pfn 0x%x: error %d".formatted(pfn, mapping.error(0)));
      }
      mapping.memory().set(ValueLayout.JAVA_LONG, mapping.offset(0), value);
    }
    try (Call call = new Call("write", domid)) {
      long handle = NativeCall.call(call.errno, OPEN, 0, 0);
      if (handle == 0) {
        throw call.failed(call.errno(), "xendevicemodel_open");
      }
      try {
        call.check(
            modifiedMemory(call.errno, handle, domid, pfn), "xendevicemodel_modified_memory");
      } finally {
        long _ = NativeCall.call(call.errno, CLOSE, handle);
      }
    }
  }

  private static int modifiedMemory(MemorySegment errno, long handle, int domid, long pfn) {
    return (int) NativeCall.call(errno, MODIFIED_MEMORY, handle, domid, pfn, 1);
  }

  @Override
  public void close() {
    try {
      List<String> left = new ArrayList<>();
      for (int domid : domains) {
        destroy(domid, left);
      }
      if (!left.isEmpty()) {
        throw new AssertionError(String.join("; ", left));
      }
    } finally {
      host.close();
    }
  }

  private void destroy(int domid, List<String> left) {
    try (Call call = new Call("destroy", domid)) {
      host.domctl(call, DESTROYDOMAIN, domid).run("XEN_DOMCTL_destroydomain");
    } catch (HypervisorException e) {
      left.add(String.valueOf(e.getMessage()));
      return;
    }
    long end = System.nanoTime() + PATIENCE;
    while (isThere(domid)) {
      if (System.nanoTime() > end) {
        left.add("domain %d does not go: somebody has its memory".formatted(domid));
        return;
      }
      LockSupport.parkNanos(MOMENT);
    }
  }

  private boolean isThere(int domid) {
    try {
      return host.domainInfo(domid).domid() == domid;
    } catch (HypervisorException e) {
      return false;
    }
  }
}
