// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.io.IOException;
import java.lang.foreign.Arena;
import org.xenstream.transfer.Hypervisor.LogDirtyOp;
import org.xenstream.transfer.PfnBitmap;

/// A process with whatever libraries of Xen it finds: opens them, reads the log-dirty bitmap of a
/// guest of so many pfns, and says how that went.
final class DoubleProbe {
  private DoubleProbe() {}

  public static void main(String[] words) {
    try (XenHost host = XenHost.open();
        Arena arena = Arena.ofConfined()) {
      PfnBitmap dirty = new PfnBitmap(arena, Long.parseLong(words[0]));
      System.out.println(host.readLogDirty(1, LogDirtyOp.CLEAN, dirty, false));
    } catch (IOException e) {
      System.out.println(e.getMessage());
    }
  }
}
