// SPDX-License-Identifier: Apache-2.0
package org.xenstream.bench;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// What a benchmark got through, which is shown in a second beside its calls: 10^9 octets, and
/// pages.
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.OPERATIONS)
public class Rate {
  /// Octets, in 10^9.
  public double gigaoctets;

  /// Pages.
  public double pages;

  /// Counts one call.
  public void count(long octets, long pages) {
    this.gigaoctets += octets / 1e9;
    this.pages += pages;
  }
}
