// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class HostVerbTest {
  @Test
  void saysWhatIsMissingWhereThereIsNoXen() {
    assumeFalse(Files.exists(Path.of("/sys/hypervisor/type")), "a hypervisor is under this kernel");
    List<String> lines = Tool.run("host").quiet().exits(1).lines();
    assertEquals("hypervisor           no Xen under this kernel", lines.getFirst());
    assertTrue(
        lines.stream().anyMatch(line -> line.startsWith("save helper          would not run: ")),
        lines::toString);
    assertEquals("proven               on Xen 4.17; 4.18 to 4.20 not yet run", lines.getLast());
  }
}
