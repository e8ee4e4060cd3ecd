// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Holds [XenField] and the numbers of this module against what a C compiler makes of Xen's own
/// headers, release by release, where a git directory of Xen's source and a compiler can be had:
/// the property `xenstream.xen.source` names it. Of what it found for 4.17 to 4.20 the fields are a
/// copy.
class XenLayoutTest {
  private static final String SOURCE = "xenstream.xen.source";

  private static String run(Path folder, byte[] input, List<String> command)
      throws IOException, InterruptedException {
    Path in = folder.resolve("in");
    Path out = folder.resolve("out");
    Files.write(in, input);
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectInput(in.toFile())
            .redirectOutput(out.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IOException(String.join(" ", command) + " failed");
    }
    return Files.readString(out);
  }

  private static String program(XenRelease release) {
    StringBuilder c = new StringBuilder();
    c.append("#include <stdint.h>\n#include <stddef.h>\n#include <stdio.h>\n");
    c.append("#define __XEN_TOOLS__ 1\n#define __XEN_INTERFACE_VERSION__ 0x00040d00\n");
    for (String header : List.of("xen", "domctl", "memory", "grant_table")) {
      c.append("#include \"xen/%s.h\"\n".formatted(header));
    }
    c.append("#define S(s) printf(\"%s %zu\\n\", #s, sizeof(struct s))\n");
    c.append("#define F(s, f) printf(\"%s.%s %zu+%zu\\n\", #s, #f, offsetof(struct s, f),");
    c.append(" sizeof(((struct s *)0)->f))\n");
    c.append("#define N(n) printf(\"%s %ld\\n\", #n, (long)(n))\n");
    c.append("int main(void) {\n");
    for (XenField.Struct struct : XenField.Struct.values()) {
      c.append("S(%s);\n".formatted(struct.name));
    }
    for (XenField field : XenField.values()) {
      c.append("F(%s, %s);\n".formatted(field.struct.name, path(release, field)));
    }
    for (String number : numbers().keySet()) {
      c.append("N(%s);\n".formatted(number));
    }
    return c.append("return 0; }\n").toString();
  }

  /// Two members had other names in 4.17.
  private static String path(XenRelease release, XenField field) {
    if (release != XenRelease.XEN_4_17) {
      return field.path;
    }
    return switch (field) {
      case POLICY_LEAVES_BUFFER -> "u.cpu_policy.cpuid_policy";
      case POLICY_MSRS_BUFFER -> "u.cpu_policy.msr_policy";
      default -> field.path;
    };
  }

