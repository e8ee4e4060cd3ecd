// SPDX-License-Identifier: Apache-2.0

/// Saving, restoring and live-migrating a guest over the port [org.xenstream.transfer.Hypervisor],
/// and a simulated hypervisor on which all of it runs without Xen.
module org.xenstream.transfer {
  requires transitive org.xenstream.core;
  requires org.xenstream.x86;
  requires org.xenstream.os;
  requires static org.jspecify;

  exports org.xenstream.transfer;
  exports org.xenstream.transfer.migrate;
  exports org.xenstream.transfer.policy;
  exports org.xenstream.transfer.restore;
  exports org.xenstream.transfer.save;
  exports org.xenstream.transfer.sim;
}
