// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.xenstream.transfer.ForeignMapping;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.Hypervisor.Access;
import org.xenstream.transfer.HypervisorException;

class FaultyHypervisorTest {
  private SimHost host;
  private FaultyHypervisor faulty;
  private Hypervisor port;

  @BeforeEach
  void makeHost() throws IOException {
    host = new SimHost(SimOptions.ofFrames(64));
    host.createHvm(1, 8);
    faulty = new FaultyHypervisor(host);
    port = faulty.port();
  }

  @AfterEach
  void closeHost() {
    host.close();
  }

  @Test
  void failsTheCallThatItWasTold() throws IOException {
    faulty.fail("populate", 2, "ENOMEM");
    port.populate(1, 0, new long[] {0}, 1);
    assertEquals(
        "populate failed: ENOMEM (injected at call 2)",
        assertThrows(HypervisorException.class, () -> port.populate(1, 0, new long[] {1}, 1))
            .getMessage());
    assertEquals(1, host.pfnCount(1));
    port.populate(1, 0, new long[] {1}, 1);
    assertEquals(Map.of("populate", 3), faulty.counts());
    assertEquals(3, faulty.calls());
  }

  @Test
  void failsAnyCallByItsNumber() throws IOException {
    faulty.fail(FaultyHypervisor.ANY, 2, "EIO");
    assertEquals(host.version(), port.version());
    HypervisorException thrown = assertThrows(HypervisorException.class, port::maximumRamPage);
    assertEquals("EIO", thrown.errno());
    assertEquals(63, port.maximumRamPage());
  }

  @Test
  void runsHooksBeforeAndAfter() throws IOException {
    List<String> seen = new ArrayList<>();
    faulty.before("populate", 0, () -> seen.add("before " + host.pfnCount(1)));
    faulty.after("populate", 0, () -> seen.add("after " + host.pfnCount(1)));
    port.populate(1, 0, new long[] {4}, 1);
    assertThrows(HypervisorException.class, () -> port.populate(1, 0, new long[] {4}, 1));
    assertEquals(List.of("before 1", "after 5", "before 5"), seen);
  }

  @Test
  void passesOnWhatTheRealOneRefuses() {
    assertEquals(
        "domainInfo of domain 9 failed: ESRCH (there is no such domain)",
        assertThrows(HypervisorException.class, () -> port.domainInfo(9)).getMessage());
  }

  @Test
  void refusesAFrame() throws IOException {
    port.populate(1, 0, new long[] {0, 1}, 2);
    faulty.refuseFrame(1, 1, 12);
    try (ForeignMapping mapping = port.map(1, Access.READ, new long[] {0, 1}, 2)) {
      assertEquals(0, mapping.error(0));
      assertEquals(12, mapping.error(1));
      assertEquals(2, mapping.count());
      assertEquals(1, host.openMappings());
    }
    assertEquals(0, host.openMappings());
  }

  @Test
  void knowsTheNamesOfTheCalls() {
    assertEquals(
        "a hypervisor has no call populat",
        assertThrows(IllegalArgumentException.class, () -> faulty.fail("populat", 1, "EINVAL"))
            .getMessage());
  }
}
