// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Which libraries are opened, and every function that is called in them: those of libxenctrl and
/// libxenforeignmemory that each release has, and none that saves or restores a guest by itself.
class XenFunctionsTest {
  private static final List<String> CONTROL =
      List.of(
          "xc_interface_open",
          "xc_interface_close",
          "xc_version",
          "xc_domctl",
          "xc_memory_op",
          "xc_domain_nr_gpfns",
          "xc_domain_populate_physmap_exact",
          "xc_shadow_control",
          "xc_logdirty_control",
          "xc_domain_get_guest_width",
          "xc_maximum_ram_page",
          "xc_machphys_mfn_list",
          "xc_mmuext_op",
          "xc_vcpu_getinfo",
          "xc_vcpu_getcontext",
          "xc_vcpu_setcontext",
          "xc_hvm_param_get",
          "xc_hvm_param_set",
          "xc_domain_hvm_getcontext",
          "xc_domain_hvm_setcontext",
          "xc_domain_get_tsc_info",
          "xc_domain_set_tsc_info",
          "xc__hypercall_buffer_alloc_pages",
          "xc__hypercall_buffer_free_pages");

  private static final List<String> FOREIGN_MEMORY =
      List.of(
          "xenforeignmemory_open",
          "xenforeignmemory_close",
          "xenforeignmemory_map",
          "xenforeignmemory_unmap",
          "xenforeignmemory_map_resource",
          "xenforeignmemory_unmap_resource");

  @Test
  void theseFunctionsAreCalledAndNoOthers() {
    assertEquals(CONTROL, Libxenctrl.LIBRARY.functions());
    assertEquals(FOREIGN_MEMORY, Libxenforeignmemory.LIBRARY.functions());
  }

  @Test
  void theseLibrariesAreOpened() {
    assertEquals(
        List.of(
            "libxenctrl.so.4.17", "libxenctrl.so.4.18", "libxenctrl.so.4.19", "libxenctrl.so.4.20"),
        XenRelease.sonames("libxenctrl", null));
    String foreign = Libxenforeignmemory.LIBRARY.soname();
    assertTrue(foreign == null || foreign.equals("libxenforeignmemory.so.1"), foreign);
  }

  private static String header(XenRelease release, String name)
      throws IOException, InterruptedException {
    String source = System.getProperty("xenstream.xen.source", "");
    assumeTrue(
        !source.isEmpty(), "no headers of Xen: -Dxenstream.xen.source names a git directory");
    Process git =
        new ProcessBuilder(
                "git",
                "--git-dir=" + source,
                "show",
                "RELEASE-4.%d.0:tools/%s".formatted(release.minor, name))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String text = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, git.waitFor());
    return text;
  }

  private static boolean declares(String header, String function) {
    return Pattern.compile("\\b" + function + "\\(").matcher(header).find();
  }

  @ParameterizedTest
  @EnumSource(XenRelease.class)
  void eachReleaseDeclaresThem(XenRelease release) throws Exception {
    // What libxenguest, a library of its own, takes from libxenctrl besides is in the second.
    String control =
        header(release, "include/xenctrl.h") + header(release, "libs/ctrl/xc_private.h");
    String foreign = header(release, "include/xenforeignmemory.h");
    String guest = header(release, "include/xenguest.h");
    for (String function : CONTROL) {
      assertTrue(declares(control, function), function);
      assertFalse(declares(guest, function), function);
    }
    for (String function : FOREIGN_MEMORY) {
      assertTrue(declares(foreign, function), function);
    }
    assertTrue(declares(guest, "xc_domain_save"));
  }
}
