// SPDX-License-Identifier: Apache-2.0

/// A real Xen: the port [org.xenstream.transfer.Hypervisor] on libxenctrl and libxenforeignmemory,
/// and the program that libxl runs in place of its save helper. Nothing is exported: programs run
/// it, and `xenstream host` finds it as a service.
module org.xenstream.xen {
  requires org.xenstream.core;
  requires org.xenstream.x86;
  requires org.xenstream.os;
  requires org.xenstream.transfer;
  requires static org.jspecify;

  provides org.xenstream.transfer.HostSurvey with
      org.xenstream.xen.XenSurvey;
}
