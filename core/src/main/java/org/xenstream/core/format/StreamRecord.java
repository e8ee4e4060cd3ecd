// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import java.lang.foreign.MemorySegment;

/// What one record of a stream says, whether it was read or is about to be written.
///
/// A value knows nothing of where it stood: that is [Frame]. Segments are views that belong to
/// whoever made the value; those of a reader die with the reader's next step. Arrays of numbers
/// (entries, pfns, parameters) are held as little-endian octets whatever the stream's byte order;
/// blobs and pages are held as they came.
///
/// Each section of the specification named is one of `docs/specs/libxc-migration-stream.pandoc`.
public sealed interface StreamRecord {

  /// The number on the wire.
  int type();

  /// "END": the image ends here.
  record End() implements StreamRecord {
    @Override
    public int type() {
      return RecordType.END.code();
    }
  }

  /// "PAGE_DATA": a batch of memory.
  ///
  /// @param entries what each page is
  /// @param pages the pages of those entries that carry data, in their order
  record PageData(PageEntries entries, PageRuns pages) implements StreamRecord {
    @Override
    public int type() {
      return RecordType.PAGE_DATA.code();
    }
  }

  /// "X86_PV_INFO": what kind of PV guest this is; (4, 3) and (8, 4) are the only pairs.
  ///
  /// @param guestWidth octets in a word of the guest
  /// @param ptLevels levels of its page tables
  record PvInfo(int guestWidth, int ptLevels) implements StreamRecord {
    @Override
    public int type() {
      return RecordType.X86_PV_INFO.code();
    }
  }

  /// "X86_PV_P2M_FRAMES": the pfns of the frames that hold the guest's p2m.
  ///
  /// @param startPfn the first pfn that the array covers, unsigned 32 bits
  /// @param endPfn the last pfn that it covers, inclusive, unsigned 32 bits
  /// @param pfns 8 octets for each frame, little-endian
  record PvP2mFrames(long startPfn, long endPfn, MemorySegment pfns) implements StreamRecord {
    @Override
    public int type() {
      return RecordType.X86_PV_P2M_FRAMES.code();
    }

    /// The number of frames named.
    public int count() {
      return (int) (pfns.byteSize() >>> 3);
    }

    /// The pfn of frame `index`.
    public long pfn(int index) {
      return Wire.u64(pfns, index * 8L);
    }
  }

  /// A record that carries a blob for one vCPU of a PV guest ("X86_PV_VCPU_BASIC, EXTENDED, XSAVE,
  /// MSRS").
  sealed interface PvVcpu extends StreamRecord {
    /// The vCPU's number, unsigned 32 bits.
    long vcpuId();

    /// The blob, never swapped. Empty in images of 4.6 to 4.8 (Errata 1): such a record is
    /// tolerated and never written.
    MemorySegment context();
  }

  /// X86_PV_VCPU_BASIC: `vcpu_guest_context`, 5168 octets (64 bits) or 2800 (32 bits).
  ///
  /// @param vcpuId the vCPU's number
  /// @param context the blob
  record PvVcpuBasic(long vcpuId, MemorySegment context) implements PvVcpu {
    @Override
    public int type() {
      return RecordType.X86_PV_VCPU_BASIC.code();
    }
  }

  /// X86_PV_VCPU_EXTENDED: `xen_domctl_ext_vcpucontext`, at most 128 octets.
  ///
  /// @param vcpuId the vCPU's number
  /// @param context the blob
  record PvVcpuExtended(long vcpuId, MemorySegment context) implements PvVcpu {
    @Override
    public int type() {
      return RecordType.X86_PV_VCPU_EXTENDED.code();
    }
  }

  /// X86_PV_VCPU_XSAVE: XSAVE state, at least its header of 16 octets.
  ///
  /// @param vcpuId the vCPU's number
  /// @param context the blob
  record PvVcpuXsave(long vcpuId, MemorySegment context) implements PvVcpu {
    @Override
    public int type() {
      return RecordType.X86_PV_VCPU_XSAVE.code();
    }
  }

  /// X86_PV_VCPU_MSRS: a whole number of `xen_domctl_vcpu_msr`, 16 octets each.
  ///
  /// @param vcpuId the vCPU's number
  /// @param context the blob
  record PvVcpuMsrs(long vcpuId, MemorySegment context) implements PvVcpu {
    @Override
    public int type() {
      return RecordType.X86_PV_VCPU_MSRS.code();
    }
  }

  /// "SHARED_INFO": the shared info page of a PV guest.
  ///
  /// @param page one page
  record SharedInfo(MemorySegment page) implements StreamRecord {
    @Override
    public int type() {
      return RecordType.SHARED_INFO.code();
    }
  }

