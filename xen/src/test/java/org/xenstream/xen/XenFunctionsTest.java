// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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

  /// The prototypes that stand in a comment above each function.
  private static Set<String> written(Class<?> library) throws IOException {
    Path source =
        Path.of(System.getProperty("xenstream.root", ".."))
            .resolve(
                "xen/src/main/java/org/xenstream/xen/%s.java".formatted(library.getSimpleName()));
    Set<String> prototypes = new TreeSet<>();
    Matcher comments =
        Pattern.compile("((?:  // .*\n)+)  private static final MemorySegment ")
            .matcher(Files.readString(source));
    while (comments.find()) {
      prototypes.add(XenHeaders.prototype(comments.group(1).replace("//", " ")));
    }
    return prototypes;
  }

  /// How a prototype is called from here: a whole number of 16 bits is a `short`, one of 32 an
  /// `int`, a wider one or a pointer a `long`, and `errno` comes first.
  private static String signature(String prototype) {
    Matcher parts = Pattern.compile("(.*?)(\\w+)\\((.*)\\)").matcher(prototype);
    assertTrue(parts.matches(), prototype);
    String name =
        parts.group(2).replaceFirst("^(xc_interface_|xc__hypercall_|xc_|xenforeignmemory_)", "");
    String camel =
        Pattern.compile("_(\\w)")
            .matcher(name)
            .replaceAll(m -> m.group(1).toUpperCase(Locale.ROOT));
    return word(parts.group(1))
        + " "
        + camel
        + Stream.of(parts.group(3).split(", ")).map(XenFunctionsTest::word).toList();
  }

  private static String word(String type) {
    String plain = type.strip();
    if (plain.endsWith("*")) {
      return "long";
    }
    return switch (plain) {
      case "void" -> "void";
      case "int", "unsigned", "unsigned int", "uint32_t" -> "int";
      case "domid_t" -> "short"; // u16
      case "long", "unsigned long", "long long", "uint64_t", "size_t" -> "long";
      default -> throw new AssertionError(plain);
    };
  }

  private static Set<String> methods(Class<?> library) {
    Set<String> methods = new TreeSet<>();
    for (Method method : library.getDeclaredMethods()) {
      if (method.isSynthetic() || method.getParameterCount() == 0) {
        continue;
      }
      List<String> types = Stream.of(method.getParameterTypes()).map(Class::getSimpleName).toList();
      assertEquals("MemorySegment", types.getFirst(), method.getName());
      methods.add(method.getReturnType() + " " + method.getName() + types.subList(1, types.size()));
    }
    return methods;
  }

  /// The prototypes in the headers of each release are those that stand above the functions here,
  /// and the functions are called accordingly.
  @ParameterizedTest
  @EnumSource(XenRelease.class)
  void eachReleaseDeclaresThem(XenRelease release) throws Exception {
    for (Class<?> library : List.of(Libxenctrl.class, Libxenforeignmemory.class)) {
      String prefix = library == Libxenctrl.class ? "xc_" : "xenforeignmemory_";
      Set<String> declared = new TreeSet<>();
      for (String fact : XenHeaders.kept(release)) {
        if (fact.contains("(")
            && fact.substring(0, fact.indexOf('(')).matches(".*[ *]" + prefix + "\\w+")) {
          declared.add(fact);
        }
      }
      assertEquals(declared, written(library));
      assertEquals(
          declared.stream()
              .map(XenFunctionsTest::signature)
              .collect(Collectors.toCollection(TreeSet::new)),
          methods(library));
    }
  }

  /// What libxenguest, a library of its own, has is not called.
  @ParameterizedTest
  @EnumSource(XenRelease.class)
  void noneIsOfLibxenguest(XenRelease release, @TempDir Path folder) throws Exception {
    String source = System.getProperty("xenstream.xen.source", "");
    assumeTrue(
        !source.isEmpty(), "no headers of Xen: -Dxenstream.xen.source names a git directory");
    String guest = XenHeaders.header(release, source, folder, "tools/include/xenguest.h");
    for (String function : CONTROL) {
      assertFalse(Pattern.compile("\\b" + function + "\\(").matcher(guest).find(), function);
    }
    assertTrue(guest.contains("xc_domain_save("));
  }
}
