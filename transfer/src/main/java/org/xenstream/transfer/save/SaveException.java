// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.io.IOException;

/// The guest is in a state that cannot be saved: `domain 3 pfn 0x1f20: …`. What the hypervisor
/// refuses is a [org.xenstream.transfer.HypervisorException] instead.
public final class SaveException extends IOException {
  private static final long serialVersionUID = 1L;

  /// @param domid the domain
  /// @param problem where, what was expected and what was found
  public SaveException(int domid, String problem) {
    super("domain " + domid + ": " + problem);
  }
}