  /// "X86_TSC_INFO": the domain's TSC.
  ///
  /// @param mode `TSC_MODE_*`
  /// @param khz frequency in kHz, unsigned
  /// @param nsec elapsed time in nanoseconds
  /// @param incarnation how often the domain was moved
  record TscInfo(int mode, int khz, long nsec, int incarnation) implements StreamRecord {
    @Override
    public int type() {
      return RecordType.X86_TSC_INFO.code();
    }
  }

  /// "HVM_CONTEXT": the context blob of an HVM guest, see [HvmContextCursor].
  ///
  /// @param context the blob
  record HvmContext(MemorySegment context) implements StreamRecord {
    @Override
    public int type() {
      return RecordType.HVM_CONTEXT.code();
    }
  }

  /// "HVM_PARAMS": the parameters of an HVM guest. A record without any is tolerated (Errata 1) and
  /// never written.
  ///
  /// @param params 16 octets for each: u64 index, u64 value, little-endian
  record HvmParams(MemorySegment params) implements StreamRecord {
    @Override
    public int type() {
      return RecordType.HVM_PARAMS.code();
    }

    /// The number of parameters.
    public int count() {
      return (int) (params.byteSize() >>> 4);
    }

    /// The index of parameter number `n`, `HVM_PARAM_*`.
    public long index(int n) {
      return Wire.u64(params, n * 16L);
    }

    /// The value of parameter number `n`.
    public long value(int n) {
      return Wire.u64(params, n * 16L + 8);
    }
  }

  /// "TOOLSTACK (deprecated)": a blob of the toolstack.
  ///
  /// @param data the blob
  record Toolstack(MemorySegment data) implements StreamRecord {
    @Override
    public int type() {
      return RecordType.TOOLSTACK.code();
    }
  }

  /// "VERIFY": all memory has been sent; memory that follows is for comparison.
  record Verify() implements StreamRecord {
    @Override
    public int type() {
      return RecordType.VERIFY.code();
    }
  }

  /// "CHECKPOINT": what came so far is a consistent state.
  record Checkpoint() implements StreamRecord {
    @Override
    public int type() {
      return RecordType.CHECKPOINT.code();
    }
  }

  /// "CHECKPOINT_DIRTY_PFN_LIST": what a COLO secondary dirtied, in its back channel.
  ///
  /// @param pfns 8 octets for each pfn, little-endian, in no order
  record CheckpointDirtyPfnList(MemorySegment pfns) implements StreamRecord {
    @Override
    public int type() {
      return RecordType.CHECKPOINT_DIRTY_PFN_LIST.code();
    }

    /// The number of pfns.
    public int count() {
      return (int) (pfns.byteSize() >>> 3);
    }

    /// Pfn number `index`.
    public long pfn(int index) {
      return Wire.u64(pfns, index * 8L);
    }
  }

  /// "STATIC_DATA_END": what no execution of the guest can change ends here (version 3).
  record StaticDataEnd() implements StreamRecord {
    @Override
    public int type() {
      return RecordType.STATIC_DATA_END.code();
    }
  }

  /// "X86_CPUID_POLICY": `xen_cpuid_leaf_t`, 24 octets each.
  ///
  /// @param leaves the blob, never swapped
  record CpuidPolicy(MemorySegment leaves) implements StreamRecord {
    @Override
    public int type() {
      return RecordType.X86_CPUID_POLICY.code();
    }
  }

  /// "X86_MSR_POLICY": `xen_msr_entry_t`, 16 octets each.
  ///
  /// @param entries the blob, never swapped
  record MsrPolicy(MemorySegment entries) implements StreamRecord {
    @Override
    public int type() {
      return RecordType.X86_MSR_POLICY.code();
    }
  }

  /// SAVING_CPU of the drafts: the name of the CPU on which the guest was saved, for information.
  ///
  /// @param name 7-bit ASCII; on x86 the 48 octets of the processor's brand string
  record SavingCpu(MemorySegment name) implements StreamRecord {
    @Override
    public int type() {
      return RecordType.SAVING_CPU.code();
    }
  }

  /// A record of a type that the specification does not know.
  ///
  /// @param type its number
  /// @param body its body, in the stream's byte order
  record Unknown(int type, MemorySegment body) implements StreamRecord {
    /// Tells whether a receiver that does not know the type has to refuse the stream.
    public boolean mandatory() {
      return !RecordType.isOptional(type);
    }
  }

  /// A record of a known type whose own fields do not fit its length. Its frame is sound, so a
  /// verification goes on behind it and a copy passes it through; whoever needs its content throws
  /// `why`.
  ///
  /// @param type its number
  /// @param body its body, in the stream's byte order
  /// @param why what is wrong, and where
  record Malformed(int type, MemorySegment body, StreamFormatException why)
      implements StreamRecord {}
}
