// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Holds [XenField] and the numbers of this module against what Xen's headers say, release by
/// release; and what is kept of those headers ([XenHeaders]) against the headers themselves, where
/// the property `xenstream.xen.source` names a git directory of Xen's source.
class XenLayoutTest {
  @ParameterizedTest
  @EnumSource(XenRelease.class)
  void theHeadersAgree(XenRelease release) throws IOException {
    List<String> layouts =
        XenHeaders.kept(release).stream().filter(fact -> !fact.contains("(")).toList();
    assertEquals(String.join("\n", XenHeaders.taken(release)), String.join("\n", layouts));
  }

  @ParameterizedTest
  @EnumSource(XenRelease.class)
  void whatIsKeptIsWhatTheCompilerMakesOfThem(XenRelease release, @TempDir Path folder)
      throws Exception {
    String source = System.getProperty("xenstream.xen.source", "");
    assumeTrue(
        !source.isEmpty(), "no headers of Xen: -Dxenstream.xen.source names a git directory");
    assertEquals(
        String.join("\n", XenHeaders.ofSource(release, source, folder)),
        String.join("\n", XenHeaders.kept(release)),
        "scripts/xen-facts makes it anew");
  }

  @Test
  void theOperationsStructureFillsTheRest() {
    assertEquals(XenField.Struct.DOMCTL.size, XenField.DOMCTL_BODY + XenField.DOMCTL_BODY_SIZE);
  }
}
