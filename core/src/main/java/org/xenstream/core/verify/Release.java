// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import java.util.List;
import java.util.Optional;
import org.xenstream.core.format.RecordType;

/// A release series of Xen, and what its restore takes: libxc's reader, libxl's reader, and the
/// hypervisor that gets the state in the end.
///
/// Each figure is that of the last point release of the series (a host with its fixes); where the
/// first point release differs, the accessor says so. The figures were read from every
/// `RELEASE-4.6.0` to `RELEASE-4.22.0` tag, the lengths measured by compiling their headers;
/// `docs/format/releases.md` holds the tables with file and commit.
///
/// Nothing here depends on the host's CPU, the build options of its hypervisor or the domain's
/// configuration, all of which can make a host refuse more.
public enum Release {
  /// Xen 4.6 (October 2015), the first with this format.
  V4_6(6),
  /// Xen 4.7.
  V4_7(7),
  /// Xen 4.8.
  V4_8(8),
  /// Xen 4.9.
  V4_9(9),
  /// Xen 4.10.
  V4_10(10),
  /// Xen 4.11.
  V4_11(11),
  /// Xen 4.12.
  V4_12(12),
  /// Xen 4.13.
  V4_13(13),
  /// Xen 4.14, the first to write and read version 3 of the format.
  V4_14(14),
  /// Xen 4.15.
  V4_15(15),
  /// Xen 4.16.
  V4_16(16),
  /// Xen 4.17.
  V4_17(17),
  /// Xen 4.18.
  V4_18(18),
  /// Xen 4.19.
  V4_19(19),
  /// Xen 4.20.
  V4_20(20),
  /// Xen 4.21.
  V4_21(21),
  /// Xen 4.22.
  V4_22(22);

  /// What a restore does with an HVM parameter.
  public enum ParamFate {
    /// It is set.
    SET,
    /// It is passed over, whatever its value.
    DROPPED,
    /// It fails the restore, whatever its value.
    REFUSED
  }

  /// All of them: `values()` makes a copy at each call.
  static final List<Release> ALL = List.of(values());

  // MSRs that travel (xen/arch/x86/include/asm/msr-index.h).
  private static final int SPEC_CTRL = 0x00000048;
  private static final int MISC_FEATURES_ENABLES = 0x00000140;
  private static final int PKRS = 0x000006e1;
  private static final int BNDCFGS = 0x00000d90;
  private static final int XSS = 0x00000da0;
  private static final int TSC_AUX = 0xc0000103;
  private static final int VIRT_SPEC_CTRL = 0xc001011f;
  private static final int DR0_ADDRESS_MASK = 0xc0011027;
  private static final int DR1_ADDRESS_MASK = 0xc0011019;

  private final int minor;

  Release(int minor) {
    this.minor = minor;
  }

  /// The release with a name like `4.17`.
  ///
  /// @throws IllegalArgumentException if no release is called so; the message lists those known
  public static Release parse(String name) {
    for (Release release : ALL) {
      if (release.toString().equals(name)) {
        return release;
      }
    }
    throw new IllegalArgumentException(
        "no release \"%s\"; known are %s to %s".formatted(name, V4_6, latest()));
  }

  /// The newest release known.
  public static Release latest() {
    return ALL.getLast();
  }

  /// The second number of the release: 17 for 4.17.
  public int minor() {
    return minor;
  }

  /// The name, for example `4.17`.
  @Override
  public String toString() {
    return "4." + minor;
  }

  /// The versions of the image format that the reader takes, in ascending order: version 3 came
  /// with 4.14 (`read_headers` in xg_sr_restore.c, commit 6501e46ca7).
  public List<Integer> imageVersions() {
    return atLeast(14) ? List.of(2, 3) : List.of(2);
  }

  /// The largest record length in octets that the reader takes; that length itself is allowed
  /// (`REC_LENGTH_MAX` in xg_sr_stream_format.h): 8 MiB up to 4.9, 128 MiB from 4.10.0 on (commit
  /// e48e33e219, not in any earlier point release).
  public int maxRecordLength() {
    return (atLeast(10) ? 128 : 8) << 20;
  }

  /// Tells whether the reader acts upon records of this type (`process_record` in xg_sr_restore.c,
  /// xg_sr_restore_x86_pv.c and xg_sr_restore_x86_hvm.c).
  ///
  /// No release reads TOOLSTACK, nor CHECKPOINT_DIRTY_PFN_LIST, which belongs to COLO's back
  /// channel. A type that is not known is passed over if it is optional and refused if not.
  public boolean knowsRecordType(int type) {
    RecordType known = RecordType.of(type);
    return switch (known) {
      case null -> false;
      case TOOLSTACK, CHECKPOINT_DIRTY_PFN_LIST, SAVING_CPU -> false;
      case STATIC_DATA_END, X86_CPUID_POLICY, X86_MSR_POLICY -> atLeast(14);
      case END,
          PAGE_DATA,
          X86_PV_INFO,
          X86_PV_P2M_FRAMES,
          X86_PV_VCPU_BASIC,
          X86_PV_VCPU_EXTENDED,
          X86_PV_VCPU_XSAVE,
          SHARED_INFO,
          X86_TSC_INFO,
          HVM_CONTEXT,
          HVM_PARAMS,
          X86_PV_VCPU_MSRS,
          VERIFY,
          CHECKPOINT ->
          true;
    };
  }

