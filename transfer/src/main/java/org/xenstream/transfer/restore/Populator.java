// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.io.IOException;
import org.xenstream.core.format.Wire;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.HypervisorException;

/// Gives frames to pfns that have none (`populate_pfns` of `xg_sr_restore.c`): as superpages of 2
/// MiB where 512 pfns follow each other, are aligned and have nothing yet, and where the hypervisor
/// has such memory; else one by one.
final class Populator {
  private static final int SUPERPAGE_ORDER = 9;
  private static final int SUPERPAGE = 1 << SUPERPAGE_ORDER;

  private final Hypervisor hypervisor;
  private final int domid;
  private final GuestRestore guest;
  private final SparsePfnSet populated = new SparsePfnSet();
  private final long[] pfns = new long[Wire.MAX_BATCH];
  private final long[] frames = new long[Wire.MAX_BATCH];
  private final long[] superpage = new long[1];
  private final long[] inSuperpage = new long[SUPERPAGE];
  private int waiting;
  private int contiguous;
  private long previous = -2;
  private long superpages;

  Populator(Hypervisor hypervisor, int domid, GuestRestore guest) {
    this.hypervisor = hypervisor;
    this.domid = domid;
    this.guest = guest;
  }

  /// Asks for a frame at a pfn, which has one by the time [#finish] returns. Does nothing for one
  /// that was asked for before.
  void want(long pfn) throws IOException {
    if (!populated.add(pfn)) {
      return;
    }
    pfns[waiting++] = pfn;
    contiguous = pfn == previous + 1 ? contiguous + 1 : 1;
    previous = pfn;
    if (contiguous >= SUPERPAGE
        && (pfn & (SUPERPAGE - 1)) == SUPERPAGE - 1
        && takeSuperpage(pfn - (SUPERPAGE - 1))) {
      waiting -= SUPERPAGE;
      contiguous = 0;
    }
    if (waiting == pfns.length) {
      finish();
    }
  }

  /// Gives what was asked for.
  void finish() throws IOException {
    if (waiting > 0) {
      int count = waiting;
      waiting = 0;
      System.arraycopy(pfns, 0, frames, 0, count);
      hypervisor.populate(domid, 0, frames, count);
      for (int i = 0; i < count; i++) {
        if (frames[i] == Hypervisor.INVALID_FRAME) {
          throw new HypervisorException(
              "populate", domid, "ENOMEM", "no frame for pfn 0x%x".formatted(pfns[i]));
        }
      }
      guest.setFrames(pfns, frames, count);
    }
    contiguous = 0;
    previous = -2;
  }

  private boolean takeSuperpage(long first) throws IOException {
    superpage[0] = first;
    try {
      hypervisor.populate(domid, SUPERPAGE_ORDER, superpage, 1);
    } catch (HypervisorException e) {
      // The hypervisor does not say why in a way to rely on: small pages are tried, as in C.
      return false;
    }
    if (superpage[0] == Hypervisor.INVALID_FRAME) {
      return false;
    }
    for (int i = 0; i < SUPERPAGE; i++) {
      inSuperpage[i] = first + i;
      frames[i] = superpage[0] + i;
    }
    guest.setFrames(inSuperpage, frames, SUPERPAGE);
    superpages++;
    return true;
  }

  /// How many pfns have a frame.
  long populated() {
    return populated.count();
  }

  /// How many times 512 of them came as a superpage.
  long superpages() {
    return superpages;
  }
}