  private static Map<String, Integer> numbers() {
    Map<String, Integer> numbers = new TreeMap<>();
    numbers.put("XEN_DOMCTL_getdomaininfo", Domctl.GETDOMAININFO);
    numbers.put("XEN_DOMCTL_set_address_size", Domctl.SET_ADDRESS_SIZE);
    numbers.put("XEN_DOMCTL_set_ext_vcpucontext", Domctl.SET_EXT_VCPUCONTEXT);
    numbers.put("XEN_DOMCTL_get_ext_vcpucontext", Domctl.GET_EXT_VCPUCONTEXT);
    numbers.put("XEN_DOMCTL_getpageframeinfo3", Domctl.GETPAGEFRAMEINFO3);
    numbers.put("XEN_DOMCTL_setvcpuextstate", Domctl.SETVCPUEXTSTATE);
    numbers.put("XEN_DOMCTL_getvcpuextstate", Domctl.GETVCPUEXTSTATE);
    numbers.put("XEN_DOMCTL_get_vcpu_msrs", Domctl.GET_VCPU_MSRS);
    numbers.put("XEN_DOMCTL_set_vcpu_msrs", Domctl.SET_VCPU_MSRS);
    numbers.put("XEN_DOMCTL_get_cpu_policy", Domctl.GET_CPU_POLICY);
    numbers.put("XEN_DOMCTL_set_cpu_policy", Domctl.SET_CPU_POLICY);
    numbers.put("XEN_DOMCTL_SHADOW_OP_OFF", XenHost.SHADOW_OFF);
    numbers.put("XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY", XenHost.SHADOW_ENABLE_LOGDIRTY);
    numbers.put("XEN_DOMCTL_SHADOW_OP_CLEAN", XenHost.SHADOW_CLEAN);
    numbers.put("XEN_DOMCTL_SHADOW_OP_PEEK", XenHost.SHADOW_PEEK);
    numbers.put("XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL", XenHost.LOGDIRTY_FINAL);
    numbers.put("XEN_DOMCTL_PFINFO_LTAB_SHIFT", XenMemory.TYPE_SHIFT);
    numbers.put("XEN_DOMINF_hvm_guest", XenHost.INFO_HVM);
    numbers.put("XEN_DOMINF_shutdown", XenHost.INFO_SHUTDOWN);
    numbers.put("XEN_DOMINF_paused", XenHost.INFO_PAUSED);
    numbers.put("XEN_DOMINF_shutdownshift", XenHost.INFO_REASON_SHIFT);
    numbers.put("XEN_DOMINF_shutdownmask", XenHost.INFO_REASON_MASK);
    numbers.put("DOMID_XEN", XenMemory.DOMID_XEN);
    numbers.put("XENMEM_machphys_compat_mfn_list", XenMemory.XENMEM_MACHPHYS_COMPAT_MFN_LIST);
    numbers.put("XENMEM_resource_grant_table", XenMemory.XENMEM_RESOURCE_GRANT_TABLE);
    numbers.put("XENMEM_resource_grant_table_id_shared", XenMemory.RESOURCE_SHARED);
    numbers.put("GTF_permit_access", XenMemory.GTF_PERMIT_ACCESS);
    numbers.put("GNTTAB_RESERVED_CONSOLE", XenMemory.GRANT_CONSOLE);
    numbers.put("GNTTAB_RESERVED_XENSTORE", XenMemory.GRANT_STORE);
    numbers.put("MMUEXT_PIN_L1_TABLE", 0);
    numbers.put("MMUEXT_PIN_L4_TABLE", 3);
    return numbers;
  }

  @ParameterizedTest
  @EnumSource(XenRelease.class)
  void theCompilerAgrees(XenRelease release, @TempDir Path folder) throws Exception {
    String source = System.getProperty(SOURCE, "");
    assumeTrue(
        !source.isEmpty(), () -> "no headers of Xen: -D" + SOURCE + " names a git directory");
    Path headers = Files.createDirectories(folder.resolve("xen"));
    String tag = "RELEASE-4.%d.0".formatted(release.minor);
    byte[] none = new byte[0];
    String tree = tag + ":xen/include/public";
    String names =
        run(
            folder,
            none,
            List.of("git", "--git-dir=" + source, "ls-tree", "-r", "--name-only", tree));
    for (String name : names.lines().filter(n -> n.endsWith(".h")).toList()) {
      String text =
          run(folder, none, List.of("git", "--git-dir=" + source, "show", tree + "/" + name));
      Path file = headers.resolve(name);
      Files.createDirectories(file.getParent());
      Files.writeString(file, text);
    }
    Path program = folder.resolve("layout.c");
    Files.writeString(program, program(release), StandardCharsets.US_ASCII);
    run(folder, none, List.of("gcc", "-w", "-I.", "-o", "layout", "layout.c"));
    List<String> expected = new ArrayList<>();
    for (XenField.Struct struct : XenField.Struct.values()) {
      expected.add(struct.name + " " + struct.size);
    }
    for (XenField field : XenField.values()) {
      expected.add(
          "%s.%s %d+%d"
              .formatted(field.struct.name, path(release, field), field.offset, field.width));
    }
    numbers().forEach((name, number) -> expected.add(name + " " + number));
    assertEquals(
        String.join("\n", expected),
        run(folder, none, List.of(folder.resolve("layout").toString())).strip());
  }

  @Test
  void theOperationsStructureFillsTheRest() {
    assertEquals(XenField.Struct.DOMCTL.size, XenField.DOMCTL_BODY + XenField.DOMCTL_BODY_SIZE);
  }
}
