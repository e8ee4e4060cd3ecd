// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Waits as a [BandwidthLimit] wants, and no longer than a [Patience] allows.
final class Pace {
  private final Patience patience;
  private final @Nullable BandwidthLimit limit;

  Pace(Patience patience, @Nullable BandwidthLimit limit) {
    this.patience = patience;
    this.limit = limit;
  }

  /// Waits until something may leave.
  ///
  /// @return how many octets then
  /// @throws DeadlineException when the guest has stood still for too long
  /// @throws TransferCancelledException when the end was asked for
  long next() throws IOException {
    patience.cancellation().check();
    patience.deadline().check();
    if (limit == null) {
      return Long.MAX_VALUE;
    }
    long wait = limit.waitNanos();
    while (wait > 0) {
      patience.cancellation().pause(Math.min(wait, patience.deadline().remainingNanos()));
      patience.deadline().check();
      wait = limit.waitNanos();
    }
    return limit.stride();
  }

  void sent(long octets) {
    if (limit != null) {
      limit.sent(octets);
    }
  }
}
