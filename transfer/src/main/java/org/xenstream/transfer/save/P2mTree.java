// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.io.IOException;
import org.xenstream.core.format.Wire;
import org.xenstream.transfer.Hypervisor;

/// Finds the p2m of a guest that has it as a tree of three levels (`map_p2m_tree` of
/// `xg_sr_save_x86_pv.c`): the shared info names the frame list list, its entries the frame lists,
/// and theirs the frames of the p2m.
final class P2mTree {
  private final Hypervisor hypervisor;
  private final int domid;
  private final int width;
  private final long maxMfn;

  P2mTree(Hypervisor hypervisor, int domid, int width, long maxMfn) {
    this.hypervisor = hypervisor;
    this.domid = domid;
    this.width = width;
    this.maxMfn = maxMfn;
  }

  /// @param top the mfn of the frame list list
  /// @param claimed the highest pfn by the shared info
  P2mFrames find(long top, long claimed) throws IOException {
    long perFrame = Wire.PAGE_SIZE / width;
    long perList = perFrame * perFrame;
    if (claimed / perList + 1 > perFrame) {
      throw new SaveException(
          domid,
          "shared_info.max_pfn: expected at most 0x%x pfns in a tree, found 0x%x"
              .formatted(perList * perFrame, claimed + 1));
    }
    if (isBad(top)) {
      throw bad("shared_info.pfn_to_mfn_frame_list_list", top);
    }
    int listCount = (int) (claimed / perList) + 1;
    long[] lists = new long[listCount];
    try (FrameList listList =
        FrameList.map(hypervisor, domid, "frame list list", new long[] {top}, 1, width)) {
      fill(lists, listList, "p2m frame list list");
    }
    long maxPfn = lowered(lists, perList, claimed);
    int usedLists = (int) (maxPfn / perList) + 1;
    long[] leaves = new long[(int) (maxPfn / perFrame) + 1];
    try (FrameList frameLists =
        FrameList.map(hypervisor, domid, "p2m frame list", lists, usedLists, width)) {
      fill(leaves, frameLists, "p2m frame list");
    }
    return new P2mFrames(maxPfn, leaves);
  }

  /// The highest pfn when the end of the frame list list is left out: where its last entries are
  /// all the same, they name a list of frames without any valid entry, since a frame list cannot be
  /// shared and still mean different pfns. The first of them is kept.
  static long lowered(long[] lists, long perList, long claimed) {
    int last = lists.length - 1;
    while (last > 0 && lists[last - 1] == lists[last]) {
      last--;
    }
    return Math.min(claimed, (last + 1L) * perList - 1);
  }

  private void fill(long[] mfns, FrameList from, String what) throws SaveException {
    for (int i = 0; i < mfns.length; i++) {
      long mfn = from.get(i);
      if (isBad(mfn)) {
        throw bad("%s[%d] (of %d)".formatted(what, i, mfns.length), mfn);
      }
      mfns[i] = mfn;
    }
  }

  private boolean isBad(long mfn) {
    return mfn <= 0 || mfn > maxMfn;
  }

  private SaveException bad(String where, long mfn) {
    return new SaveException(
        domid, "%s: expected an mfn of 1 to 0x%x, found 0x%x".formatted(where, maxMfn, mfn));
  }
}