  /// Tells whether the reader lets a record of this type pass that has its header but no content:
  /// HVM_PARAMS with count 0, X86_PV_VCPU_* of 8 octets.
  ///
  /// HVM_PARAMS passes in every release. The skipping of X86_PV_VCPU_* was added by commit
  /// 119ee4d773 (4.9.0, and 4.6.6, 4.7.3, 4.8.2) but returned an error all the same until commit
  /// f593747666 (4.11.0), so that a restore of 4.6 to 4.10 refuses such a record in any case.
  public boolean toleratesZeroContent(int type) {
    RecordType known = RecordType.of(type);
    return switch (known) {
      case HVM_PARAMS -> true;
      case X86_PV_VCPU_BASIC, X86_PV_VCPU_EXTENDED, X86_PV_VCPU_XSAVE, X86_PV_VCPU_MSRS ->
          atLeast(11);
      case null, default -> false;
    };
  }

  /// Tells whether libxc's reader takes an X86_PV_VCPU_XSAVE record with this much content (octets
  /// after the record's 8 of header, more than 0): at least 16 since commits 0729830cc4 (4.12.3,
  /// 4.13.1, 4.14.0), a multiple of 16 before.
  public boolean takesVcpuXsave(long content) {
    return atLeast(12) ? content >= 16 : content > 0 && content % 16 == 0;
  }

  /// Tells whether the hypervisor takes this MSR for a PV vCPU (`XEN_DOMCTL_set_vcpu_msrs` in
  /// xen/arch/x86/domctl.c). The CPU has to have it, too.
  public boolean takesVcpuMsr(int index) {
    return switch (index) {
      // 4.7.5, 4.8.4, 4.9.2, 4.10.1
      case SPEC_CTRL -> atLeast(7);
      // 4.8.4, 4.9.2, 4.10.0
      case MISC_FEATURES_ENABLES -> atLeast(8);
      case TSC_AUX -> atLeast(12);
      default -> isDebugAddressMask(index);
    };
  }

  /// Tells whether libxc hands the MSRs of X86_PV_VCPU_MSRS to the hypervisor; 4.6 loses them, as
  /// do others before 4.7.5, 4.8.4 and 4.9.2 (commit f1a0a8c3fe).
  public boolean handsOverVcpuMsrs() {
    return atLeast(7);
  }

  /// Tells whether the hypervisor of any release takes this MSR for a PV vCPU.
  static boolean someTakesVcpuMsr(int index) {
    return latest().takesVcpuMsr(index);
  }

  /// The number of HVM parameters: an index must be below (`HVM_NR_PARAMS` in
  /// xen/include/public/hvm/params.h): 37 (36 before 4.6.3), 38 from 4.9, 39 from 4.10.
  public int hvmParams() {
    return atLeast(10) ? 39 : atLeast(9) ? 38 : 37;
  }

  /// What becomes of the HVM parameter with this index (`handle_hvm_params` in
  /// xg_sr_restore_x86_hvm.c, `hvm_allow_set_param` and `hvm_set_param` in xen/arch/x86/hvm/hvm.c).
  ///
  /// An index at or above 2^32 is held against the limit by its lower half only: libxc hands the
  /// hypervisor 32 bits of it. It is called refused here.
  public ParamFate hvmParam(long index) {
    return HvmParamFacts.fate(this, index);
  }

  /// Tells whether a restore goes on after an HVM parameter with this index and value, which it
  /// sets or drops (`hvm_set_param` in xen/arch/x86/hvm/hvm.c).
  ///
  /// Host and domain may refuse more: MCA_CAP on a CPU without LMCE, ACPI_IOPORTS_LOCATION in a
  /// domain without a PM timer, NESTEDHVM without HAP.
  public boolean takesHvmParam(long index, long value) {
    return switch (hvmParam(index)) {
      case REFUSED -> false;
      case DROPPED -> true;
      case SET -> HvmParamFacts.takesValue(this, (int) index, value);
    };
  }

  /// Tells whether an HVM parameter keeps its value once it is set: another one fails the restore,
  /// the same passes, and any replaces a 0 (`hvm_allow_set_param` in xen/arch/x86/hvm/hvm.c). What
  /// becomes of the parameter at all, [#hvmParam] tells.
  public boolean setsHvmParamOnce(long index) {
    return HvmParamFacts.isSetOnce(this, index);
  }

  /// The bits that may be set in HVM parameter VIRIDIAN (`HVMPV_feature_mask` in
  /// xen/include/public/hvm/params.h); bit 0 must be set.
  public int viridianMask() {
    int bits = atLeast(15) ? 13 : atLeast(13) ? 10 : atLeast(9) ? 7 : atLeast(7) ? 6 : 4;
    return (1 << bits) - 1;
  }

