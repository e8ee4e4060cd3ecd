// SPDX-License-Identifier: Apache-2.0
package org.xenstream.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.util.Set;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.verify.Finding;
import org.xenstream.core.verify.Judge;
import org.xenstream.core.verify.Release;
import org.xenstream.core.verify.Verdict;

/// Every image has a verdict, whatever it holds, for any release and for one, and the same verdict
/// however its octets come.
final class JudgingFuzzTest {
  private static final int MOST_OF_EACH = 8;

  @MethodSource("org.xenstream.fuzz.Seeds#images")
  @FuzzTest
  void anyRelease(byte[] data) throws IOException {
    Octets octets = Octets.of(data);
    Judge.Options options = new Judge.Options(null, Set.of(), MOST_OF_EACH);
    Verdict verdict = verdict(octets.input(), options);
    assertEquals(verdict.counts(), verdict(octets.whole(), options).counts());
  }

  @MethodSource("org.xenstream.fuzz.Seeds#images")
  @FuzzTest
  void oneRelease(byte[] data) throws IOException {
    Octets octets = Octets.of(data);
    Release[] releases = Release.values();
    Release release = releases[octets.choice() % releases.length];
    verdict(octets.input(), new Judge.Options(release, Set.of(), MOST_OF_EACH));
  }

  private static Verdict verdict(OctetInput input, Judge.Options options) throws IOException {
    try (ImageReader image = ImageReader.of(input, Limits.DEFAULT)) {
      Verdict verdict = Judge.judge(image, options);
      for (Finding finding : verdict.findings()) {
        assertTrue(finding.message().length() < 4096, finding.rule().id());
      }
      return verdict;
    }
  }
}
