// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import org.xenstream.transfer.HypervisorException;

/// What a part of the simulated hypervisor refuses, before it is known in which call.
final class XenError extends Exception {
  private static final long serialVersionUID = 1L;

  private final Errno errno;

  XenError(Errno errno, String detail) {
    super(detail, null, false, false);
    this.errno = errno;
  }

  Errno errno() {
    return errno;
  }

  /// The same as the caller of the port sees it.
  HypervisorException in(String call, int domid) {
    return new HypervisorException(call, domid, errno.name(), String.valueOf(getMessage()));
  }
}
