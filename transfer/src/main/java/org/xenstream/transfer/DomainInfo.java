// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

/// What the engines want to know of a domain (`xen_domctl_getdomaininfo`).
///
/// @param domid its number
/// @param hvm an HVM or PVH guest, else PV
/// @param paused the toolstack holds it
/// @param shutdown it has stopped itself
/// @param shutdownReason why, where it has; see [#SHUTDOWN_SUSPEND]
/// @param maxVcpuId the highest number of a vCPU
/// @param sharedInfoFrame the mfn of the shared info page
public record DomainInfo(
    int domid,
    boolean hvm,
    boolean paused,
    boolean shutdown,
    int shutdownReason,
    int maxVcpuId,
    long sharedInfoFrame) {
  /// The guest has suspended itself (`SHUTDOWN_suspend`).
  public static final int SHUTDOWN_SUSPEND = 2;

  /// Tells whether the guest has suspended itself.
  public boolean isSuspended() {
    return shutdown && shutdownReason == SHUTDOWN_SUSPEND;
  }
}
