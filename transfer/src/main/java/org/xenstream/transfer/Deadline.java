// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.util.function.LongSupplier;

/// The moment by which a guest that stands still has to be on its way again. An engine sets it when
/// the guest is suspended and takes it back when it goes on; whatever can wait, an output or a back
/// channel, waits no longer than it allows. Any thread may look at it.
public final class Deadline {
  private final LongSupplier nanoTime;
  private volatile long at;
  private volatile boolean set;

  /// Not set.
  ///
  /// @param nanoTime a clock that only goes forward, in nanoseconds
  public Deadline(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /// Sets it.
  ///
  /// @param nanos from now on, not negative; [Long#MAX_VALUE] for never
  public void set(long nanos) {
    set = false;
    if (nanos != Long.MAX_VALUE) {
      at = nanoTime.getAsLong() + nanos;
      set = true;
    }
  }

  /// Takes it back.
  public void clear() {
    set = false;
  }

  /// How long is left: zero or less when it has passed, [Long#MAX_VALUE] when it is not set.
  public long remainingNanos() {
    return set ? at - nanoTime.getAsLong() : Long.MAX_VALUE;
  }

  /// Throws when it has passed.
  ///
  /// @throws DeadlineException then
  public void check() throws DeadlineException {
    if (set && at - nanoTime.getAsLong() <= 0) {
      throw new DeadlineException();
    }
  }
}
