// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// What Xen's headers say, release by release, of all that this module takes from them: sizes,
/// offsets, numbers, prototypes. `headers.facts` keeps it, made by scripts/xen-facts out of a git
/// directory of Xen's source with a C compiler; so it can be compared where there is neither.
final class XenHeaders {
  private static final String FACTS = "headers.facts";

  private XenHeaders() {}

  /// Writes the facts.
  ///
  /// @param words the git directory, the file
  public static void main(String[] words) throws Exception {
    Map<String, List<String>> releases = new TreeMap<>();
    for (XenRelease release : XenRelease.values()) {
      Path folder = Files.createTempDirectory("headers");
      for (String fact : ofSource(release, words[0], folder)) {
        releases.computeIfAbsent(fact, _ -> new ArrayList<>()).add("4." + release.minor);
      }
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(each);
        }
      }
    }
    StringBuilder text = new StringBuilder();
    text.append("# SPDX-License-Identifier: Apache-2.0\n");
    text.append(
        "# What Xen's headers say of what the module `xen` uses, and in which releases; made by");
    text.append(" scripts/xen-facts.\n");
    releases.forEach((fact, in) -> text.append(fact + " | " + String.join(" ", in) + "\n"));
    Files.writeString(Path.of(words[1]), text);
  }

  /// The facts of a release that are kept, in their order.
  static List<String> kept(XenRelease release) throws IOException {
    List<String> facts = new ArrayList<>();
    try (var in = Objects.requireNonNull(XenHeaders.class.getResourceAsStream(FACTS))) {
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n", -1)) {
        int bar = line.lastIndexOf(" | ");
        if (bar > 0 && List.of(line.substring(bar + 3).split(" ")).contains("4." + release.minor)) {
          facts.add(line.substring(0, bar));
        }
      }
    }
    return facts.stream().sorted().toList();
  }

  /// The same, as the source has them.
  ///
  /// @param git a git directory
  /// @param folder for what is compiled
  static List<String> ofSource(XenRelease release, String git, Path folder)
      throws IOException, InterruptedException {
    String folderOfXen = "xen/include/public";
    Path headers = Files.createDirectories(folder.resolve("xen"));
    for (String name :
        git(git, folder, "ls-tree", "-r", "--name-only", tag(release) + ":" + folderOfXen)
            .lines()
            .filter(name -> name.endsWith(".h"))
            .toList()) {
      Path file = headers.resolve(name);
      Files.createDirectories(file.getParent());
      Files.writeString(file, header(release, git, folder, folderOfXen + "/" + name));
    }
    String control =
        header(release, git, folder, "tools/include/xenctrl.h")
            + header(release, git, folder, "tools/libs/ctrl/xc_private.h");
    String foreign = header(release, git, folder, "tools/include/xenforeignmemory.h");
    Files.writeString(folder.resolve("layout.c"), program(release, control));
    run(folder, List.of("gcc", "-w", "-I.", "-o", "layout", "layout.c"));
    List<String> facts = new ArrayList<>();
    run(folder, List.of(folder.resolve("layout").toString())).lines().forEach(facts::add);
    for (String function : Libxenctrl.LIBRARY.functions()) {
      facts.add(declared(control, function));
    }
    for (String function : Libxenforeignmemory.LIBRARY.functions()) {
      facts.add(declared(foreign, function));
    }
    return facts.stream().sorted().toList();
  }

  /// A file of Xen's source.
  static String header(XenRelease release, String git, Path folder, String path)
      throws IOException, InterruptedException {
    return git(git, folder, "show", tag(release) + ":" + path);
  }

  private static String tag(XenRelease release) {
    return "RELEASE-4.%d.0".formatted(release.minor);
  }

  private static String git(String git, Path folder, String... words)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("git", "--git-dir=" + git));
    command.addAll(List.of(words));
    return run(folder, command);
  }

  private static String run(Path folder, List<String> command)
      throws IOException, InterruptedException {
    Path out = folder.resolve("out");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectOutput(out.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IOException(String.join(" ", command) + " failed");
    }
    return Files.readString(out);
  }

  private static String program(XenRelease release, String control) {
    StringBuilder c = new StringBuilder();
    c.append("#include <stdint.h>\n#include <stddef.h>\n#include <stdio.h>\n");
    c.append("#define __XEN_TOOLS__ 1\n#define __XEN_INTERFACE_VERSION__ 0x00040d00\n");
    for (String header : List.of("xen", "domctl", "memory", "grant_table")) {
      c.append("#include \"xen/%s.h\"\n".formatted(header));
    }
    Matcher buffer =
        Pattern.compile("struct xc_hypercall_buffer \\{.*?\n\\};", Pattern.DOTALL).matcher(control);
    if (buffer.find()) {
      c.append(buffer.group()).append('\n');
    }
    c.append("#define S(s) printf(\"%s %zu\\n\", #s, sizeof(struct s))\n");
    c.append("#define F(s, f) printf(\"%s.%s %zu+%zu\\n\", #s, #f, offsetof(struct s, f),");
    c.append(" sizeof(((struct s *)0)->f))\n");
    c.append("#define N(n) printf(\"%s %ld\\n\", #n, (long)(n))\n");
    c.append("int main(void) {\nS(xc_hypercall_buffer);\n");
    for (XenField.Struct struct : XenField.Struct.values()) {
      c.append("S(%s);\n".formatted(struct.name));
    }
    for (XenField field : XenField.values()) {
      c.append("F(%s, %s);\n".formatted(field.struct.name, path(release, field)));
    }
    for (String number : NUMBERS.keySet()) {
      c.append("N(%s);\n".formatted(number));
    }
    return c.append("return 0; }\n").toString();
  }

  /// What this module takes for the layouts and numbers of a release.
  static List<String> taken(XenRelease release) {
    List<String> facts = new ArrayList<>();
    facts.add("xc_hypercall_buffer " + HypercallBuffer.SIZE);
    for (XenField.Struct struct : XenField.Struct.values()) {
      facts.add(struct.name + " " + struct.size);
    }
    for (XenField field : XenField.values()) {
      facts.add(
          "%s.%s %d+%d"
              .formatted(field.struct.name, path(release, field), field.offset, field.width));
    }
    NUMBERS.forEach((name, number) -> facts.add(name + " " + number));
    return facts.stream().sorted().toList();
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

  /// The prototype of a function, without the names of its parameters.
  private static String declared(String header, String function) {
    String plain = header.replaceAll("(?s)/\\*.*?\\*/", " ").replaceAll("(?m)^#.*$", ";");
    Matcher found =
        Pattern.compile("[;{}]([^;{}()]*\\b" + function + "\\s*\\([^()]*\\))\\s*;").matcher(plain);
    if (!found.find()) {
      throw new IllegalArgumentException("no declaration of " + function);
    }
    return prototype(found.group(1));
  }

  /// A prototype in one form: without names of parameters, an array as the pointer that it is.
  static String prototype(String declaration) {
    String text =
        declaration
            .replaceAll("(?s)/\\*.*?\\*/", "")
            .replaceAll("\\s+", " ")
            .replace(";", "")
            .strip();
    int open = text.indexOf('(');
    List<String> parameters = new ArrayList<>();
    for (String parameter : text.substring(open + 1, text.lastIndexOf(')')).split(",", -1)) {
      boolean array = parameter.contains("[");
      String type = parameter.replaceAll("\\[.*", "").strip().replaceAll("\\b\\w+$", "").strip();
      parameters.add((array ? type + " *" : type).replaceAll("\\s*\\*", " *").replace("* *", "**"));
    }
    return text.substring(0, open).strip().replace("* ", "*")
        + "("
        + String.join(", ", parameters)
        + ")";
  }

  private static final Map<String, Integer> NUMBERS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("XEN_DOMCTL_getdomaininfo", Domctl.GETDOMAININFO),
              Map.entry("XEN_DOMCTL_set_address_size", Domctl.SET_ADDRESS_SIZE),
              Map.entry("XEN_DOMCTL_set_ext_vcpucontext", Domctl.SET_EXT_VCPUCONTEXT),
              Map.entry("XEN_DOMCTL_get_ext_vcpucontext", Domctl.GET_EXT_VCPUCONTEXT),
              Map.entry("XEN_DOMCTL_getpageframeinfo3", Domctl.GETPAGEFRAMEINFO3),
              Map.entry("XEN_DOMCTL_setvcpuextstate", Domctl.SETVCPUEXTSTATE),
              Map.entry("XEN_DOMCTL_getvcpuextstate", Domctl.GETVCPUEXTSTATE),
              Map.entry("XEN_DOMCTL_get_vcpu_msrs", Domctl.GET_VCPU_MSRS),
              Map.entry("XEN_DOMCTL_set_vcpu_msrs", Domctl.SET_VCPU_MSRS),
              Map.entry("XEN_DOMCTL_get_cpu_policy", Domctl.GET_CPU_POLICY),
              Map.entry("XEN_DOMCTL_set_cpu_policy", Domctl.SET_CPU_POLICY),
              Map.entry("XEN_DOMCTL_SHADOW_OP_OFF", XenHost.SHADOW_OFF),
              Map.entry("XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY", XenHost.SHADOW_ENABLE_LOGDIRTY),
              Map.entry("XEN_DOMCTL_SHADOW_OP_CLEAN", XenHost.SHADOW_CLEAN),
              Map.entry("XEN_DOMCTL_SHADOW_OP_PEEK", XenHost.SHADOW_PEEK),
              Map.entry("XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL", XenHost.LOGDIRTY_FINAL),
              Map.entry("XEN_DOMCTL_PFINFO_LTAB_SHIFT", XenMemory.TYPE_SHIFT),
              Map.entry("XEN_DOMINF_hvm_guest", XenHost.INFO_HVM),
              Map.entry("XEN_DOMINF_shutdown", XenHost.INFO_SHUTDOWN),
              Map.entry("XEN_DOMINF_paused", XenHost.INFO_PAUSED),
              Map.entry("XEN_DOMINF_shutdownshift", XenHost.INFO_REASON_SHIFT),
              Map.entry("XEN_DOMINF_shutdownmask", XenHost.INFO_REASON_MASK),
              Map.entry("DOMID_XEN", XenMemory.DOMID_XEN),
              Map.entry(
                  "XENMEM_machphys_compat_mfn_list", XenMemory.XENMEM_MACHPHYS_COMPAT_MFN_LIST),
              Map.entry("XENMEM_resource_grant_table", XenMemory.XENMEM_RESOURCE_GRANT_TABLE),
              Map.entry("XENMEM_resource_grant_table_id_shared", XenMemory.RESOURCE_SHARED),
              Map.entry("GTF_permit_access", XenMemory.GTF_PERMIT_ACCESS),
              Map.entry("GNTTAB_RESERVED_CONSOLE", XenMemory.GRANT_CONSOLE),
              Map.entry("GNTTAB_RESERVED_XENSTORE", XenMemory.GRANT_STORE),
              Map.entry("MMUEXT_PIN_L1_TABLE", 0),
              Map.entry("MMUEXT_PIN_L4_TABLE", 3)));
}
