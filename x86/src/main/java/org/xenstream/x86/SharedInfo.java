// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

/// The page that a guest shares with Xen, `struct shared_info` of xen/include/public/xen.h with its
/// architecture part of xen/include/public/arch-x86/xen.h: the body of a SHARED_INFO record (one
/// page). Its layout depends on the width of the guest.
///
/// Before Xen 4.6 the architecture part had nothing after `nmi_reason` but padding, so that the p2m
/// fields of older guests are zero.
public final class SharedInfo {

  /// Of a 64-bit guest.
  public static final SharedInfo OF_64_BIT = new SharedInfo(8);

  /// Of a 32-bit guest.
  public static final SharedInfo OF_32_BIT = new SharedInfo(4);

  /// How many vCPUs have their information in the page (`XEN_LEGACY_MAX_VCPUS`).
  public static final int VCPUS = 32;

  final Struct layout;
  private final long vcpuSize;

  /// The width of a word of the guest in octets: 8 or 4.
  public final int guestWidth;

  /// The number of entries of the p2m: a count, not the highest pfn.
  public final Field maxPfn;

  /// The frame of the top of the three-level p2m tree; 0 not set up, all ones not in use.
  public final Field frameListList;

  /// The cr3 value of the address space in which [#p2mVaddr] holds; 0 if there is no linear p2m.
  /// See [Cr3].
  public final Field p2mCr3;

  /// The virtual address of the linear p2m.
  public final Field p2mVaddr;

  /// Counts the changes of the linear p2m's mapping; odd while one is under way.
  public final Field p2mGeneration;

  /// Wall clock: its version, seconds since 1970 and nanoseconds.
  public final Field wallClockVersion;

  /// The lower 32 bits of the wall clock's seconds since 1970.
  public final Field wallClockSeconds;

  /// The nanoseconds of the wall clock.
  public final Field wallClockNanos;

  /// The bitmap of pending event channels: its offset in octets; it has a bit for each of
  /// [#eventChannels()].
  public final long eventsPendingOffset;

  /// The bitmap of masked event channels: its offset in octets, its size as of the pending ones.
  public final long eventsMaskOffset;

  private SharedInfo(int guestWidth) {
    this.guestWidth = guestWidth;
    this.layout = layout(guestWidth);
    Field first = layout.field("vcpu_info[0].evtchn_upcall_pending");
    this.vcpuSize = layout.field("vcpu_info[1].evtchn_upcall_pending").offset() - first.offset();
    this.maxPfn = layout.field("arch.max_pfn");
    this.frameListList = layout.field("arch.pfn_to_mfn_frame_list_list");
    this.p2mCr3 = layout.field("arch.p2m_cr3");
    this.p2mVaddr = layout.field("arch.p2m_vaddr");
    this.p2mGeneration = layout.field("arch.p2m_generation");
    this.wallClockVersion = layout.field("wc_version");
    this.wallClockSeconds = layout.field("wc_sec");
    this.wallClockNanos = layout.field("wc_nsec");
    this.eventsPendingOffset = layout.offsetOf("evtchn_pending");
    this.eventsMaskOffset = layout.offsetOf("evtchn_mask");
  }

  /// The layout for a width.
  ///
  /// @param guestWidth 8 or 4
  /// @throws IllegalArgumentException if it is neither
  public static SharedInfo of(int guestWidth) {
    return Struct.ofWidth(guestWidth, OF_64_BIT, OF_32_BIT);
  }

  /// The size of the struct in octets; the rest of the page is unused.
  public long size() {
    return layout.size();
  }

  /// The number of event channels of the two-level interface: 4096 or 1024.
  public int eventChannels() {
    return guestWidth * 8 * guestWidth * 8;
  }

  /// Where the information of a vCPU lies, in octets from the start of the page; it ends where that
  /// of the next begins.
  ///
  /// @param vcpu 0 to [#VCPUS] (which gives the end of the last)
  public long vcpuInfoOffset(int vcpu) {
    if (vcpu < 0 || vcpu > VCPUS) {
      throw new IndexOutOfBoundsException("the page has no room for vCPU " + vcpu);
    }
    return vcpu * vcpuSize;
  }

  /// The word of a vCPU that tells which words of the bitmap of pending events to look at.
  public Field pendingSelector(int vcpu) {
    return layout.field("vcpu_info[" + vcpu + "].evtchn_pending_sel");
  }

  private static Struct layout(int word) {
    Struct time =
        Struct.of("vcpu_time_info", word)
            .u32("version", Show.DECIMAL)
            .u32("pad0", Show.HEX)
            .u64("tsc_timestamp", Show.DECIMAL)
            .u64("system_time", Show.DECIMAL)
            .u32("tsc_to_system_mul", Show.DECIMAL)
            .u8("tsc_shift", Show.SIGNED)
            .u8("flags", BitNames.of("0:TSC_STABLE 1:GUEST_STOPPED"))
            .numbers("pad1", 2, 1, Show.HEX)
            .build();
    Struct.Builder archVcpu = Struct.of("arch_vcpu_info", word).word("cr2", Show.HEX);
    if (word == 8) {
      archVcpu.word("pad", Show.HEX);
    } else {
      archVcpu.words("pad", 5, Show.HEX);
    }
    // Guests mask the upcalls of vCPUs that they do not have, which makes those no less empty.
    Struct vcpu =
        Struct.of("vcpu_info", word)
            .u8("evtchn_upcall_pending", Show.DECIMAL)
            .u8("evtchn_upcall_mask", Show.DECIMAL)
            .word("evtchn_pending_sel", Show.HEX)
            .nested("arch", archVcpu.build())
            .nested("time", time)
            .build();
    Struct.Builder arch =
        Struct.of("arch_shared_info", word)
            .word("max_pfn", Show.DECIMAL)
            .word("pfn_to_mfn_frame_list_list", Show.frame("frame"))
            .word("nmi_reason", BitNames.of("0:io_error 1:pci_serr 2:unknown"))
            .word("p2m_cr3", Show.HEX)
            .word("p2m_vaddr", Show.HEX)
            .word("p2m_generation", Show.DECIMAL);
    if (word == 4) {
      arch.u32("wc_sec_hi", Show.DECIMAL);
    }
    long events = (long) word * 8 * word;
    Struct.Builder page =
        Struct.of("shared_info", word)
            .sparse("vcpu_info", VCPUS, vcpu, 1)
            .bitmap("evtchn_pending", events, word)
            .bitmap("evtchn_mask", events, word)
            .u32("wc_version", Show.DECIMAL)
            .u32("wc_sec", Show.DECIMAL)
            .u32("wc_nsec", Show.DECIMAL);
    if (word == 8) {
      page.u32("wc_sec_hi", Show.DECIMAL);
    }
    return page.nested("arch", arch.build()).build();
  }
}
