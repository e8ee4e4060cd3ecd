// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import org.jspecify.annotations.Nullable;
import org.xenstream.x86.HvmParam;

/// The chunks of an image's body that are no pages (`XC_SAVE_ID_*` in `xg_save_restore.h` of the
/// releases 4.1 to 4.5; X87_FIP_WIDTH of 4.5.4 and 4.5.5).
enum Chunk {
  /// The pages that follow are for comparison.
  ENABLE_VERIFY_MODE(-1),
  /// Which vCPUs the tail has.
  VCPU_INFO(-2),
  HVM_IDENT_PT(-3, HvmParam.IDENT_PT),
  HVM_VM86_TSS(-4, HvmParam.VM86_TSS),
  /// Pages that the hypervisor keeps for the guest.
  TMEM(-5),
  /// What of these became invalid meanwhile.
  TMEM_EXTRA(-6),
  TSC_INFO(-7),
  HVM_CONSOLE_PFN(-8, HvmParam.CONSOLE_PFN),
  /// No state follows the one that this stands in.
  LAST_CHECKPOINT(-9),
  HVM_ACPI_IOPORTS_LOCATION(-10, HvmParam.ACPI_IOPORTS_LOCATION),
  HVM_VIRIDIAN(-11, HvmParam.VIRIDIAN),
  /// Pages as differences.
  COMPRESSED_DATA(-12),
  /// From the next state on pages come as differences.
  ENABLE_COMPRESSION(-13),
  HVM_GENERATION_ID_ADDR(-14, HvmParam.VM_GENERATION_ID_ADDR),
  HVM_PAGING_RING_PFN(-15, HvmParam.PAGING_RING_PFN),
  HVM_ACCESS_RING_PFN(-16, HvmParam.MONITOR_RING_PFN),
  HVM_SHARING_RING_PFN(-17, HvmParam.SHARING_RING_PFN),
  /// What libxl keeps of the guest.
  TOOLSTACK(-18),
  HVM_IOREQ_SERVER_PFN(-19, HvmParam.IOREQ_SERVER_PFN),
  HVM_NR_IOREQ_SERVER_PAGES(-20, HvmParam.NR_IOREQ_SERVER_PAGES),
  HVM_X87_FIP_WIDTH(-21, HvmParam.X87_FIP_WIDTH);

  /// `{u32 mode, u64 nsec, u32 khz, u32 incarnation}`.
  static final int TSC_INFO_LENGTH = 20;

  /// `{4 octets of padding, u64}`.
  static final int PARAM_LENGTH = 12;

  private static final Chunk[] ALL = values();

  private final int id;
  private final @Nullable HvmParam param;

  Chunk(int id) {
    this(id, null);
  }

  Chunk(int id, @Nullable HvmParam param) {
    this.id = id;
    this.param = param;
  }

  /// The chunk with an id; null when there is none.
  static @Nullable Chunk of(int id) {
    return id < 0 && id >= -ALL.length ? ALL[-1 - id] : null;
  }

  /// Tells whether a body can go on with these four octets: a known id, or the count of a batch.
  static boolean canBegin(int id) {
    return of(id) != null || (id > 0 && id <= PageBatch.MOST);
  }

  /// How many octets follow the id of a chunk; −1 where that is not known from the id alone.
  static int fixedLength(int id) {
    Chunk chunk = of(id);
    if (chunk == null) {
      return -1;
    }
    return switch (chunk) {
      case ENABLE_VERIFY_MODE, LAST_CHECKPOINT, ENABLE_COMPRESSION -> 0;
      case TSC_INFO -> TSC_INFO_LENGTH;
      case VCPU_INFO, TMEM, TMEM_EXTRA, COMPRESSED_DATA, TOOLSTACK -> -1;
      default -> PARAM_LENGTH;
    };
  }

  int id() {
    return id;
  }

  /// The parameter of an HVM guest that the chunk carries; null when it is another chunk.
  @Nullable HvmParam param() {
    return param;
  }
}
