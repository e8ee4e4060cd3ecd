// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Wire;

/// Transcendent memory in an image (`xc_tmem_restore` and `xc_tmem_restore_extra` in
/// `tools/libxc/xc_tmem.c`). Xen has not known it since 4.13; its pages are passed over.
///
/// ```
///  tmem  := u32 version, u32 max_pools, u32 ~0, u32 flags, u32 weight, u32 cap, u32, pool* u32 ~0
///  pool  := u32 id, u32 flags, u32 n_pages, u64 × 2 uuid, page × n_pages at most
///  page  := u64 × 3 object, all ~0 for the end of the pool | object, u32 index, its octets
///  extra := ( u32 pool, u64 × 3 object, u32 index )* u32 ~0
/// ```
final class Tmem {
  private static final int PAGE_SIZE_SHIFT = 4;
  private static final int PAGE_SIZE_MASK = 0xF;
  private static final int OBJECT = 24;
  private static final int NONE = -1;

  private final LegacyCursor in;
  private final Notes notes;

  Tmem(LegacyCursor in, Notes notes) {
    this.in = in;
    this.notes = notes;
  }

  /// Passes over the chunk, whose id was read.
  ///
  /// @param at where the chunk begins
  void skip(Chunk chunk, long at) throws IOException {
    String part = chunk.name();
    notes.addOrRefuse(
        LegacyNote.Kind.TMEM_SKIPPED,
        in.at(at, part, null),
        "transcendent memory, which no Xen of today has, is left out",
        Fault.MISPLACED,
        "no transcendent memory",
        part);
    if (chunk == Chunk.TMEM) {
      pools(part);
    } else {
      while (in.takeU32(part, "pool_id") != NONE) {
        in.pass(OBJECT + 4, part, "object");
      }
    }
  }

  private void pools(String part) throws IOException {
    in.pass(8, part, "version");
    long at = in.position();
    int mark = in.takeU32(part, "mark");
    if (mark != NONE) {
      throw in.malformed(at, part, "mark", "0xffffffff", "0x%08x".formatted(mark));
    }
    in.pass(16, part, "client");
    while (in.takeU32(part, "pool_id") != NONE) {
      int flags = in.takeU32(part, "pool flags");
      long pages = Integer.toUnsignedLong(in.takeU32(part, "n_pages"));
      in.pass(16, part, "uuid");
      long size = (long) Layout.PAGE << (flags >>> PAGE_SIZE_SHIFT & PAGE_SIZE_MASK);
      for (long i = 0; i < pages; i++) {
        MemorySegment object = in.require(OBJECT, part, "object");
        boolean end = (Wire.u64(object, 0) & Wire.u64(object, 8) & Wire.u64(object, 16)) == NONE;
        in.pass(OBJECT, part, "object");
        if (end) {
          break;
        }
        in.pass(4 + size, part, "page");
      }
    }
  }
}
