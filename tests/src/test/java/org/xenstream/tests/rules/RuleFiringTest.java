// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.channels.Channels;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Limits;
import org.xenstream.core.verify.Finding;
import org.xenstream.core.verify.Judge;
import org.xenstream.core.verify.Release;
import org.xenstream.core.verify.Rule;
import org.xenstream.core.verify.Verdict;

class RuleFiringTest {
  /// What they speak of ends the reading: nobody knows better of what was never judged.
  private static final Set<Rule> ENDS =
      EnumSet.of(
          Rule.NOT_AN_IMAGE,
          Rule.TRUNCATED,
          Rule.RECORD_TOO_LONG,
          Rule.DECOMPRESSION_FAILED,
          Rule.RECORD_MISPLACED,
          Rule.IMAGE_MARKER,
          Rule.IMAGE_ID,
          Rule.IMAGE_VERSION,
          Rule.LIBXL_VERSION,
          Rule.LIBXL_RECORD_TOO_LONG,
          Rule.LAYER_MALFORMED,
          Rule.LAYER_TEXT_TOO_LONG,
          Rule.LEGACY_MALFORMED);

  static List<RuleCase> cases() {
    return Stream.of(
            FramingCases.all(),
            GuestCases.all(),
            VcpuCases.all(),
            HvmCases.all(),
            ParamCases.all(),
            LayerCases.all(),
            LegacyCases.all(),
            ReleaseCases.all())
        .flatMap(List::stream)
        .toList();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void speaksOfItsFault(RuleCase one) throws IOException {
    String said =
        judge(one.image(), one.target(), one.limits(), Set.of()).findings().stream()
            .filter(finding -> finding.rule() == one.rule())
            .map(Finding::toString)
            .map(text -> text.replace(start(one.rule()), ""))
            .collect(Collectors.joining("\n"));
    assertEquals(one.said(), said);
  }

  /// The fault of a case is found by its rule, and an operator can silence that rule alone, but for
  /// one that ended the reading.
  @ParameterizedTest
  @MethodSource("cases")
  void isSilentWhenIgnored(RuleCase one) throws IOException {
    Verdict heard = judge(one.image(), one.target(), one.limits(), Set.of());
    Verdict silenced = judge(one.image(), one.target(), one.limits(), Set.of(one.rule()));
    boolean ends = ENDS.contains(one.rule());
    assertEquals(
        heard.findings().stream().filter(finding -> ends || finding.rule() != one.rule()).toList(),
        silenced.findings());
    assertEquals(ends ? heard.counts().get(one.rule()) : null, silenced.counts().get(one.rule()));
  }

  @Test
  void everyRuleHasACase() {
    Set<Rule> silent = EnumSet.allOf(Rule.class);
    cases().forEach(one -> silent.remove(one.rule()));
    assertEquals(Set.of(), silent);
  }

  static Stream<Recipe> good() {
    return Stream.of(
        Recipe.hvm(),
        Recipe.pv64(),
        Recipe.pv32(),
        Recipe.hvm().version2(),
        Recipe.pv64().version2(),
        Recipe.pv32().version2());
  }

  /// Without this the cases could speak of what every recipe has.
  @ParameterizedTest
  @MethodSource("good")
  void saysNothingOfAGoodStream(Recipe recipe) throws IOException {
    assertEquals(List.of(), judge(recipe.octets(), null, Limits.DEFAULT, Set.of()).findings());
  }

  private static String start(Rule rule) {
    return rule.severity().word() + " " + rule.id() + " ";
  }

  private static Verdict judge(
      byte[] image, @Nullable Release target, Limits limits, Set<Rule> ignored) throws IOException {
    ChannelInput input =
        new ChannelInput("img", Channels.newChannel(new java.io.ByteArrayInputStream(image)));
    try (ImageReader reader = ImageReader.of(input, limits)) {
      return Judge.judge(reader, new Judge.Options(target, ignored, 100));
    }
  }
}
