// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.testkit.Corpus;
import org.xenstream.testkit.CorpusImage;
import org.xenstream.transfer.StreamType;

/// A verdict on every legacy image with a fault or an oddity: translated and restored, or refused,
/// held against that of the legacy restore. Where they part, `docs/DIFFERENCES.md` says why.
class LegacyMutatedTest {
  private static final int VCPUS = 128;

  /// The place and the two sides of every message: `x.img @0x12 (…): expected …, found …`.
  private static final Pattern LOCATED =
      Pattern.compile("@0x[0-9a-f]+ \\(.+\\): expected .+, found ");

  @Test
  void verdictsAreThoseOfTheLegacyRestore() throws IOException {
    Differences differences = new Differences();
    int images = 0;
    for (CorpusImage image : Corpus.here().images(Corpus.LEGACY_MUTATED)) {
      images++;
      String reference =
          Boolean.TRUE.equals(image.at("legacy_c_restore", "accepts")) ? "accepts" : "refuses";
      if (!(image.at("legacy_c_restore", "memory") instanceof String)) {
        reference = "was not asked";
      }
      String ours = verdict(image, reference);
      if (!reference.equals(ours)) {
        differences.add(name(image), image.text("description"), reference, ours);
      }
    }
    differences.assertWritten("## Verdicts on legacy images with faults");
    Differences.assertSaid(
        "Of the images with faults (folder `legacy-mutated`: %d images) %d verdicts differ"
            .formatted(images, differences.count()));
  }

  private static String verdict(CorpusImage image, String reference) throws IOException {
    Translated translated;
    try {
      translated = Translated.of(image, claims(image).build());
    } catch (StreamFormatException refused) {
      assertTrue(
          LOCATED.matcher(refused.getMessage()).find(), () -> image + ": " + refused.getMessage());
      return "refuses";
    }
    List<String> lines;
    try {
      lines = translated.report(StreamType.PLAIN, VCPUS);
    } catch (IOException refused) {
      return "refuses in the restore";
    }
    if (reference.equals("accepts")) {
      String memory = String.valueOf(image.at("legacy_c_restore", "memory"));
      String ours =
          lines.stream().filter(line -> line.startsWith("memory ")).findFirst().orElseThrow();
      if (!memory.equals(ours)) {
        return "accepts, " + ours;
      }
    }
    return "accepts";
  }

  /// What the converter was told of an image, right or wrong.
  private static LegacyOptions.Builder claims(CorpusImage image) {
    List<?> conversions = (List<?>) Objects.requireNonNull(image.at("python_conversions"));
    String arguments = String.valueOf(((Map<?, ?>) conversions.getFirst()).get("arguments"));
    return LegacyOptions.builder()
        .toolstackWidth(arguments.contains("-w 32") ? WordWidth.BITS_32 : WordWidth.BITS_64)
        .guestKind(arguments.contains("-g hvm") ? GuestKind.HVM : GuestKind.PV);
  }

  /// A wrong claim is overruled with a note that says so, and an error where that is wanted.
  @Test
  void wrongClaimsAreOverruled() throws IOException {
    int wrong = 0;
    for (CorpusImage image : Corpus.here().images(Corpus.LEGACY_MUTATED)) {
      if (image.path().contains("wrong")) {
        wrong++;
        Translated translated = Translated.of(image, claims(image).build());
        assertNotNull(translated.note(LegacyNote.Kind.CLAIM_OVERRULED), image::path);
        LegacyOptions strict = claims(image).strict(true).build();
        StreamFormatException refused =
            assertThrows(StreamFormatException.class, () -> Translated.of(image, strict));
        assertTrue(LOCATED.matcher(refused.getMessage()).find(), refused.getMessage());
      }
    }
    assertEquals(5, wrong);
  }

  private static String name(CorpusImage image) {
    return image.path().replaceFirst("^legacy-mutated/", "").replaceFirst("\\.legacy\\.zst$", "");
  }

  /// The judge has nothing against what comes out of images that are odd and yet good.
  @Test
  void whatIsTranslatedIsSound() throws IOException {
    StringBuilder unsound = new StringBuilder();
    for (CorpusImage image : Corpus.here().images(Corpus.LEGACY_MUTATED)) {
      Translated translated;
      try {
        translated = Translated.of(image, LegacyOptions.DEFAULT);
      } catch (StreamFormatException refused) {
        continue;
      }
      if (!translated.verdict().isSound()) {
        unsound
            .append(name(image))
            .append(": ")
            .append(translated.verdict().findings())
            .append('\n');
      }
    }
    assertEquals("", unsound.toString());
  }
}
