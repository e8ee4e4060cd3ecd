// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

/// Which machine frame a PV guest gets for a pfn, so that a restore can be made to give the figures
/// of another one.
@FunctionalInterface
public interface FramePlacement {
  /// The frame for `pfn`, which must be free.
  long frameFor(long pfn);
}
