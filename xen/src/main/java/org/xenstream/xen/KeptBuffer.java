// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import org.jspecify.annotations.Nullable;
import org.xenstream.transfer.HypervisorException;

/// A [HypercallBuffer] that is kept from call to call: to get one and give it back are two system
/// calls. Belongs to one kind of call, whose caller lets one thread at a time use it.
final class KeptBuffer implements AutoCloseable {
  private final long xch;
  private @Nullable HypercallBuffer buffer;

  /// One that has no memory yet.
  KeptBuffer(long xch) {
    this.xch = xch;
  }

  /// The buffer, with what the last call left in it; zeros where it had to become larger.
  ///
  /// @param octets how many at least
  /// @throws HypervisorException when there is no memory for it; the smaller one is kept
  HypercallBuffer of(Call call, long octets) throws HypervisorException {
    HypercallBuffer there = buffer;
    if (there != null && octets <= there.memory().byteSize()) {
      return there;
    }
    HypercallBuffer larger = HypercallBuffer.kept(xch, call, octets);
    close();
    buffer = larger;
    return larger;
  }

  /// Gives the memory back.
  @Override
  public void close() {
    if (buffer != null) {
      buffer.close();
      buffer = null;
    }
  }
}
