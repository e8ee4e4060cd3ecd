// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import org.xenstream.transfer.HypervisorException;

/// Pages of an HVM guest into which Xen itself writes, such as those of its vCPUs' information: no
/// write of Xen's marks them dirty. They count as written when the log-dirty bitmap is read for the
/// last time (`hvm_mapped_guest_frames_mark_dirty`), so that a save that does not say which time is
/// the last loses what Xen wrote.
public final class XenWrites {
  private final SimDomain domain;

  /// Of one domain.
  public XenWrites(SimDomain domain) {
    this.domain = domain;
  }

  /// Lets Xen map a page of the guest for good.
  public void map(long pfn) throws HypervisorException {
    try {
      domain.memory.mapForXen(pfn);
    } catch (XenError e) {
      throw e.in("register_vcpu_info", domain.domid());
    }
  }

  /// Xen stores eight octets into a page that it has mapped.
  ///
  /// @param offset a multiple of 8 below 4096
  public void write(long pfn, int offset, long value) throws HypervisorException {
    try {
      domain.memory.writeByXen(pfn, offset, value);
    } catch (XenError e) {
      throw e.in("write", domain.domid());
    }
  }
}
