// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import org.xenstream.testkit.HypervisorContract;
import org.xenstream.testkit.HypervisorLab;
import org.xenstream.transfer.Hypervisor;

class SimHostContractTest extends HypervisorContract {
  @Override
  protected HypervisorLab open() throws IOException {
    return new Lab(new SimHost(SimOptions.ofFrames(1 << 20)));
  }

  private record Lab(SimHost host) implements HypervisorLab {
    @Override
    public Hypervisor port() {
      return host;
    }

    @Override
    public int createHvm(int vcpus, long maxPages) throws IOException {
      return host.createHvm(vcpus, maxPages).domid();
    }

    @Override
    public int createPv(int vcpus, long maxPages) throws IOException {
      return host.createPv(vcpus, maxPages).domid();
    }

    @Override
    public void write(int domid, long pfn, long value) throws IOException {
      for (SimDomain domain : host.domains()) {
        if (domain.domid() == domid) {
          domain.writeWord(pfn, 0, value);
        }
      }
    }

    @Override
    public void close() {
      assertEquals(0, host.openMappings());
      host.domains().forEach(SimDomain::destroy);
      assertEquals(1 << 20, host.freeFrames());
      host.close();
    }
  }
}
