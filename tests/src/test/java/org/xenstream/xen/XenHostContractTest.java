// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.io.IOException;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.xenstream.testkit.HypervisorContract;
import org.xenstream.testkit.HypervisorLab;

/// A real Xen behind the port, held to what every hypervisor promises: in dom0 of the lab, by its
/// job `contract`. On any other host it is left out, for it makes and destroys domains.
@EnabledIfSystemProperty(
    named = "xenstream.xen.contract",
    matches = "true",
    disabledReason = "makes domains: run in dom0 of the lab by lab/jobs/contract")
class XenHostContractTest {
  /// Guests with the devices of a PC.
  @Nested
  class WithHvmGuests extends HypervisorContract {
    @Override
    protected HypervisorLab open() throws IOException {
      return new XenLab(XenLab.Devices.PC);
    }
  }

  /// Guests with none but a local APIC.
  @Nested
  class WithPvhGuests extends HypervisorContract {
    @Override
    protected HypervisorLab open() throws IOException {
      return new XenLab(XenLab.Devices.LOCAL_APIC);
    }
  }
}
