// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RulePageTest {
  /// To make the page anew: run `RulePage` with the file's name.
  @Test
  void thePageSaysWhatTheRulesSay() throws IOException {
    Path page = Path.of(System.getProperty("xenstream.root", "..")).resolve("docs/format/rules.md");
    assertEquals(RulePage.text(), Files.readString(page));
  }

  @Test
  void everyRuleIsOnThePage() {
    assertEquals(List.of(), RulePage.homeless());
  }

  @Test
  void numbersAscendAndNoneComesTwice() {
    Set<Integer> numbers = new HashSet<>();
    int last = 0;
    for (Rule rule : Rule.values()) {
      assertTrue(numbers.add(rule.number()), () -> rule + " has the number of another rule");
      assertTrue(rule.number() / 100 >= last / 100, rule + " stands among the wrong hundreds");
      last = rule.number();
    }
  }

  @Test
  void anIdIsANumberAndAName() {
    assertEquals("XS0310-static-data-end-missing", Rule.STATIC_DATA_END_MISSING.id());
    assertEquals("XS3007-for-hvm-param", Rule.FOR_HVM_PARAM.id());
  }

  @ParameterizedTest
  @EnumSource(Rule.class)
  void everyRuleExplainsItself(Rule rule) {
    assertTrue(rule.title().matches("(?s)[A-Z].*\\.") && !rule.title().contains("|"), rule.title());
    assertTrue(rule.basis().length() > 10 && !rule.basis().contains("|"), rule.basis());
    assertTrue(rule.remedy().text().endsWith("."), rule.remedy().text());
  }
}
