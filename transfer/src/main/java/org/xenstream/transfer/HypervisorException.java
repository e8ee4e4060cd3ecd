// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.io.IOException;

/// A call to the hypervisor failed: `populate of domain 3 failed: ENOMEM (no memory for 12 of 1024
/// pages)`.
public final class HypervisorException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String call;
  private final String errno;

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
