// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Requires;
import java.lang.module.ModuleFinder;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The table of modules in `docs/ARCHITECTURE.md` against the modules.
class ArchitectureDocTest {
  private static final String OURS = "org.xenstream.";
  private static final Pattern QUOTED = Pattern.compile("`([^`]+)`");
  private static final int REQUIRES = 1;
  private static final int EXPORTS = 3;

  @ParameterizedTest
  @ValueSource(
      classes = {
        org.xenstream.core.verify.Judge.class,
        org.xenstream.x86.Blobs.class,
        org.xenstream.legacy.LegacySource.class,
        org.xenstream.insight.Survey.class,
        org.xenstream.codecs.ZstdDecompressor.class,
        org.xenstream.os.SparseMemory.class,
        org.xenstream.transfer.Hypervisor.class,
        org.xenstream.cli.Main.class
      })
  void theTableSaysWhatTheModuleSays(Class<?> any) throws IOException, URISyntaxException {
    check(any);
  }

  /// It exports nothing, so that no class of it can be named here.
  @Test
  void theTableSaysWhatTheModuleXenSays()
      throws IOException, URISyntaxException, ClassNotFoundException {
    check(Class.forName("org.xenstream.xen.SaveHelperMain"));
  }

  private static void check(Class<?> any) throws IOException, URISyntaxException {
    Path place = Path.of(any.getProtectionDomain().getCodeSource().getLocation().toURI());
    ModuleDescriptor module =
        ModuleFinder.of(place).findAll().stream().findAny().orElseThrow().descriptor();
    String name = withoutPrefix(module.name());
    List<String> row =
        DocsText.rows(DocsText.ROOT.resolve("docs/ARCHITECTURE.md"))
            .filter(cells -> cells.getFirst().equals("`" + name + "`"))
            .findFirst()
            .orElseThrow(() -> new AssertionError("no row for " + name));
    assertEquals(
        module.requires().stream()
            .filter(required -> !required.modifiers().contains(Requires.Modifier.STATIC))
            .map(Requires::name)
            .filter(required -> !required.equals("java.base"))
            .map(ArchitectureDocTest::withoutPrefix)
            .collect(Collectors.toCollection(TreeSet::new)),
        quoted(row.get(REQUIRES)));
    assertEquals(
        module.exports().stream()
            .map(exported -> withoutPrefix(exported.source()))
            .collect(Collectors.toCollection(TreeSet::new)),
        quoted(row.get(EXPORTS)));
  }

  private static String withoutPrefix(String name) {
    return name.startsWith(OURS) ? name.substring(OURS.length()) : name;
  }

  private static Set<String> quoted(String cell) {
    return QUOTED
        .matcher(cell)
        .results()
        .map(found -> found.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
