// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import org.xenstream.core.format.StreamRecord;

/// What saving and restoring a guest asks of a hypervisor: the calls of
/// `tools/libs/guest/xg_sr_*.c` to libxenctrl and libxenforeignmemory, one method each, in their
/// terms.
///
/// A real Xen and the simulated one ([org.xenstream.transfer.sim]) keep the same contract. Frames
/// are gfns for an HVM guest and mfns for a PV one, as in Xen's interfaces. Arrays belong to the
/// caller and are not kept. Calls for different domains may come from different threads; those for
/// one domain come from one thread at a time, beside the guest's own running.
///
/// Every call throws [HypervisorException] with the call's name and the error's, and has then done
/// nothing, unless it says otherwise.
public interface Hypervisor {
  /// The frame number that stands for none (`INVALID_MFN`).
  long INVALID_FRAME = -1;

  /// `xc_version(XENVER_version)`.
  XenVersion version() throws HypervisorException;

  /// `xc_domain_getinfo_single`.
  DomainInfo domainInfo(int domid) throws HypervisorException;

  /// The number of pfns of the guest, its highest plus one (`xc_domain_nr_gpfns`).
  long pfnCount(int domid) throws HypervisorException;

  // ---- Memory

  /// The type of each frame, see [org.xenstream.core.format.PageType] (`xc_get_pfn_type_batch`).
  /// What is no frame of the guest is XTAB.
  ///
  /// @param frames the frames, [#INVALID_FRAME] among them
  /// @param types takes the types, by position
  /// @param count how many entries of the arrays count
  void pageTypes(int domid, long[] frames, byte[] types, int count) throws HypervisorException;

  /// Maps frames of the guest (`xenforeignmemory_map`). A frame that cannot be mapped does not make
  /// the call fail: see [ForeignMapping#error].
  ///
  /// @return to be closed by the caller
  ForeignMapping map(int domid, Access access, long[] frames, int count) throws HypervisorException;

  /// Gives the guest memory at pfns that have none (`xc_domain_populate_physmap_exact`).
  ///
  /// @param order each entry is the first of 2^order pfns: 0, or 9 for a superpage of 2 MiB, whose
  ///   pfn is then aligned
  /// @param frames pfns; replaced by the first frame given at each (which for an HVM guest is the
  ///   same number)
  /// @throws HypervisorException when not all of it can be had. Some may be there then.
  void populate(int domid, int order, long[] frames, int count) throws HypervisorException;

  // ---- Log-dirty

  /// `XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY`; fails where it is on already, be it for video memory.
  void enableLogDirty(int domid) throws HypervisorException;

  /// `XEN_DOMCTL_SHADOW_OP_OFF`; also ends the tracking of video memory.
  void disableLogDirty(int domid) throws HypervisorException;

  /// Reads which pfns were written since the last CLEAN (`xc_logdirty_control`).
  ///
  /// @param into of as many pfns as are wanted; overwritten
  /// @param last the guest is suspended and no more will be asked (`LOGDIRTY_FINAL`)
  LogDirtyStats readLogDirty(int domid, LogDirtyOp op, PfnBitmap into, boolean last)
      throws HypervisorException;

  // ---- PV guests

  /// The width of a guest's word in octets, 8 or 4 (`xc_domain_get_guest_width`).
  int guestWidth(int domid) throws HypervisorException;

  /// Makes a new PV guest one of 32 or 64 bits (`XEN_DOMCTL_set_address_size`).
  void setGuestWidth(int domid, int octets) throws HypervisorException;

  /// The highest mfn of the host (`xc_maximum_ram_page`).
  long maximumRamPage() throws HypervisorException;

  /// Maps the machine-to-physical table, read-only: a u64 for each mfn up to [#maximumRamPage]
  /// (`xc_machphys_mfn_list` and a mapping of what it names). The mapping's segment begins with the
  /// entry of mfn 0.
  ///
  /// @return to be closed by the caller
  ForeignMapping mapM2p() throws HypervisorException;

