// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.xenstream.x86.CpuFeatures.Register;

/// A leaf of a CPUID policy, `xen_cpuid_leaf_t` of xen/include/public/arch-x86/xen.h.
///
/// @param leaf the input eax
/// @param subleaf the input ecx; [#NO_SUBLEAF] if the leaf has none
/// @param eax output
/// @param ebx output
/// @param ecx output
/// @param edx output
public record CpuidLeaf(int leaf, int subleaf, int eax, int ebx, int ecx, int edx) {

  /// The subleaf of a leaf without subleaves (`XEN_CPUID_NO_SUBLEAF`).
  public static final int NO_SUBLEAF = CpuFeatures.NO_SUBLEAF;

  static final Struct STRUCT =
      Struct.of64("xen_cpuid_leaf").each(4, Show.HEX, "leaf subleaf a b c d").build();

  private static final Field LEAF = STRUCT.field("leaf");
  private static final Field SUBLEAF = STRUCT.field("subleaf");
  private static final Field A = STRUCT.field("a");
  private static final Field B = STRUCT.field("b");
  private static final Field C = STRUCT.field("c");
  private static final Field D = STRUCT.field("d");

  /// The size of an entry in octets.
  public static final int SIZE = 24;

  /// Reads an entry.
  ///
  /// @param entry at least [#SIZE] octets
  static CpuidLeaf read(MemorySegment entry) {
    return new CpuidLeaf(
        (int) LEAF.get(entry),
        (int) SUBLEAF.get(entry),
        (int) A.get(entry),
        (int) B.get(entry),
        (int) C.get(entry),
        (int) D.get(entry));
  }

  /// Presents the leaf: its registers, and features and other meanings by their names.
  ///
  /// @param name what to call it
  /// @param xenBase the leaf with Xen's signature, which makes it and the 255 after it Xen's own; 0
  ///   if none is known to be Xen's
  public Decoded.Group explain(String name, int xenBase) {
    boolean xen = xenBase != 0 && (leaf & 0xffff_ff00) == xenBase;
    List<Decoded> fields = new ArrayList<>();
    fields.add(Show.HEX.of("leaf", Integer.toUnsignedLong(leaf), 4));
    fields.add(
        subleaf == NO_SUBLEAF
            ? new Decoded.Explained("subleaf", Integer.toUnsignedLong(subleaf), 4, "none")
            : Show.DECIMAL.of("subleaf", Integer.toUnsignedLong(subleaf), 4));
    register(fields, "eax", Register.EAX, eax, xen);
    register(fields, "ebx", Register.EBX, ebx, xen);
    register(fields, "ecx", Register.ECX, ecx, xen);
    register(fields, "edx", Register.EDX, edx, xen);
    if (leaf == 0 || leaf == 0x8000_0000) {
      fields.add(new Decoded.Text("vendor", Ascii.of(ebx, edx, ecx)));
    } else if (leaf >= 0x8000_0002 && leaf <= 0x8000_0004) {
      fields.add(new Decoded.Text("brand", Ascii.of(eax, ebx, ecx, edx)));
    } else if ((leaf & 0xffff_00ff) == 0x4000_0000 && (ebx | ecx | edx) != 0) {
      fields.add(new Decoded.Text("hypervisor", Ascii.of(ebx, ecx, edx)));
    }
    return new Decoded.Group(name, List.copyOf(fields));
  }

  private void register(
      List<Decoded> fields, String name, Register register, int value, boolean xen) {
    long unsigned = Integer.toUnsignedLong(value);
    BitNames names = CpuFeatures.names(leaf, subleaf, register);
    if (names != null) {
      fields.add(names.of(name, unsigned, 4));
    } else if (register == Register.EAX && (leaf == 1 || leaf == 0x8000_0001)) {
      fields.add(Show.explained(CpuidPolicy::signature).of(name, unsigned, 4));
    } else {
      fields.add((xen ? xenMeaning(register) : Show.HEX).of(name, unsigned, 4));
    }
  }

  /// What a register of one of Xen's own leaves says (xen/include/public/arch-x86/cpuid.h).
  private Show xenMeaning(Register register) {
    boolean first = subleaf == 0 || subleaf == NO_SUBLEAF;
    return switch (leaf & 0xff) {
      case 1 -> register == Register.EAX ? XEN_VERSION : Show.HEX;
      case 2 -> register == Register.ECX ? XEN_FEATURES : Show.HEX;
      case 3 ->
          !first
              ? Show.HEX
              : switch (register) {
                case EAX -> TSC_FLAGS;
                case EBX -> TSC_MODE;
                case ECX, EDX -> Show.DECIMAL;
              };
      case 4 -> first && register == Register.EAX ? HVM_FEATURES : Show.HEX;
      default -> Show.HEX;
    };
  }

  private static final Show XEN_VERSION =
      Show.explained(version -> "Xen " + (version >>> 16) + "." + (version & 0xffff));

  private static final BitNames XEN_FEATURES = BitNames.of("0:MMU_PT_UPDATE_PRESERVE_AD");

  private static final BitNames TSC_FLAGS =
      BitNames.of("0:TSC_EMULATED 1:HOST_TSC_RELIABLE 2:RDTSCP_INSTR_AVAIL");

  private static final Show TSC_MODE =
      Show.explained(mode -> {
        TscMode known = TscMode.of(mode);
        return known == null ? "unknown" : known.text();
      });

  private static final BitNames HVM_FEATURES =
      BitNames.of(
          """
          0:APIC_ACCESS_VIRT 1:X2APIC_VIRT 2:IOMMU_MAPPINGS 3:VCPU_ID_PRESENT 4:DOMID_PRESENT
          5:EXT_DEST_ID 6:UPCALL_VECTOR
          """);
}
