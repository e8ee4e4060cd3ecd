// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.xenstream.testkit.Samples;

class SignatureTest {
  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"BACK_CHANNEL", "OTHER", "EMPTY"})
  void isKnownByAllOfItsOctetsAndNoFewer(Signature signature) {
    byte[] text = signature.text().getBytes(StandardCharsets.ISO_8859_1);
    assertEquals(signature, Signature.of(MemorySegment.ofArray(text)));
    assertEquals(signature, Signature.of(MemorySegment.ofArray(Arrays.copyOf(text, 99))));
    assertEquals(
        Signature.OTHER, Signature.of(MemorySegment.ofArray(Arrays.copyOf(text, text.length - 1))));
  }

  @ParameterizedTest
  @CsvSource({
    "'', EMPTY",
    "00, OTHER",
    "0f00000010000000, BACK_CHANNEL",
    "0f00000011000000, OTHER"
  })
  void isKnownByLess(String hex, Signature signature) {
    assertEquals(
        signature, Signature.of(MemorySegment.ofArray(java.util.HexFormat.of().parseHex(hex))));
  }

  /// A stream whose marker is damaged is still meant as one.
  @ParameterizedTest
  @CsvSource({"0", "7"})
  void isKnownByTheIdWhereTheMarkerIsDamaged(int at) {
    byte[] stream = Samples.hvm();
    stream[at] = 0;
    assertEquals(Signature.LIBXC, Signature.of(MemorySegment.ofArray(stream)));
  }
}
