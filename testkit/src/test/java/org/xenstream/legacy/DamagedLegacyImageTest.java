// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.MappedInput;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.testkit.ChunkedChannel;
import org.xenstream.testkit.PoisonedInput;
import org.xenstream.testkit.StreamBuilder;
import org.xenstream.testkit.legacy.LegacySamples;
import org.xenstream.testkit.legacy.LegacySamples.Sample;
import org.xenstream.testkit.legacy.LegacyTrace;

/// Small legacy images of each kind, cut at every octet and with every bit turned: nothing but a
/// located [StreamFormatException] may come of it, however the octets come.
class DamagedLegacyImageTest {
  /// A file is read again for a page that came before compression began; a pipe only knows it if it
  /// was kept.
  private static final LegacyOptions LAST = LegacyOptions.builder().keepPages(true).build();

  private static final LegacyOptions KEEP = LAST.toBuilder().checkpoints(Checkpoints.KEEP).build();
  private static final LegacyOptions TAKEN =
      LAST.toBuilder().pages(PagesShown.LEFT_IN_INPUT).build();

  @TempDir private Path folder;

  static List<Sample> samples() {
    return LegacySamples.all();
  }

  private static OctetInput channel(byte[] octets) {
    return new ChannelInput("a.img", Channels.newChannel(new ByteArrayInputStream(octets)));
  }

  private static LegacyTrace trace(byte[] octets) {
    return LegacyTrace.of(channel(octets), LAST);
  }

  @ParameterizedTest
  @MethodSource("samples")
  void isWholeHoweverItComes(Sample sample) throws IOException {
    for (LegacyOptions options : List.of(LAST, KEEP, TAKEN)) {
      LegacyTrace trace = LegacyTrace.of(channel(sample.image()), options);
      assertNull(trace.fault(), () -> trace.toString());
      sameInEveryInput(sample.image(), options, trace);
      assertEquals(
          trace,
          LegacyTrace.of(
              new ChannelInput("a.img", ChunkedChannel.oneByOne(sample.image())), options));
    }
    assertEquals(
        trace(sample.image()), LegacyTrace.of(channel(sample.image()), TAKEN), "pages taken");
  }

  private void sameInEveryInput(byte[] octets, LegacyOptions options, LegacyTrace trace)
      throws IOException {
    String expected = trace.toString();
    Path file = Files.write(folder.resolve("image"), octets);
    OctetInput mapped = MappedInput.of("a.img", FileChannel.open(file, StandardOpenOption.READ));
    assertEquals(expected, LegacyTrace.of(mapped, options).toString(), "mapped");
    OctetInput chunks = new ChannelInput("a.img", ChunkedChannel.of(octets, 900, 3));
    assertEquals(expected, LegacyTrace.of(chunks, options).toString(), "in chunks");
    assertEquals(
        expected,
        LegacyTrace.of(new PoisonedInput(channel(octets)), options).toString(),
        "poisoned");
  }

  /// It is whole at the lengths that its grammar knows, and at any other cut just there. Of the
  /// lengths amid runs of one octet some are tried.
  @ParameterizedTest
  @MethodSource("samples")
  void cutAnywhereItIsCutThere(Sample sample) {
    BitSet whole = new BitSet();
    BitSet expected = (BitSet) sample.endings().clone();
    for (int at = 0; at <= sample.image().length; at++) {
      boolean amid =
          at > 16
              && at + 16 < sample.image().length
              && isOneOctet(sample.image(), at - 16, at + 16);
      if (amid && at % 61 != 0) {
        expected.clear(at);
        continue;
      }
      LegacyTrace trace = trace(Arrays.copyOf(sample.image(), at));
      StreamFormatException fault = trace.fault();
      if (fault == null) {
        whole.set(at);
      } else if (fault.fault() == Fault.NOT_AN_IMAGE) {
        String message = at + ": " + fault.getMessage();
        assertTrue(at < 40 && fault.location().offset() == 0, message);
      } else {
        assertEquals(Fault.TRUNCATED, fault.fault(), fault.getMessage());
        assertEquals(at, fault.location().offset(), fault.getMessage());
      }
    }
    assertEquals(expected, whole);
  }

  /// Every bit outside pages and blobs, and a seeded sample within them.
  @ParameterizedTest
  @MethodSource("samples")
  void anyBitTurnedGivesAnErrorOrAnotherImage(Sample sample) throws IOException {
    byte[] image = sample.image();
    Random chance = new Random(7);
    int refused = 0;
    for (int at = 0; at < image.length; at++) {
      boolean inside = at + 32 < image.length && isOneOctet(image, at, at + 32);
      if (inside && chance.nextInt(64) != 0) {
        continue;
      }
      for (int bit = 0; bit < 8; bit++) {
        byte[] odd = image.clone();
        odd[at] ^= (byte) (1 << bit);
        LegacyOptions options = chance.nextBoolean() ? LAST : KEEP;
        LegacyTrace trace = LegacyTrace.of(channel(odd), options);
        refused += trace.fault() == null ? 0 : 1;
        if (chance.nextInt(40) == 0) {
          sameInEveryInput(odd, options, trace);
        }
      }
    }
    assertTrue(refused > 100, sample + ": only " + refused + " refused");
  }

  private static boolean isOneOctet(byte[] image, int from, int to) {
    return Arrays.equals(
        image, from, to, StreamBuilder.filled(to - from, image[from]), 0, to - from);
  }

  /// Any octets behind a good beginning.
  @ParameterizedTest
  @MethodSource("samples")
  void anyOctetsGiveAnError(Sample sample) {
    Random chance = new Random(sample.name().hashCode());
    int refused = 0;
    for (int round = 0; round < 300; round++) {
      byte[] odd = sample.image().clone();
      int from;
      do {
        from = chance.nextInt(odd.length - 400);
      } while (isOneOctet(odd, from, from + 32));
      for (int at = from; at < from + 1 + chance.nextInt(300); at++) {
        odd[at] = (byte) (chance.nextBoolean() ? chance.nextInt() : chance.nextInt(3) - 1);
      }
      StreamFormatException fault = trace(odd).fault();
      if (fault != null) {
        refused++;
        assertNotNull(fault.getMessage());
      }
    }
    assertTrue(refused > 20, sample + ": only " + refused + " refused");
  }
}
