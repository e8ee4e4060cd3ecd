// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.Wire;

/// Recognises a legacy image, which has no magic, by what its first octets must be (specification,
/// "Legacy Images"; `tools/libxc/xc_domain_restore.c` of the releases up to 4.5).
///
/// ```
///  image := word p2m_size ( extended-info | frame-list chunk | chunk )
///           extended-info : PV, word ~0, u32 length, blocks of ( u32 id, u32 size, … )
///           frame-list    : PV without extended info, a word of pfn for each frame of the p2m
///           chunk         : i32 id < 0, or i32 count > 0 and as many words of type and pfn
/// ```
///
/// Extended info is in no image of Xen 3.0.0 and 3.0.2, in those of 3.0.3 to 3.1 only of PAE guests
/// with extended CR3 (`VMASST_TYPE_pae_extended_cr3`), and in each PV image since 3.2.
///
/// A word has 8 octets of a 64-bit toolstack, whose p2m_size has a high half of zeros, and 4 of a
/// 32-bit one, where something else than zeros follows. What is cut is held against as far as it
/// goes.
public final class LegacyProbe {
  /// How many octets the probe wants to see, so that of a list of frames it sees many.
  public static final int WANTED = 8192;

  /// With fewer octets than these nothing behind the size of the p2m tells what they begin.
  private static final int LEAST_SIGNS = 2;

  /// Fewer octets than these are no list of frames: what they hold could be anything.
  private static final int LEAST_LIST = 32;

  /// The largest p2m that 28 bits of pfn can name.
  private static final long MOST_PFNS = 1L << 28;

  /// What savers write for a page that they cannot map.
  private static final long BARE_XTAB = 0xF000_0000L;

  private static final int FRAME = 4096;
  private static final int MOST_BATCH = 1024;
  private static final int LOWEST_CHUNK = -21;
  private static final int BLOCK_HEADER = 8;

  /// The octets "vcpu", "extv", "xcnt" as little-endian numbers.
  private static final int[] BLOCK_IDS = {0x75706376, 0x76747865, 0x746e6378};

  private final MemorySegment first;
  private final long size;
  private final int width;
  private final long p2mSize;

  private LegacyProbe(MemorySegment first) {
    this.first = first;
    this.size = first.byteSize();
    this.width = anySet(first, 4, Math.min(8, size)) ? 4 : 8;
    this.p2mSize = size < width ? 0 : word(0);
  }

  /// What the octets begin, or null when they are no legacy image.
  ///
  /// @param first the first octets of a source, [#WANTED] of them or all that there are
  public static Layer.@Nullable LegacyImage probe(MemorySegment first) {
    if (first.byteSize() < 4 + LEAST_SIGNS) {
      return null;
    }
    return new LegacyProbe(first).image();
  }

  private Layer.@Nullable LegacyImage image() {
    if (p2mSize <= 0 || p2mSize > MOST_PFNS || size < width + LEAST_SIGNS) {
      return null;
    }
    if (isExtendedInfo()) {
      return new Layer.LegacyImage(width, true, p2mSize);
    }
    int list = frameList();
    // A list's first frames can be read as a batch; the id of a chunk behind them cannot. The first
    // batch of an HVM guest begins with pfn 0, or with nothing where that could not be mapped: a
    // list has neither.
    if (list == 0 && !isChunk(width, false)) {
      return null;
    }
    return new Layer.LegacyImage(width, list != 0, p2mSize);
  }

  /// Tells whether what was taken for the list of a PV guest could be the first batch of an HVM
  /// guest after all: one that was saved live while its page 0 was written, so that a later batch
  /// has it (`to_skip` in `xc_domain_save.c`).
  ///
  /// @param first as for [#probe]
  public static boolean fitsBothKinds(MemorySegment first) {
    Layer.LegacyImage image = probe(first);
    if (image == null || !image.pv()) {
      return false;
    }
    LegacyProbe probe = new LegacyProbe(first);
    return !probe.isExtendedInfo()
        && probe.frameList() > 0
        && probe.isChunk(probe.width, false)
        && probe.isAscendingBatch();
  }

