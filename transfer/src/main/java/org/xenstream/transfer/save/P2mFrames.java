// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

/// Where a PV guest keeps its p2m.
final class P2mFrames {
  private final long maxPfn;
  private final long[] leaves;

  /// @param maxPfn the guest's highest pfn, lowered where the end of the p2m is empty
  /// @param leaves the mfns of the frames that hold its entries, in the order of the pfns; kept
  P2mFrames(long maxPfn, long[] leaves) {
    this.maxPfn = maxPfn;
    this.leaves = leaves;
  }

  long maxPfn() {
    return maxPfn;
  }

  long[] leaves() {
    return leaves;
  }
}
