// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit;

import java.io.IOException;
import org.xenstream.transfer.Hypervisor;

/// A hypervisor to try, and what a toolstack and a guest do around it: the environment of
/// [HypervisorContract].
public interface HypervisorLab extends AutoCloseable {
  /// The hypervisor.
  Hypervisor port();

  /// A new HVM or PVH domain without memory, paused.
  ///
  /// @return its number
  int createHvm(int vcpus, long maxPages) throws IOException;

  /// A new PV domain of 64 bits without memory, paused.
  ///
  /// @return its number
  int createPv(int vcpus, long maxPages) throws IOException;

  /// Lets the guest, or its device model, store eight octets at the start of a page, while it is
  /// paused or not.
  void write(int domid, long pfn, long value) throws IOException;

  /// Gives back all that there is.
  @Override
  void close();
}