  /// Tells whether the hypervisor takes this TSC mode (`tsc_set_info` in xen/arch/x86/time.c): 0, 1
  /// and 2; up to 4.11 any number passed, and 3 meant PVRDTSCP (removed by commit a4ac3d40ec).
  public boolean takesTscMode(int mode) {
    return !atLeast(12) || within(Integer.toUnsignedLong(mode), 0, 2);
  }

  /// The largest number of leaves in X86_CPUID_POLICY (`CPUID_MAX_SERIALISED_LEAVES` in
  /// xen/include/xen/lib/x86/cpu-policy.h), 0 where the record is not known: 120; 114 in 4.14.0 to
  /// 4.14.4 and 4.15.0 to 4.15.2, 119 in 4.16.0.
  public int maxCpuidLeaves() {
    return atLeast(14) ? 120 : 0;
  }

  /// The largest number of entries in X86_MSR_POLICY (`MSR_MAX_SERIALISED_ENTRIES`), 0 where the
  /// record is not known: 2, INTEL_PLATFORM_INFO (0xce) and ARCH_CAPABILITIES (0x10a); only the
  /// former in 4.14.0.
  public int maxPolicyMsrs() {
    return atLeast(14) ? 2 : 0;
  }

  /// Tells whether the hypervisor's CPUID policy has a place for a leaf
  /// (`x86_cpuid_copy_from_buffer`, error `ERANGE`); never where the record is not known.
  ///
  /// @param leaf EAX of the CPUID instruction
  /// @param subleaf ECX of the CPUID instruction, −1 for a leaf without subleaves
  public boolean takesCpuidLeaf(int leaf, int subleaf) {
    if (!atLeast(14)) {
      return false;
    }
    return switch (leaf) {
      case 0x4 -> within(Integer.toUnsignedLong(subleaf), 0, 5);
      // Subleaf 2 not before 4.14.5, 4.15.3 and 4.16.1.
      case 0x7 -> within(Integer.toUnsignedLong(subleaf), 0, 2);
      case 0xb -> within(Integer.toUnsignedLong(subleaf), 0, 1);
      case 0xd -> within(Integer.toUnsignedLong(subleaf), 0, 62);
      default ->
          subleaf == -1
              && (within(leaf, 0, 0xd)
                  || leaf == 0x40000000
                  || leaf == 0x40000100
                  // To 0x8000001c before 4.14.5, 4.15.3 and 4.16.0.
                  || within(Integer.toUnsignedLong(leaf), 0x80000000L, 0x80000021L));
    };
  }

  /// Tells whether the hypervisor's MSR policy has a place for an MSR (`x86_msr_copy_from_buffer`);
  /// never where the record is not known.
  public boolean takesPolicyMsr(int index) {
    return atLeast(14) && (index == 0xce || index == 0x10a);
  }

  /// The length that an entry of the HVM context with this typecode must have, empty where the
  /// hypervisor refuses the typecode.
  ///
  /// @see HvmContextFacts
  public Optional<HvmContextFacts.Length> hvmContextLength(int typecode) {
    return Optional.ofNullable(HvmContextFacts.length(this, typecode));
  }

  /// Tells whether the hypervisor takes this MSR in a CPU_MSR entry of the HVM context
  /// (`hvm_load_cpu_msrs` in xen/arch/x86/hvm/hvm.c, with `vmx_load_msr` and `svm_load_msr` before
  /// 4.13). The CPU has to have it, too.
  public boolean takesHvmMsr(int index) {
    return switch (index) {
      case BNDCFGS -> true;
      case XSS -> atLeast(7);
      // 4.7.5, 4.8.4, 4.9.2, 4.10.1
      case SPEC_CTRL -> atLeast(7);
      // 4.8.4, 4.9.2, 4.10.0
      case MISC_FEATURES_ENABLES -> atLeast(8);
      case VIRT_SPEC_CTRL -> atLeast(17);
      case PKRS -> atLeast(18);
      default -> isDebugAddressMask(index);
    };
  }

  /// Tells whether libxl's reader knows a record type of its own stream
  /// (`libxl_sr_stream_format.h`): 0 to 4, and 5 (CHECKPOINT_STATE, COLO) from 4.7 on. It refuses
  /// all others, whatever their bit 31.
  public boolean knowsLibxlRecordType(int type) {
    return within(type, 0, atLeast(7) ? 5 : 4);
  }

  /// Tells whether libxl knows PVH as a type of domain of its own (4.10, `libxl_domain_type` in
  /// libxl_types.idl). Such a guest travels as an HVM domain in every release.
  public boolean knowsPvh() {
    return atLeast(10);
  }

  private static boolean isDebugAddressMask(int index) {
    return index == DR0_ADDRESS_MASK || within(index, DR1_ADDRESS_MASK, DR1_ADDRESS_MASK + 2);
  }

  static boolean within(long value, long least, long most) {
    return value >= least && value <= most;
  }

  boolean atLeast(int otherMinor) {
    return minor >= otherMinor;
  }
}