  /// The first mfn of the table that 32-bit guests see (`XENMEM_machphys_compat_mfn_list`).
  long compatM2pFirstFrame() throws HypervisorException;

  /// Pins page tables (`xc_mmuext_op`, `MMUEXT_PIN_L1_TABLE` to `L4`). Xen checks each table and
  /// what hangs below it, and fails at the first that is bad; those before it stay pinned.
  ///
  /// @param levels 1 to 4
  /// @param frames mfns of the tables, by position
  void pinTables(int domid, int[] levels, long[] frames, int count) throws HypervisorException;

  /// Tells whether the vCPU is online (`xc_vcpu_getinfo`).
  boolean vcpuOnline(int domid, int vcpu) throws HypervisorException;

  /// One kind of state of a vCPU, in the form in which the stream carries it (`xc_vcpu_getcontext`,
  /// `get_ext_vcpucontext`, `getvcpuextstate`, `get_vcpu_msrs`).
  ///
  /// @param allocator gives the memory for it
  /// @return empty when the vCPU has none of that kind
  MemorySegment vcpuState(int domid, int vcpu, VcpuState kind, SegmentAllocator allocator)
      throws HypervisorException;

  /// Sets one kind of state of a vCPU; the counterpart of [#vcpuState].
  void setVcpuState(int domid, int vcpu, VcpuState kind, MemorySegment state)
      throws HypervisorException;

  // ---- HVM guests

  /// `xc_hvm_param_get`.
  long hvmParam(int domid, int index) throws HypervisorException;

  /// `xc_hvm_param_set`.
  void setHvmParam(int domid, int index, long value) throws HypervisorException;

  /// `xc_domain_hvm_getcontext`.
  ///
  /// @param allocator gives the memory for it
  MemorySegment hvmContext(int domid, SegmentAllocator allocator) throws HypervisorException;

  /// `xc_domain_hvm_setcontext`.
  void setHvmContext(int domid, MemorySegment context) throws HypervisorException;

  // ---- Guests of both kinds

  /// `xc_domain_get_tsc_info`.
  StreamRecord.TscInfo tscInfo(int domid) throws HypervisorException;

  /// `xc_domain_set_tsc_info`.
  void setTscInfo(int domid, StreamRecord.TscInfo tsc) throws HypervisorException;

  /// The guest's CPU policy (`xc_cpu_policy_get_domain`, `xc_cpu_policy_serialise`).
  ///
  /// @param allocator gives the memory for it
  CpuPolicy cpuPolicy(int domid, SegmentAllocator allocator) throws HypervisorException;

  /// `xc_set_domain_cpu_policy`; what is empty in the policy stays as it is.
  void setCpuPolicy(int domid, CpuPolicy policy) throws HypervisorException;

  /// Enters the frames of console and xenstore into the guest's grant table (`xc_dom_gnttab_seed`).
  void seedGrantTable(
      int domid, boolean hvm, long consoleFrame, long storeFrame, int consoleDomid, int storeDomid)
      throws HypervisorException;

  /// How a mapping may be used.
  enum Access {
    /// Looked at only.
    READ,
    /// Looked at and changed.
    WRITE
  }

  /// What reading the log-dirty bitmap does to it.
  enum LogDirtyOp {
    /// Reads and clears (`XEN_DOMCTL_SHADOW_OP_CLEAN`).
    CLEAN,
    /// Reads (`XEN_DOMCTL_SHADOW_OP_PEEK`).
    PEEK
  }

  /// The kinds of a PV vCPU's state, each a record of its own in the stream.
  enum VcpuState {
    /// `vcpu_guest_context`.
    BASIC,
    /// `xen_domctl_ext_vcpucontext`, at most 128 octets.
    EXTENDED,
    /// XSAVE state with its header of 16 octets.
    XSAVE,
    /// `xen_domctl_vcpu_msr`, 16 octets each.
    MSRS
  }
}
