// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Wire;

/// Recognises a legacy image, which has no magic, by what its first octets must be (specification,
/// "Legacy Images"; `tools/libxc/xc_domain_restore.c` of the releases up to 4.5).
///
/// ```
///  64-bit toolstack: u64 p2m_size | PV: u64 ~0, u32 total, id  | HVM: i32 chunk or page count
///  32-bit toolstack: u32 p2m_size | PV: u32 ~0, u32 total, id  | HVM: i32 chunk or page count
/// ```
final class LegacyProbe {
  /// How many octets the probe wants to see.
  static final int WANTED = 32;

  /// The largest p2m that 28 bits of pfn can name.
  private static final long MOST_PFNS = 1L << 28;

  private static final int MOST_BATCH = 1024;
  private static final int LOWEST_CHUNK = -21;

  /// The octets "vcpu", "extv", "xcnt" as little-endian numbers.
  private static final int[] BLOCK_IDS = {0x75706376, 0x76747865, 0x746e6378};

  private LegacyProbe() {}

  /// What the octets begin, or null when they are no legacy image.
  static Layer.@Nullable LegacyImage probe(MemorySegment first) {
    if (first.byteSize() < WANTED) {
      return null;
    }
    int width = Wire.u32(first, 4) == 0 ? 8 : 4;
    long p2mSize = width == 8 ? Wire.u64(first, 0) : Integer.toUnsignedLong(Wire.u32(first, 0));
    if (p2mSize <= 0 || p2mSize > MOST_PFNS) {
      return null;
    }
    if (isPvExtendedInfo(first, width)) {
      return new Layer.LegacyImage(width, true, p2mSize);
    }
    return isHvmChunk(first, width, p2mSize) ? new Layer.LegacyImage(width, false, p2mSize) : null;
  }

  private static boolean isPvExtendedInfo(MemorySegment first, int width) {
    boolean allOnes = width == 8 ? Wire.u64(first, 8) == -1L : Wire.u32(first, 4) == -1;
    if (!allOnes) {
      return false;
    }
    int id = Wire.u32(first, 2 * width + 4);
    for (int known : BLOCK_IDS) {
      if (id == known) {
        return true;
      }
    }
    return false;
  }

  private static boolean isHvmChunk(MemorySegment first, int width, long p2mSize) {
    int chunk = Wire.u32(first, width);
    if (chunk >= LOWEST_CHUNK && chunk < 0) {
      return true;
    }
    if (chunk <= 0 || chunk > MOST_BATCH) {
      return false;
    }
    // A batch: the first entries must be ordinary pages or none, with pfns inside the guest.
    int entries = Math.min(chunk, (int) ((first.byteSize() - width - 4) / width));
    for (int i = 0; i < entries; i++) {
      long at = width + 4 + (long) i * width;
      long entry = width == 8 ? Wire.u64(first, at) : Integer.toUnsignedLong(Wire.u32(first, at));
      long type = entry >>> 28;
      boolean plausible = type == 0 || (type >= 0xD && type <= 0xF);
      if (!plausible || (entry & (MOST_PFNS - 1)) >= p2mSize) {
        return false;
      }
    }
    return true;
  }
}