  /// Tells whether the batch behind the size of the p2m has its pfns in order, as far as it is
  /// seen; entries of nothing have none.
  private boolean isAscendingBatch() {
    long seen = Math.min(Wire.u32(first, width), (size - width - 4) / width);
    long before = -1;
    for (long i = 0; i < seen; i++) {
      long entry = word(width + 4 + i * width);
      if (entry == BARE_XTAB) {
        continue;
      }
      long pfn = entry & (MOST_PFNS - 1);
      if (pfn <= before) {
        return false;
      }
      before = pfn;
    }
    return true;
  }

  /// Extended info, whatever its first block: a restore passes over blocks that it does not know.
  private boolean isExtendedInfo() {
    for (long at = width; at < Math.min(2L * width, size); at++) {
      if (first.get(ValueLayout.JAVA_BYTE, at) != -1) {
        return false;
      }
    }
    long blocks = 2L * width + 4;
    if (width == 8 || size < blocks + BLOCK_HEADER) {
      return true;
    }
    // Of a 32-bit toolstack the word could also be the id of a chunk, ENABLE_VERIFY_MODE.
    int id = Wire.u32(first, blocks);
    for (int known : BLOCK_IDS) {
      if (id == known) {
        return true;
      }
    }
    long length = Integer.toUnsignedLong(Wire.u32(first, blocks - 4));
    return length == 0
        || length >= BLOCK_HEADER + Integer.toUnsignedLong(Wire.u32(first, blocks + 4));
  }

  /// How much the octets look like a list of frames and what follows it: 0 not at all; 1 as far as
  /// they go; −1 with the id of a chunk behind the list. How many frames hold the p2m depends on
  /// the guest's width, which may be another than the toolstack's.
  private int frameList() {
    int wide = frameList(FRAME / 8);
    int narrow = frameList(FRAME / 4);
    return wide < 0 || narrow < 0 ? -1 : Math.max(wide, narrow);
  }

  private int frameList(int entries) {
    if (size < LEAST_LIST) {
      return 0;
    }
    long frames = (p2mSize + entries - 1) / entries;
    long seen = Math.min(frames, size / width - 1);
    long before = 0;
    for (long i = 1; i <= seen; i++) {
      long frame = word(i * width);
      // A frame of the p2m is a page of the guest, never its first, and lies in no two places.
      if (frame <= 0 || frame >= p2mSize || frame == before) {
        return 0;
      }
      before = frame;
    }
    long behind = (frames + 1) * width;
    if (size < behind + 4) {
      return 1;
    }
    if (!isChunk(behind, true)) {
      return 0;
    }
    return Wire.u32(first, behind) < 0 ? -1 : 1;
  }

  /// Tells whether a chunk can begin at a place: a known id, or a batch whose entries, as far as
  /// they are seen, have pfns inside the guest.
  ///
  /// @param tables whether pages may be page tables
  private boolean isChunk(long at, boolean tables) {
    if (size < at + 4) {
      return false;
    }
    int chunk = Wire.u32(first, at);
    if (chunk >= LOWEST_CHUNK && chunk < 0) {
      return true;
    }
    if (chunk <= 0 || chunk > MOST_BATCH) {
      return false;
    }
    long seen = Math.min(chunk, (size - at - 4) / width);
    for (long i = 0; i < seen; i++) {
      long entry = word(at + 4 + i * width);
      long type = entry >>> 28;
      if ((type & 0xF) == PageType.XTAB) {
        continue; // Of a page that could not be mapped; old savers put any number there.
      }
      boolean plausible = type <= 0xF && (tables || type == 0 || type >= 0xD);
      if (!plausible || (entry & (MOST_PFNS - 1)) >= p2mSize) {
        return false;
      }
    }
    return true;
  }

  private long word(long at) {
    return width == 8 ? Wire.u64(first, at) : Integer.toUnsignedLong(Wire.u32(first, at));
  }

  private static boolean anySet(MemorySegment octets, long from, long to) {
    for (long at = from; at < to; at++) {
      if (octets.get(ValueLayout.JAVA_BYTE, at) != 0) {
        return true;
      }
    }
    return false;
  }
}
