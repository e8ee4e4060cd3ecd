// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xenstream.transfer.HostSurvey;
import org.xenstream.transfer.XenVersion;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.transfer.sim.SimOptions;

class XenSurveyTest {
  @TempDir Path root;

  private void file(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  /// What stands for the runtime image.
  private Path image() throws IOException {
    for (String name :
        List.of(
            "bin/xenstream-save-helper",
            "bin/java",
            "lib/modules",
            "lib/server/libjvm.so",
            "lib/xenstream/jvm.options",
            "lib/xenstream/helper.aot")) {
      file("helper/" + name, "");
      if (name.startsWith("bin/")) {
        assertTrue(root.resolve("helper").resolve(name).toFile().setExecutable(true));
      }
    }
    return root.resolve("helper");
  }

  private static String found(HostSurvey.Report report, String name) {
    return report.items().stream()
        .filter(item -> item.name().equals(name))
        .findFirst()
        .orElseThrow()
        .found();
  }

  @Test
  void saysThatThereIsNoXen() {
    HostSurvey.Report report =
        new XenSurvey(
                root,
                () -> {
                  throw new MissingLibraryException("expected the library X, found none of them");
                },
                root.resolve("helper"))
            .look();
    assertFalse(report.ready());
    assertEquals("no Xen under this kernel", found(report, "hypervisor"));
    assertEquals("none", found(report, "capabilities"));
    assertEquals("not known", found(report, "this domain"));
    assertEquals("no /dev/xen/privcmd", found(report, "device"));
    assertEquals(
        "none in %s: scripts/build-helper makes it".formatted(root.resolve("helper")),
        found(report, "runtime image"));
    assertEquals(
        "would not run: no runtime image; expected the library X, found none of them",
        found(report, "save helper"));
    assertEquals("on Xen 4.17; 4.18 to 4.20 not yet run", found(report, "proven"));
  }

  @Test
  void saysWhatTheKernelTells() throws IOException {
    file("sys/hypervisor/type", "xen\n");
    file("sys/hypervisor/version/major", "4\n");
    file("sys/hypervisor/version/minor", "17\n");
    file("sys/hypervisor/properties/capabilities", "xen-3.0-x86_64 hvm-3.0-x86_64 \n");
    file("proc/xen/capabilities", "control_d\n");
    file("dev/xen/privcmd", "");
    try (SimHost host = new SimHost(SimOptions.ofFrames(16))) {
      HostSurvey.Report report = new XenSurvey(root, () -> host, image()).look();
      assertTrue(report.ready());
      assertEquals("Xen 4.17", found(report, "hypervisor"));
      assertEquals("xen-3.0-x86_64 hvm-3.0-x86_64", found(report, "capabilities"));
      assertEquals("may control others", found(report, "this domain"));
      assertEquals("/dev/xen/privcmd", found(report, "device"));
      assertEquals(root.resolve("helper").toString(), found(report, "runtime image"));
      assertEquals("would run", found(report, "save helper"));
    }
    file("sys/hypervisor/version/minor", "16\n");
    assertEquals(
        "Xen 4.16, which is not known here",
        found(
            new XenSurvey(
                    root,
                    () -> {
                      throw new MissingLibraryException("no");
                    },
                    root)
                .look(),
            "hypervisor"));
  }

  @Test
  void looksWhetherTheImageIsWhole() throws IOException {
    Path image = image();
    try (SimHost host = new SimHost(SimOptions.ofFrames(16))) {
      XenSurvey survey = new XenSurvey(root, () -> host, image);
      Files.delete(image.resolve("lib/xenstream/helper.aot"));
      HostSurvey.Report slow = survey.look();
      assertEquals(
          image + ", slow to start: lib/xenstream/helper.aot is not there",
          found(slow, "runtime image"));
      assertTrue(slow.ready());
      Files.delete(image.resolve("lib/server/libjvm.so"));
      assertEquals(
          "none in %s: lib/server/libjvm.so is not there, or not to be read".formatted(image),
          found(survey.look(), "runtime image"));
      assertTrue(image.resolve("bin/java").toFile().setExecutable(false));
      HostSurvey.Report broken = survey.look();
      assertEquals(
          "none in %s: bin/java is not there, or not to be run".formatted(image),
          found(broken, "runtime image"));
      assertEquals("would not run: no runtime image", found(broken, "save helper"));
      assertFalse(broken.ready());
    }
  }

  @Test
  void anotherHypervisorIsNoXen() throws IOException {
    file("sys/hypervisor/type", "other\n");
    assertNull(XenRelease.running(root.resolve("sys/hypervisor")));
  }

  @Test
  void theRunningReleaseNamesTheLibrary() {
    assertEquals(
        List.of("libxenctrl.so.4.18"), XenRelease.sonames("libxenctrl", new XenVersion(4, 18)));
    assertEquals(
        List.of(
            "libxenctrl.so.4.17", "libxenctrl.so.4.18", "libxenctrl.so.4.19", "libxenctrl.so.4.20"),
        XenRelease.sonames("libxenctrl", null));
  }
}
