// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

/// The bits of the processor's registers, by the names of xen/arch/x86/include/asm/x86-defns.h and
/// msr-index.h.
final class RegisterBits {

  private RegisterBits() {}

  static final BitNames RFLAGS =
      BitNames.of(
          """
          0:CF 1:MBS 2:PF 4:AF 6:ZF 7:SF 8:TF 9:IF 10:DF 11:OF 12:IOPL.0 13:IOPL.1 14:NT 16:RF
          17:VM 18:AC 19:VIF 20:VIP 21:ID
          """);

  static final BitNames CR0 =
      BitNames.of("0:PE 1:MP 2:EM 3:TS 4:ET 5:NE 16:WP 18:AM 29:NW 30:CD 31:PG");

  static final BitNames CR4 =
      BitNames.of(
          """
          0:VME 1:PVI 2:TSD 3:DE 4:PSE 5:PAE 6:MCE 7:PGE 8:PCE 9:OSFXSR 10:OSXMMEXCPT 11:UMIP
          12:LA57 13:VMXE 14:SMXE 16:FSGSBASE 17:PCIDE 18:OSXSAVE 20:SMEP 21:SMAP 22:PKE 23:CET
          24:PKS 27:LASS 32:FRED
          """);

  private static final BitNames DEBUG_STATUS = BitNames.of("0:B0 1:B1 2:B2 3:B3 13:BD 14:BS 15:BT");

  /// Debug register 6; of the other bits most are always set.
  static final Show DR6 =
      Show.explained(dr6 -> {
        String causes = String.join(" ", DEBUG_STATUS.set(dr6 & 0xe00f));
        return causes.isEmpty() ? "none" : causes;
      });

  static final BitNames EFER = BitNames.of("0:SCE 8:LME 10:LMA 11:NXE 12:SVME 14:FFXSE 21:AIBRSE");

  /// The components of the XSAVE area: bits of XCR0 and XSS. Bit 63 of `xcomp_bv` says that the
  /// area is compacted.
  static final BitNames XSTATE =
      BitNames.of(
          """
          0:X87 1:SSE 2:YMM 3:BNDREGS 4:BNDCSR 5:OPMASK 6:ZMM 7:HI_ZMM 8:PROC_TRACE 9:PKRU
          10:PASID 11:CET_U 12:CET_S 13:HDC 14:UINTR 15:LBR 16:HWP 17:TILE_CFG 18:TILE_DATA
          62:LWP 63:COMPACTED
          """);

  static final BitNames APIC_BASE_FLAGS = BitNames.of("8:BSP 10:EXTD 11:ENABLE");

  private static final String[] MEMORY_TYPES = {
    "UC", "WC", "reserved(2)", "reserved(3)", "WT", "WP", "WB", "UC-"
  };

  /// The name of a memory type of the PAT or the MTRRs.
  static String memoryType(long type) {
    return MEMORY_TYPES[(int) (type & 7)];
  }

  /// A segment's attributes as Xen packs them (`x86_seg_attr`): bits 0 to 3 type, 4 s, 5 and 6 dpl,
  /// 7 p, 8 avl, 9 l, 10 db, 11 g.
  static String segmentAttributes(long packed) {
    return "type=%d s=%d dpl=%d p=%d avl=%d l=%d db=%d g=%d"
        .formatted(
            packed & 15,
            packed >>> 4 & 1,
            packed >>> 5 & 3,
            packed >>> 7 & 1,
            packed >>> 8 & 1,
            packed >>> 9 & 1,
            packed >>> 10 & 1,
            packed >>> 11 & 1);
  }
}
