// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Makes `docs/format/rules.md` of the rules.
final class RulePage {
  /// A part of the page: the rules whose number divided by 100 is this.
  private record Group(String title, int hundred) {
    boolean holds(Rule rule) {
      return rule.number() / 100 == hundred;
    }
  }

  private static final List<Group> GROUPS =
      List.of(
          new Group("00xx: the source, and the framing of records", 0),
          new Group("01xx: the image header", 1),
          new Group("02xx: the domain header", 2),
          new Group("03xx: which records, in which order", 3),
          new Group("04xx: PAGE_DATA", 4),
          new Group("05xx: records of a PV guest", 5),
          new Group("06xx: vCPU records of a PV guest", 6),
          new Group("07xx: HVM_CONTEXT", 7),
          new Group("08xx: HVM_PARAMS", 8),
          new Group("09xx: TSC and CPU policies", 9),
          new Group("10xx: checkpoints and the verify pass", 10),
          new Group("20xx: the libxl stream", 20),
          new Group("21xx: xl and other outer layers", 21),
          new Group("30xx: what one release does not take", 30),
          new Group("40xx: behind the end", 40),
          new Group("50xx: legacy images", 50));

  private RulePage() {}

  /// The page.
  static String text() {
    StringBuilder page =
        new StringBuilder(
            """
            ---
            title: The rules
            ---

            What the judge says of an image: %d rules, each with a stable id. This page is made from `Rule.java`; a test compares
            them.

            An **error** means that no conforming reader may accept the image, or that the reference restore refuses it. A
            **warning** means that it restores, but that a saver must not write it so, or that the guest loses something. A
            **note** is worth knowing; nothing is wrong.

            Each rule names what it rests on. "Spec" is Xen's `docs/specs/libxc-migration-stream.pandoc`, "libxl spec" its
            `docs/specs/libxl-migration-stream.pandoc`, each with the section. Files called `xg_sr_*.c` are in Xen's
            `tools/libs/guest`, `libxl_*.c` in `tools/libs/light`; the Python verifier is `tools/python/xen/migration`. What
            each release takes stands in [releases.md](releases.md), where the rules differ from the references in
            [DIFFERENCES.md](../DIFFERENCES.md).

            # What an operator can do

            | in the tables | advice |
            |:--------------|:-------|
            """
                .formatted(Rule.values().length));
    for (Remedy remedy : Remedy.values()) {
      page.append("| ").append(word(remedy)).append(" | ").append(remedy.text()).append(" |\n");
    }
    for (Group group : GROUPS) {
      page.append("\n# ").append(group.title()).append("\n\n");
      page.append("| rule | weight | what is the matter | rests on | what to do |\n");
      page.append("|:-----|:-------|:-------------------|:---------|:-----------|\n");
      for (Rule rule : Rule.values()) {
        if (group.holds(rule)) {
          page.append(row(rule)).append('\n');
        }
      }
    }
    return page.toString();
  }

  /// The rules that no part of the page holds.
  static List<Rule> homeless() {
    List<Rule> rules = new ArrayList<>(List.of(Rule.values()));
    rules.removeIf(rule -> GROUPS.stream().anyMatch(group -> group.holds(rule)));
    return rules;
  }

  private static String row(Rule rule) {
    return "| %s | %s | %s | %s | %s |"
        .formatted(
            rule.id(), rule.severity().word(), rule.title(), rule.basis(), word(rule.remedy()));
  }

  private static String word(Remedy remedy) {
    return remedy.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ');
  }

  /// Writes the page.
  ///
  /// @param args the file
  public static void main(String[] args) throws IOException {
    Files.writeString(Path.of(args[0]), text());
  }
}
