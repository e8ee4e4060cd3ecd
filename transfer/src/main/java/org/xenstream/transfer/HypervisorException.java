// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.io.IOException;
import org.xenstream.core.format.Location;

/// A call to the hypervisor failed: `populate of domain 3 failed: ENOMEM (no memory for 12 of 1024
/// pages)`. Where an image asked for the call, its place stands before it: `domain.img @0x2a08
/// (record #17 HVM_PARAMS.param[3]): setHvmParam of domain 3 failed: EINVAL (…)`.
public final class HypervisorException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String call;
  private final String errno;
  private final boolean placed;

  /// @param call the method of [Hypervisor]
  /// @param domid the domain it was for; −1 when for none
  /// @param errno the error's name, such as `EINVAL`
  /// @param detail what was wrong, in words
  public HypervisorException(String call, int domid, String errno, String detail) {
    super(
        "%s%s failed: %s (%s)"
            .formatted(call, domid < 0 ? "" : " of domain " + domid, errno, detail));
    this.call = call;
    this.errno = errno;
    this.placed = false;
  }

  private HypervisorException(Location at, HypervisorException failure) {
    super(at + ": " + failure.getMessage(), failure);
    this.call = failure.call;
    this.errno = failure.errno;
    this.placed = true;
  }

  /// The same failure with the place in an image that brought it about; one that has a place keeps
  /// it, as whoever was nearer to the call knows it better.
  public HypervisorException at(Location place) {
    return placed ? this : new HypervisorException(place, this);
  }

  /// The method of [Hypervisor] that failed.
  public String call() {
    return call;
  }

  /// The error's name, such as `EINVAL`.
  public String errno() {
    return errno;
  }
}
