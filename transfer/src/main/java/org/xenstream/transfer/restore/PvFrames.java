// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.PageType;
import org.xenstream.transfer.ForeignMapping;
import org.xenstream.transfer.Hypervisor;

/// Translates the single pfns that a PV guest's state names, each held against what is known of it
/// (`mfn_in_pseudophysmap` and the checks around its calls in `xg_sr_restore_x86_pv.c`).
final class PvFrames {
  private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED;

  private final String source;
  private final PvP2m p2m;
  private final ForeignMapping m2p;
  private final long maxMfn;

  /// @param m2p stays the caller's
  /// @param maxMfn the highest mfn of the host
  PvFrames(String source, PvP2m p2m, ForeignMapping m2p, long maxMfn) {
    this.source = source;
    this.p2m = p2m;
    this.m2p = m2p;
    this.maxMfn = maxMfn;
  }

  /// Tells whether the hypervisor says of a frame that it is at this pfn.
  boolean isAt(long frame, long pfn) {
    return frame >= 0
        && frame <= maxMfn
        && m2p.memory().get(U64, m2p.offset(0) + frame * Long.BYTES) == pfn;
  }

  /// The frame of a pfn that some state names.
  ///
  /// @param at where the records end, in octets
  /// @param part what names it, such as `vCPU 0`
  /// @param field the field there
  long frame(long at, String part, String field, long pfn) throws IOException {
    // Unsigned: what has no frame number is all ones.
    if (pfn < 0 || pfn > p2m.maxPfn()) {
      throw refused(
          at, part, field, "a pfn up to 0x%x".formatted(p2m.maxPfn()), "0x%x".formatted(pfn));
    }
    long frame = p2m.frame(pfn);
    if (frame == Hypervisor.INVALID_FRAME) {
      throw refused(at, part, field, "a pfn with memory", "0x%x without".formatted(pfn));
    }
    if (!isAt(frame, pfn)) {
      throw refused(
          at,
          part,
          field,
          "a frame of the guest for pfn 0x%x".formatted(pfn),
          "0x%x, which the hypervisor has elsewhere".formatted(frame));
    }
    return frame;
  }

  /// The frame of an ordinary page.
  long ordinary(long at, String part, String field, long pfn) throws IOException {
    long frame = frame(at, part, field, pfn);
    if (p2m.type(pfn) != PageType.NOTAB) {
      throw refused(
          at,
          part,
          field,
          "an ordinary page",
          "pfn 0x%x of type %s".formatted(pfn, PageType.name(p2m.type(pfn))));
    }
    return frame;
  }

  /// The frame of a page table.
  ///
  /// @param level its level; pinned or not
  long table(long at, String part, String field, long pfn, int level) throws IOException {
    long frame = frame(at, part, field, pfn);
    if (PageType.level(p2m.type(pfn)) != level) {
      throw refused(
          at,
          part,
          field,
          "a page table of level " + level,
          "pfn 0x%x of type %s".formatted(pfn, PageType.name(p2m.type(pfn))));
    }
    return frame;
  }

  private RefusedStreamException refused(
      long at, String part, String field, String expected, String found) {
    return new RefusedStreamException(
        Location.of(source, at, "libxc", part, field), expected, found);
  }
}
