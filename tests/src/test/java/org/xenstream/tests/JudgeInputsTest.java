// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.MappedInput;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.verify.Finding;
import org.xenstream.core.verify.Judge;
import org.xenstream.core.verify.Rule;
import org.xenstream.core.verify.Verdict;
import org.xenstream.testkit.Corpus;
import org.xenstream.testkit.CorpusImage;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.PoisonedInput;
import org.xenstream.testkit.Samples;

/// The verdict on an image is the same through every input, and no octets make the rules fail.
class JudgeInputsTest {
  private static String verdict(OctetInput input) throws IOException {
    return verdict(input, PagesShown.IN_VIEW);
  }

  private static String verdict(OctetInput input, PagesShown pages) throws IOException {
    try (ImageReader image = ImageReader.of(input, Limits.DEFAULT, pages)) {
      Verdict verdict = Judge.judge(image, Judge.Options.DEFAULT);
      return verdict.findings().stream().map(Finding::toString).collect(Collectors.joining("\n"));
    }
  }

  private static FileChannel open(CorpusImage image) throws IOException {
    return FileChannel.open(image.file(), StandardOpenOption.READ);
  }

  /// No rule keeps a view beyond the item that it was shown.
  @TestFactory
  Stream<DynamicTest> isTheSameThroughEveryInput() {
    return Corpus.here().images(Corpus.FRAMED, Corpus.MODERN, Corpus.MUTATED).stream()
        .map(image ->
            dynamicTest(
                image.path(),
                () -> {
                  String mapped = verdict(MappedInput.of("image", open(image)));
                  assertEquals(
                      mapped, verdict(new PoisonedInput(MappedInput.of("image", open(image)))));
                  assertEquals(
                      mapped,
                      verdict(
                          new PoisonedInput(MappedInput.of("image", open(image))),
                          PagesShown.TABLES_IN_VIEW));
                  assertEquals(
                      withoutCount(mapped),
                      withoutCount(verdict(new ChannelInput("image", open(image)))));
                  assertEquals(
                      withoutCount(mapped),
                      withoutCount(
                          verdict(
                              new ChannelInput("image", open(image)), PagesShown.TABLES_IN_VIEW)));
                }));
  }

  /// Only a file knows how much trails.
  private static String withoutCount(String verdict) {
    return verdict.replaceAll("\\d+ octets behind", "octets behind");
  }

  static Stream<byte[]> samples() {
    return Stream.of(
        Samples.pv64(3, LITTLE_ENDIAN),
        Samples.pv64(2, BIG_ENDIAN),
        Samples.hvm(3, LITTLE_ENDIAN, true),
        Samples.remus(),
        Samples.everyRecord(3, LITTLE_ENDIAN),
        Layers.xl(Layers.libxl(LITTLE_ENDIAN, Samples.hvm())),
        Layers.xenServer(Samples.hvm()));
  }

  /// Octets by chance in good images, several at once, half of them near the beginning.
  @ParameterizedTest
  @MethodSource("samples")
  void noOctetsMakeARuleFail(byte[] image) throws IOException {
    Random chance = new Random(image.length);
    int odd = 0;
    String good = verdict(memory(image));
    for (int round = 0; round < 1500; round++) {
      byte[] octets = image.clone();
      for (int left = 1 + chance.nextInt(4); left > 0; left--) {
        int at = chance.nextInt(chance.nextBoolean() ? 240 : octets.length);
        octets[at] = (byte) (chance.nextBoolean() ? chance.nextInt() : 1 << chance.nextInt(8));
      }
      String verdict = verdict(memory(octets));
      String passing = verdict(memory(octets), PagesShown.TABLES_IN_VIEW);
      if (verdict.contains(Rule.TRUNCATED.id())) {
        // Of a batch that ends amid its pages, what stands before them is judged as well.
        assertTrue(passing.lines().toList().containsAll(verdict.lines().toList()), passing);
      } else {
        assertEquals(verdict, passing);
      }
      odd += verdict.equals(good) ? 0 : 1;
    }
    assertTrue(odd > 50, "the rules noticed " + odd + " of 1500");
  }

  private static OctetInput memory(byte[] octets) {
    return new ChannelInput("image", Channels.newChannel(new ByteArrayInputStream(octets)));
  }
}
