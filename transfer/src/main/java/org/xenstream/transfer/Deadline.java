// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The moment by which a guest that stands still has to be on its way again. An engine sets it when
/// the guest is suspended and takes it back when it goes on; whatever can wait, an output or a back
/// channel, waits no longer than it allows. Any thread may look at it.
public final class Deadline {
  private final LongSupplier nanoTime;

  /// Null while it is not set. An object of its own for each moment, so that whoever looks sees
  /// whether it is still the same one.
  private volatile @Nullable Moment moment;

  private record Moment(long at) {}

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
    moment = nanos == Long.MAX_VALUE ? null : new Moment(nanoTime.getAsLong() + nanos);
  }

  /// Takes it back.
  public void clear() {
    moment = null;
  }

  /// How long is left: zero or less when it has passed, [Long#MAX_VALUE] when it is not set.
  @SuppressWarnings("ReferenceEquality") // whether it was set anew or taken back meanwhile
  public long remainingNanos() {
    while (true) {
      Moment seen = moment;
      if (seen == null) {
        return Long.MAX_VALUE;
      }
      long left = seen.at - nanoTime.getAsLong();
      // One that was taken back before the clock was read may seem to have passed, and has not.
      if (moment == seen) {
        return left;
      }
    }
  }

  /// Throws when it has passed.
  ///
  /// @throws DeadlineException then
  public void check() throws DeadlineException {
    if (remainingNanos() <= 0) {
      throw new DeadlineException();
    }
  }
}
