// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import org.xenstream.core.verify.Release.ParamFate;

/// What each release does with the parameters of an HVM guest (`handle_hvm_params` in
/// `xg_sr_restore_x86_hvm.c`, `hvm_allow_set_param` and `hvm_set_param` in
/// `xen/arch/x86/hvm/hvm.c`); `docs/format/releases.md` has the table.
final class HvmParamFacts {
  // Numbers of HVM parameters (xen/include/public/hvm/params.h).
  private static final int PAE_ENABLED = 4;
  private static final int IOREQ_PFN = 5;
  private static final int BUFIOREQ_PFN = 6;
  private static final int VIRIDIAN = 9;
  private static final int TIMER_MODE = 10;
  private static final int DM_DOMAIN = 13;
  private static final int ACPI_S_STATE = 14;
  private static final int VM86_TSS = 15;
  private static final int ACPI_IOPORTS_LOCATION = 19;
  private static final int NESTEDHVM = 24;
  private static final int TRIPLE_FAULT_REASON = 31;
  private static final int IOREQ_SERVER_PFN = 32;
  private static final int NR_IOREQ_SERVER_PAGES = 33;
  private static final int ALTP2M = 35;
  private static final int X87_FIP_WIDTH = 36;
  private static final int VM86_TSS_SIZED = 37;
  private static final int MCA_CAP = 38;

  private static final int DOMID_SELF = 0x7ff0;

  private HvmParamFacts() {}

  /// See [Release#hvmParam].
  static ParamFate fate(Release release, long index) {
    if (index < 0 || index >= release.hvmParams()) {
      return ParamFate.REFUSED;
    }
    boolean refused =
        switch ((int) index) {
          // MEMORY_EVENT_* and BUFIOREQ_EVTCHN, which no release lets a restore set.
          case 20, 21, 22, 23, 25, 26, 30 -> true;
          case DM_DOMAIN -> release.atLeast(12);
          case NESTEDHVM -> release.atLeast(15);
          case ALTP2M -> release.atLeast(19);
          default -> false;
        };
    if (refused) {
      return ParamFate.REFUSED;
    }
    // Commit 1a16fee21c: libxc drops it, as the hypervisor would refuse it.
    return index == PAE_ENABLED && release.atLeast(14) ? ParamFate.DROPPED : ParamFate.SET;
  }

  /// Tells whether a release that sets the parameter takes the value.
  static boolean takesValue(Release release, int index, long value) {
    return switch (index) {
      case VIRIDIAN -> (value & ~release.viridianMask()) == 0 && (value & 1) != 0;
      case TIMER_MODE -> Release.within(value, 0, 3);
      case DM_DOMAIN -> release.minor() != 11 || value == DOMID_SELF;
      case ACPI_S_STATE -> value == 0 || value == 3;
      case VM86_TSS -> !release.atLeast(9) || Release.within(value, 0, 0xffffffffL);
      case ACPI_IOPORTS_LOCATION, NESTEDHVM -> Release.within(value, 0, 1);
      case TRIPLE_FAULT_REASON -> Release.within(value, 0, release.atLeast(7) ? 5 : 4);
      case NR_IOREQ_SERVER_PAGES -> Release.within(value, 1, 64);
      case ALTP2M -> Release.within(value, 0, release.atLeast(9) ? 3 : 1);
      case X87_FIP_WIDTH -> value == 0 || value == 4 || value == 8;
      // The upper half is the size of a TSS, at least that of `struct tss32`.
      case VM86_TSS_SIZED -> value >>> 32 >= 104;
      case MCA_CAP -> Release.within(value, 0, 1);
      default -> true;
    };
  }

  /// See [Release#setsHvmParamOnce].
  static boolean isSetOnce(Release release, long index) {
    if (index < 0 || index >= release.hvmParams()) {
      return false;
    }
    return switch ((int) index) {
      case IOREQ_PFN, BUFIOREQ_PFN -> release.atLeast(12);
      case VIRIDIAN, IOREQ_SERVER_PFN, NR_IOREQ_SERVER_PAGES, ALTP2M, MCA_CAP -> true;
      default -> false;
    };
  }
}
