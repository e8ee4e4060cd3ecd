// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Wire;

/// What each ordinary page of a PV guest would name, were it the start info page: which page that
/// is shows at the end of a stream, by edx of vCPU 0, and a stream cannot be read backwards
/// (`start_info` of `xen/include/public/xen.h`).
///
/// ```
///            store_mfn  console.domU.mfn
///  64 bits   56         72
///  32 bits   44         52
/// ```
///
/// Most pages name pfns beyond the guest, or zeros: a mark of [PvMemory] is enough for these. Of
/// the others, and of those that begin with the magic of a start info page, the two numbers are
/// kept, of [#MOST] each; of further ones nothing is known.
final class StartInfoPages {
  /// How many pages of either kind are kept.
  static final int MOST = 1 << 14;

  /// "xen-", as in "xen-3.0-x86_64". No restore looks at it.
  private static final int MAGIC = 0x2D_6E_65_78;

  /// The pfns that a page names.
  ///
  /// @param store store_mfn, a pfn in a saved guest
  /// @param console console.domU.mfn, likewise
  /// @param areBeyond whether all that is known is that one of them is beyond the guest
  record Names(long store, long console, boolean areBeyond) {
    Names(long store, long console) {
      this(store, console, false);
    }
  }

  private static final Names ZEROS = new Names(0, 0);

  /// Stands for pfns of which one is beyond the guest.
  static final Names BEYOND = new Names(-1, -1, true);

  /// Marks of a page: beside 0, that it names zeros.
  private static final int NAMES_SOME = 1;

  private static final int NAMES_BEYOND = 2;

  private final PvMemory memory;
  private final Map<Integer, Names> withMagic = new HashMap<>();
  private final Map<Integer, Names> others = new HashMap<>();
  private long beyondWhat = -1;

  /// @param memory has the marks
  StartInfoPages(PvMemory memory) {
    this.memory = memory;
  }

  /// Takes in what a restore writes to an ordinary page.
  ///
  /// @param pfn one of the guest that its memory tracks
  /// @param width octets of the guest's words
  /// @param maxPfn the guest's highest pfn so far
  void take(long pfn, MemorySegment page, int width, long maxPfn) {
    if (memory.mark(pfn) != 0) {
      forget(pfn);
    }
    long store = width == 8 ? Wire.u64(page, 56) : Integer.toUnsignedLong(Wire.u32(page, 44));
    long console = width == 8 ? Wire.u64(page, 72) : Integer.toUnsignedLong(Wire.u32(page, 52));
    if ((store | console) == 0) {
      return;
    }
    boolean magic = Wire.u32(page, 0) == MAGIC;
    boolean within = isWithin(store, maxPfn) && isWithin(console, maxPfn);
    Map<Integer, Names> kept = magic ? withMagic : others;
    if ((magic || within) && kept.size() < MOST) {
      kept.put((int) pfn, new Names(store, console));
    }
    memory.mark(pfn, within ? NAMES_SOME : NAMES_BEYOND);
    if (!within && beyondWhat < 0) {
      beyondWhat = maxPfn;
    }
  }

  private void forget(long pfn) {
    memory.mark(pfn, 0);
    if (withMagic.remove((int) pfn) == null) {
      others.remove((int) pfn);
    }
  }

  private static boolean isWithin(long pfn, long maxPfn) {
    return Long.compareUnsigned(pfn, maxPfn) <= 0;
  }

  /// What a tracked page names, [#BEYOND] where that is all that is known, null where nothing is.
  ///
  /// @param maxPfn the guest's highest pfn; one that grew may have grown around what was beyond it
  @Nullable Names of(long pfn, long maxPfn) {
    int mark = memory.mark(pfn);
    if (mark == 0) {
      return ZEROS;
    }
    Names names = withMagic.get((int) pfn);
    if (names == null) {
      names = others.get((int) pfn);
    }
    return names == null && mark == NAMES_BEYOND && beyondWhat == maxPfn ? BEYOND : names;
  }
}
