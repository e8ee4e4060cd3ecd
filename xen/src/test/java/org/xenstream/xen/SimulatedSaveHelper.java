// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.io.IOException;
import org.xenstream.transfer.sim.GuestBuilder;
import org.xenstream.transfer.sim.GuestKind;
import org.xenstream.transfer.sim.SimGuest;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.transfer.sim.SimOptions;

/// The save helper as a process, with a simulated Xen that has one guest: whatever domain is named,
/// it is that one.
final class SimulatedSaveHelper {
  private static final int DOMID = 3;

  private SimulatedSaveHelper() {}

  public static void main(String[] words) throws IOException {
    SimHost host = new SimHost(SimOptions.ofFrames(1 << 14));
    SimGuest guest = GuestBuilder.of(GuestKind.PVH).memory(16 << 20).build(host);
    words[DOMID] = "" + guest.domain().domid();
    SaveHelperMain.end(SaveHelperMain.serve(words, () -> host));
  }
}
