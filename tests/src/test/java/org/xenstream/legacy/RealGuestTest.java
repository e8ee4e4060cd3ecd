// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.envelope.LibxcRecords;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.MappedInput;
import org.xenstream.testkit.Corpus;
import org.xenstream.testkit.CorpusImage;
import org.xenstream.testkit.legacy.LegacyRewriter;
import org.xenstream.testkit.legacy.LegacyVariety;
import org.xenstream.transfer.StreamType;

/// Guests that a real Xen ran and saved are written as legacy images and translated again:
/// restored, they are what the image of the real Xen gives.
class RealGuestTest {
  private static final int VCPUS = 16;

  static Stream<Arguments> images() {
    // A PVH guest has no device model and no pages for one: Xen 4.5 knew none that is HVM.
    return Corpus.here().images(Corpus.REAL).stream()
        .filter(image -> !image.path().contains("pvh"))
        .flatMap(image -> Stream.of(Arguments.of(image, 4), Arguments.of(image, 8)));
  }

  @ParameterizedTest
  @MethodSource("images")
  void comesBack(CorpusImage image, int width) throws IOException {
    boolean remus = image.path().contains("remus");
    LegacyVariety plain = LegacyVariety.reference(width);
    LegacyVariety variety = remus ? plain.remus(true) : plain;
    ByteArrayOutputStream legacy = new ByteArrayOutputStream();
    Path modern = image.file();
    List<String> leftOut = LegacyRewriter.rewrite(() -> MappedInput.open(modern), variety, legacy);
    ChannelInput octets =
        new ChannelInput(
            image.path(), Channels.newChannel(new ByteArrayInputStream(legacy.toByteArray())));
    List<String> found;
    try (LegacySource source =
        LegacySource.open(octets, LegacyOptions.DEFAULT, LegacyListener.NONE)) {
      found = Translated.report(source, StreamType.PLAIN, VCPUS);
    }
    List<String> expected;
    try (ImageReader reader = ImageReader.of(MappedInput.open(modern), Limits.DEFAULT)) {
      expected =
          Translated.report(
              LibxcRecords.of(reader), remus ? StreamType.REMUS : StreamType.PLAIN, VCPUS);
    }
    assertEquals(
        String.join("\n", comparable(expected, leftOut)),
        String.join("\n", comparable(found, leftOut)));
  }

  /// What the old format says of a guest, and what is no matter of how often it was said.
  private static List<String> comparable(List<String> lines, List<String> leftOut) {
    return lines.stream()
        .filter(line -> !line.startsWith("cpuid_policy") && !line.startsWith("msr_policy"))
        .filter(line -> !line.startsWith("static_data_done") && !line.startsWith("checkpoint_"))
        .filter(line -> !(line.startsWith("vcpu.msrs") && leftOut.contains("MSRs of vCPUs")))
        .filter(line ->
            leftOut.stream()
                .noneMatch(left ->
                    left.startsWith("HVM parameter ")
                        && line.startsWith("hvmparam " + left.substring(14) + " ")))
        .filter(line -> !line.startsWith("hvmparam 15 "))
        .map(line -> line.replaceAll(" superpages2M=\\d+| set=\\d+", ""))
        .toList();
  }
}
