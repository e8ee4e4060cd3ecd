// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import org.jspecify.annotations.Nullable;

/// The parameters of an HVM guest, by their index in an HVM_PARAMS record: all that any release of
/// xen/include/public/hvm/params.h has named.
public enum HvmParam {
  /// How vCPU 0 is told of events.
  CALLBACK_IRQ(0, Show.explained(HvmParam::callback)),
  /// The frame of the xenstore page.
  STORE_PFN(1, Show.HEX),
  /// The event channel of xenstore.
  STORE_EVTCHN(2, Show.DECIMAL),
  /// Whether vCPUs have an APIC; retired before Xen 3.1.
  APIC_ENABLED(3, Show.DECIMAL, true),
  /// Whether the guest may use PAE; retired, refused by restores.
  PAE_ENABLED(4, Show.DECIMAL, true),
  /// The frame of the page for requests to the device model.
  IOREQ_PFN(5, Show.HEX),
  /// The frame of the page for buffered requests to the device model.
  BUFIOREQ_PFN(6, Show.HEX),
  /// Of IA-64 alone.
  NVRAM_FD(7, Show.HEX, true),
  /// Of IA-64 alone.
  VHPT_SIZE(8, Show.HEX, true),
  /// Which parts of the Viridian interface the guest sees. (On IA-64 the number was
  /// `BUFPIOREQ_PFN`.)
  VIRIDIAN(
      9,
      BitNames.of(
          """
          0:base_freq 1:no_freq 2:time_ref_count 3:reference_tsc 4:hcall_remote_tlb_flush
          5:apic_assist 6:crash_ctl 7:synic 8:stimer 9:hcall_ipi 10:ex_processor_masks
          11:no_vp_limit 12:cpu_hotplug
          """)),
  /// What becomes of timer ticks that a vCPU misses.
  TIMER_MODE(
      10,
      Show.choice(
          "delay_for_missed_ticks",
          "no_delay_for_missed_ticks",
          "no_missed_ticks_pending",
          "one_missed_tick_pending")),
  /// Whether there is an HPET.
  HPET_ENABLED(11, Show.DECIMAL),
  /// The address of an identity-mapping page directory, for vCPUs without paging.
  IDENT_PT(12, Show.HEX),
  /// The domain of the device model; retired.
  DM_DOMAIN(13, Show.DECIMAL, true),
  /// The ACPI sleep state: S0 or S3.
  ACPI_S_STATE(14, Show.explained(state -> "S" + Long.toUnsignedString(state))),
  /// The address of a TSS for vCPUs in real mode; superseded by [#VM86_TSS_SIZED].
  VM86_TSS(15, Show.HEX),
  /// Whether periodic timers are aligned to each other.
  VPT_ALIGN(16, Show.DECIMAL),
  /// The frame of the console page.
  CONSOLE_PFN(17, Show.HEX),
  /// The event channel of the console.
  CONSOLE_EVTCHN(18, Show.DECIMAL),
  /// Where the ACPI control blocks are.
  ACPI_IOPORTS_LOCATION(19, Show.choice("0x1f40", "0xb000")),
  /// Retired.
  MEMORY_EVENT_CR0(20, Show.HEX, true),
  /// Retired.
  MEMORY_EVENT_CR3(21, Show.HEX, true),
  /// Retired.
  MEMORY_EVENT_CR4(22, Show.HEX, true),
  /// Retired.
  MEMORY_EVENT_INT3(23, Show.HEX, true),
  /// Whether the guest may run guests of its own; retired.
  NESTEDHVM(24, Show.DECIMAL, true),
  /// Retired.
  MEMORY_EVENT_SINGLE_STEP(25, Show.HEX, true),
  /// The event channel for buffered requests; retired.
  BUFIOREQ_EVTCHN(26, Show.DECIMAL, true),
  /// The frame of the ring of paging events.
  PAGING_RING_PFN(27, Show.HEX),
  /// The frame of the ring of monitor events (`ACCESS_RING_PFN` before Xen 4.6).
  MONITOR_RING_PFN(28, Show.HEX),
  /// The frame of the ring of sharing events.
  SHARING_RING_PFN(29, Show.HEX),
  /// Retired.
  MEMORY_EVENT_MSR(30, Show.HEX, true),
  /// What a triple fault does (`SHUTDOWN_*` of xen/include/public/sched.h).
  TRIPLE_FAULT_REASON(
      31, Show.choice("poweroff", "reboot", "suspend", "crash", "watchdog", "soft_reset")),
  /// The first of the frames for further device models.
  IOREQ_SERVER_PFN(32, Show.HEX),
  /// How many frames there are for further device models.
  NR_IOREQ_SERVER_PAGES(33, Show.DECIMAL),
  /// The address of the generation id.
  VM_GENERATION_ID_ADDR(34, Show.HEX),
  /// Who may use alternate p2ms.
  ALTP2M(35, Show.choice("disabled", "mixed", "external", "limited")),
  /// The width of the FPU's instruction and operand pointers.
  X87_FIP_WIDTH(36, Show.explained(HvmParam::fipWidth)),
  /// The address and the size of the TSS for vCPUs in real mode.
  VM86_TSS_SIZED(
      37, Show.explained(tss -> "address=0x%x size=%d".formatted(tss & 0xffff_ffffL, tss >>> 32))),
  /// Machine-check capabilities of the guest.
  MCA_CAP(38, BitNames.of("0:LMCE"));

  private final int index;

  @SuppressWarnings("ImmutableEnumChecker") // a function without state
  private final Show show;

  private final boolean retired;

  HvmParam(int index, Show show) {
    this(index, show, false);
  }

  HvmParam(int index, Show show, boolean retired) {
    this.index = index;
    this.show = show;
    this.retired = retired;
  }

  /// The index in the record.
  public int index() {
    return index;
  }

  /// Whether the newest header calls the parameter deprecated, or has it no more.
  public boolean isRetired() {
    return retired;
  }

  /// The parameter of an index, or null if no release has one.
  ///
  /// @param index the index as the record has it, unsigned
  public static @Nullable HvmParam of(long index) {
    HvmParam[] all = values();
    return Long.compareUnsigned(index, all.length) < 0 ? all[(int) index] : null;
  }

  /// Explains a value of the parameter.
  public Decoded explain(long value) {
    return show.of(name(), value, 8);
  }

  private static String callback(long value) {
    if (value == 0) {
      return "none";
    }
    long data = value & 0x00ff_ffff_ffff_ffffL;
    return switch ((int) (value >>> 56)) {
      case 0 -> "gsi " + data;
      case 1 ->
          "pci_intx domain=%d bus=%d device=%d function=%d int%c"
              .formatted(
                  data >>> 32 & 0xffff,
                  data >>> 16 & 0xffff,
                  data >>> 11 & 31,
                  data >>> 8 & 7,
                  (char) ('A' + (data & 3)));
      case 2 -> "vector " + (data & 0xff);
      default -> "unknown";
    };
  }

  private static String fipWidth(long value) {
    if (value == 0) {
      return "chosen by the hypervisor";
    }
    return value == 4 || value == 8 ? value * 8 + " bits" : "unknown";
  }
}
